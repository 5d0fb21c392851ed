package dev.nicol.server.audit;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Publishes the policy set in force as {@code policy.rules}; the chain keeps every set that ever was. */
public final class PolicyRecords {
    /** The kind of event that a load leaves in {@code audit.events}. */
    public static final String POLICY_LOAD = "policy_load";

    private final StoreAuditTrail trail;

    public PolicyRecords(StoreAuditTrail trail) {
        this.trail = trail;
    }

    /**
     * One rule as it was loaded.
     *
     * @param kind such as {@code grant}, {@code row_filter}, {@code column_mask}, {@code guardrail}
     * @param definition the rule's text in the policy file
     */
    public record PublishedRule(String name, String kind, String definition) {}

    /**
     * Replaces what {@code policy.rules} shows of this server and records the load, in one transaction.
     *
     * @param policyVersion as intents name it
     * @param loadedBy who asked for it; the server's own name at start
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE}: the old set is still shown and must stay in force
     */
    public void publish(String policyVersion, List<PublishedRule> rules, String loadedBy) {
        List<PublishedRule> published = List.copyOf(rules);
        trail.record(transaction -> {
            Handle handle = transaction.handle();
            handle.execute("DELETE FROM policy.rules WHERE server = ?", transaction.server());
            if (!published.isEmpty()) {
                PreparedBatch batch = handle.prepareBatch(
                        "INSERT INTO policy.rules (name, kind, definition, policy_version, server) VALUES (?, ?, ?, ?, ?)");
                for (PublishedRule rule : published) {
                    batch.add(
                            rule.name(),
                            rule.kind(),
                            StoredText.writable(rule.definition()),
                            policyVersion,
                            transaction.server());
                }
                batch.execute();
            }
            transaction.event(
                    POLICY_LOAD,
                    loadedBy,
                    "policy version " + policyVersion + ", " + published.size() + " rules",
                    "rules",
                    definitions(published));
            return null;
        });
    }

    private static ArrayNode definitions(List<PublishedRule> rules) {
        ArrayNode array = TrailEvent.object().arrayNode();
        for (PublishedRule rule : rules) {
            ObjectNode node = array.addObject();
            TrailEvent.put(node, "name", rule.name());
            TrailEvent.put(node, "kind", rule.kind());
            TrailEvent.put(node, "definition", rule.definition());
        }
        return array;
    }
}
