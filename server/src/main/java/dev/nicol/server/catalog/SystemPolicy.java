package dev.nicol.server.catalog;

import dev.nicol.policy.Action;
import dev.nicol.policy.Audience;
import dev.nicol.policy.Grant;
import dev.nicol.policy.NamePattern;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.SubjectSelector;
import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Hold;
import dev.nicol.policy.mask.MaskRule;
import dev.nicol.policy.mask.Nullify;
import dev.nicol.server.audit.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The policy on {@code nicol.*}, added to every set: everyone reads their own rows, auditors all. These are ordinary
 * rules over ordinary tables, enforced like any other.
 */
public final class SystemPolicy implements Supplier<PolicySet> {
    /** Who sees all of the trail. */
    static final String AUDITOR_ROLE = "auditor";

    /** The name of the rule on {@code nicol.lineage.edges}. */
    static final String EDGES_FILTER = "nicol-edges";

    /** Auditors have no filter: their questions reach the store's indexes. */
    private static final Audience ALL_BUT_AUDITORS = new Audience(
            SubjectSelector.EMPTY,
            new SubjectSelector(Set.of(), Set.of(), Set.of(AUDITOR_ROLE), Set.of(), Set.of(), Map.of()));

    private static final String OWN = "user_name = CURRENT_USER";
    private static final String OF_OWN_STATEMENTS =
            "statement_id IN (SELECT own.statement_id FROM nicol.audit.statements AS own"
                    + " WHERE own.user_name = CURRENT_USER)";

    /** What a policy itself read (its look-up tables, columns it denies) is no business of whom it governs. */
    private static final String OWN_ACCESS = "access <> 'policy' AND " + OF_OWN_STATEMENTS;

    private static final String OWN_EDGES = "kind <> 'POLICY_FILTER' AND " + OF_OWN_STATEMENTS
            + " AND NOT EXISTS (SELECT 1 FROM nicol.audit.column_access AS a WHERE a.access = 'policy'"
            + " AND a.statement_id = edges.statement_id AND a.catalog_name = edges.source_catalog"
            + " AND a.schema_name = edges.source_schema AND a.table_name = edges.source_table"
            + " AND a.column_name = edges.source_column)";
    private static final String OWN_COLUMN_USAGE = "access <> 'policy' AND " + OWN;
    private static final String OWN_LINEAGE_USAGE = "kind <> 'POLICY_FILTER' AND " + OWN
            + " AND NOT EXISTS (SELECT 1 FROM nicol.audit.column_usage AS a WHERE a.access = 'policy'"
            + " AND a.usage_id = usage.usage_id AND a.catalog_name = usage.source_catalog"
            + " AND a.schema_name = usage.source_schema AND a.table_name = usage.source_table"
            + " AND a.column_name = usage.source_column)";
    private static final String OWN_CONSUMPTION = OWN
            + " AND (source_catalog, source_schema, source_table, source_column) IN"
            + " (SELECT a.catalog_name, a.schema_name, a.table_name, a.column_name FROM nicol.audit.column_usage AS a"
            + " WHERE a.user_name = CURRENT_USER AND a.access <> 'policy')";

    private final Supplier<PolicySet> written;
    private volatile Combined combined;

    private record Combined(PolicySet written, PolicySet all) {}

    /** @param written the set of the policy files */
    public SystemPolicy(Supplier<PolicySet> written) {
        this.written = written;
        PolicySet set = written.get();
        this.combined = new Combined(set, combine(set));
    }

    @Override
    public PolicySet get() {
        PolicySet set = written.get();
        Combined known = combined;
        if (known.written() != set) {
            known = new Combined(set, combine(set));
            combined = known;
        }
        return known.all();
    }

