package dev.nicol.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.policy.TableName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the intents of one plan have in common: columns, lineage and target. It is made once for a plan, and the events of all
 * its statements have the very same nodes, which nobody changes; by that the writer knows that it has seen them.
 */
final class CommonParts {
    /** Plans whose parts are kept, for as long as the plan is. */
    private static final int MOST_PLANS = 10_000;

    private static final Cache<AuditTrail.Flow, CommonParts> KNOWN =
            Caffeine.newBuilder().weakKeys().maximumSize(MOST_PLANS).build();

    private final List<AuditTrail.ColumnAccess> of;
    private final ArrayNode columns;
    private final ObjectNode lineage;
    private final @Nullable ObjectNode target;
    private final @Nullable JsonNode ran;

    private CommonParts(AuditTrail.Flow flow, List<AuditTrail.ColumnAccess> of) {
        this.of = of;
        this.columns = columns(of);
        this.lineage = lineage(flow.asked());
        this.target = flow.target() == null ? null : table(flow.target());
        Lineage runs = flow.ran();
        this.ran = runs == null
                ? null
                : runs.equals(flow.asked()) ? JsonNodeFactory.instance.textNode(TrailEvent.AS_ASKED) : lineage(runs);
    }

    static CommonParts of(AuditTrail.Intent intent) {
        CommonParts known = KNOWN.getIfPresent(intent.flow());
        if (known == null || known.of != intent.columns()) {
            known = new CommonParts(intent.flow(), intent.columns());
            KNOWN.put(intent.flow(), known);
        }
        return known;
    }

    /** Adds them to an intent's content. */
    void addTo(ObjectNode intent) {
        intent.set("columns", columns);
        intent.set("lineage", lineage);
        if (target != null) {
            intent.set("target", target);
        }
        if (ran != null) {
            intent.set("ran", ran);
        }
    }

    /** Whether two intents have the very same ones. */
    static boolean areSame(JsonNode intent, JsonNode other) {
        return intent.path("lineage") == other.path("lineage")
                && intent.path("columns") == other.path("columns")
                && intent.path("target") == other.path("target")
                && intent.path("ran") == other.path("ran");
    }

    private static ArrayNode columns(List<AuditTrail.ColumnAccess> of) {
        ArrayNode columns = JsonNodeFactory.instance.arrayNode();
        for (AuditTrail.ColumnAccess column : of) {
            ObjectNode node = table(column.table());
            columns.add(node);
            TrailEvent.put(node, "column", column.column());
            TrailEvent.putAll(node, "tags", column.tags());
            TrailEvent.put(node, "access", column.access());
            TrailEvent.put(node, "mask", column.mask());
            TrailEvent.put(node, "rule", column.rule());
        }
        return columns;
    }

    private static ObjectNode lineage(Lineage of) {
        ObjectNode lineage = TrailEvent.object();
        lineage.put("complete", of.complete());
        ArrayNode edges = lineage.putArray("edges");
        for (LineageEdge edge : of.edges()) {
            ObjectNode node = edges.addObject();
            TrailEvent.put(node, "target_column", edge.targetColumn());
            node.put("target_ordinal", edge.targetOrdinal());
            TrailEvent.putTable(node, edge.sourceTable());
            TrailEvent.put(node, "column", edge.sourceColumn());
            TrailEvent.put(node, "kind", edge.kind().name());
            node.put("direct", edge.kind().direct());
            node.put("masked", edge.masked());
        }
        return lineage;
    }

    private static ObjectNode table(TableName name) {
        ObjectNode node = TrailEvent.object();
        TrailEvent.putTable(node, name);
        return node;
    }
}