    private static PolicySet combine(PolicySet written) {
        List<Grant> grants = new ArrayList<>(written.grants());
        grants.add(new Grant(
                "nicol-read-system",
                Store.EXPOSED_SCHEMAS.stream()
                        .map(schema -> new NamePattern("nicol." + schema + ".*"))
                        .toList(),
                Set.of(Action.SELECT),
                Set.of("*"),
                Set.of(),
                Set.of(),
                null,
                List.of(),
                Audience.EVERYONE));
        List<RowFilter> filters = new ArrayList<>(written.rowFilters());
        filters.add(filter("statements", "nicol.audit.statements", OWN));
        filters.add(filter("events", "nicol.audit.events", OWN));
        filters.add(filter("sinks", "nicol.audit.sinks", "IN_ROLE('operator')"));
        filters.add(filter("source-queries", "nicol.audit.source_queries", OF_OWN_STATEMENTS));
        filters.add(filter("column-access", "nicol.audit.column_access", OWN_ACCESS));
        filters.add(filter("usage", "nicol.audit.usage", OWN));
        filters.add(filter("column-usage", "nicol.audit.column_usage", OWN_COLUMN_USAGE));
        filters.add(filter("lineage-usage", "nicol.lineage.usage", OWN_LINEAGE_USAGE));
        filters.add(filter("rows-touched", "nicol.audit.rows_touched", OF_OWN_STATEMENTS));
        filters.add(filter("lineage-statements", "nicol.lineage.statements", OF_OWN_STATEMENTS));
        filters.add(filter("edges", "nicol.lineage.edges", OWN_EDGES));
        filters.add(filter("consumers", "nicol.lineage.consumers", OWN_CONSUMPTION));
        filters.add(filter("requests", "nicol.approval.requests", requests(written.guardrails())));
        filters.add(filter("request-rules", "nicol.approval.rules", ofRequests(written.guardrails())));
        filters.add(filter("request-votes", "nicol.approval.votes", ofRequests(written.guardrails())));
        filters.add(filter("tokens", "nicol.policy.tokens", "IN_ROLE('operator') OR " + OWN));
        filters.add(filter("materialized-views", "nicol.policy.materialized_views", "IN_ROLE('steward')"));
        filters.add(filter("view-versions", "nicol.policy.view_versions", "IN_ROLE('steward')"));
        filters.add(filter("classifications", "nicol.policy.classifications", "IN_ROLE('steward')"));
        List<MaskRule> masks = new ArrayList<>(written.maskRules());
        SubjectSelector governors =
                new SubjectSelector(Set.of(), Set.of(), Set.of("auditor", "steward"), Set.of(), Set.of(), Map.of());
        masks.add(new MaskRule(
                "nicol-definitions",
                List.of(
                        new NamePattern("nicol.policy.rules.definition"),
                        new NamePattern("nicol.audit.source_queries.sql_sent"),
                        // What a source said of a failure may hold values.
                        new NamePattern("nicol.audit.events.detail")),
                Set.of(),
                new Audience(SubjectSelector.EMPTY, governors),
                new Nullify()));
        masks.add(new MaskRule(
                "nicol-hashes",
                List.of(
                        // Who may insert has the hash of any key: beside those of rows that were read it tells masked
                        // keys.
                        new NamePattern("nicol.audit.rows_touched.key_hash"),
                        // Of what the rules above hide too, without a key: a guess could be tried.
                        new NamePattern("nicol.audit.events.hash"),
                        new NamePattern("nicol.audit.events.previous_hash")),
                Set.of(),
                ALL_BUT_AUDITORS,
                new Nullify()));
        masks.add(new MaskRule(
                "nicol-kept-rows",
                List.of(
                        // Of what the definer sees: it may be more than a steward does.
                        new NamePattern("nicol.policy.materialized_views.row_count")),
                Set.of(),
                ALL_BUT_AUDITORS,
                new Nullify()));
        return new PolicySet(grants, filters, masks, written.guardrails(), written.places());
    }

    /** One's own requests, those handed on to one or decided, and those of guardrails that one approves for. */
    private static String requests(List<GuardrailRule> guardrails) {
        return "requested_by = CURRENT_USER OR delegated_to = CURRENT_USER OR decided_by = CURRENT_USER"
                + " OR approval_id IN (SELECT v.approval_id FROM nicol.approval.votes AS v WHERE v.user_name = CURRENT_USER)"
                + " OR approval_id IN (SELECT n.approval_id FROM nicol.approval.rules AS n WHERE "
                + approvedFor(guardrails, "n.rule") + ")";
    }

    /** What belongs to those requests. */
    private static String ofRequests(List<GuardrailRule> guardrails) {
        return "approval_id IN (SELECT r.approval_id FROM nicol.approval.requests AS r WHERE r.requested_by = CURRENT_USER"
                + " OR r.delegated_to = CURRENT_USER) OR " + approvedFor(guardrails, "rule");
    }

    /** Whether a rule is one that the subject approves for. */
    private static String approvedFor(List<GuardrailRule> guardrails, String rule) {
        StringBuilder where = new StringBuilder("FALSE");
        for (GuardrailRule guardrail : guardrails) {
            Hold hold = guardrail.hold();
            if (hold == null) {
                continue;
            }
            List<String> approves = new ArrayList<>();
            hold.approvers().users().forEach(user -> approves.add("CURRENT_USER = " + quoted(user)));
            hold.approvers().groups().forEach(group -> approves.add("IN_GROUP(" + quoted(group) + ")"));
            hold.approvers().roles().forEach(role -> approves.add("IN_ROLE(" + quoted(role) + ")"));
            hold.approvers().purposes().forEach(purpose -> approves.add("PURPOSE() = " + quoted(purpose)));
            String attributes = hold.approvers().attributes().entrySet().stream()
                    .map(entry -> "ATTRIBUTE(" + quoted(entry.getKey()) + ") = " + quoted(entry.getValue()))
                    .sorted()
                    .collect(Collectors.joining(" AND ", "(", ")"));
            if (attributes.length() > "()".length()) {
                approves.add(attributes);
            }
            if (!approves.isEmpty()) {
                where.append(" OR ").append(rule).append(" = ").append(quoted(guardrail.name()));
                where.append(" AND (").append(String.join(" OR ", approves)).append(")");
            }
        }
        return where.toString();
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    private static RowFilter filter(String name, String table, String where) {
        return new RowFilter("nicol-" + name, List.of(new NamePattern(table)), ALL_BUT_AUDITORS, where);
    }
}
