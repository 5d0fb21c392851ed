package dev.nicol.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a statement's lineage and column accesses look like, without the statement: statements that repeat have one.
 *
 * @param server so that servers that share a store never write the same row
 * @param edges values of {@link #EDGE} in its order
 * @param columns values of {@link #COLUMN} in its order
 */
record Shape(
        String server, boolean complete, List<List<@Nullable Object>> edges, List<List<@Nullable Object>> columns) {
    /** The columns of {@code internal.shape_edges} after {@code lineage_id}. */
    static final List<String> EDGE = List.of(
            "phase",
            "target",
            "target_column",
            "target_ordinal",
            "source_catalog",
            "source_schema",
            "source_table",
            "source_column",
            "kind",
            "direct",
            "masked");

    /** The columns of {@code internal.shape_columns} after {@code lineage_id}. */
    static final List<String> COLUMN =
            List.of("catalog_name", "schema_name", "table_name", "column_name", "tags", "access", "mask", "rule");

    /** Of the statement that an event with an intent tells of. */
    static Shape of(TrailEvent event, String server) {
        JsonNode intent = event.intent();
        JsonNode asked = intent.path("lineage");
        JsonNode ran = event.ran();
        JsonNode into = TrailRows.targetTable(intent);
        String target = into == null
                ? FlowColumn.RESULT
                : TrailRows.text(into, "catalog") + "." + TrailRows.text(into, "schema") + "."
                        + TrailRows.text(into, "table");
        List<List<@Nullable Object>> edges = new ArrayList<>();
        asked.path("edges").forEach(edge -> edges.add(edge("asked", target, edge)));
        ran.path("edges").forEach(edge -> edges.add(edge("ran", target, edge)));
        List<List<@Nullable Object>> columns = new ArrayList<>();
        intent.path("columns").forEach(column -> columns.add(column(column)));
        boolean complete = asked.path("complete").asBoolean()
                && (ran.isMissingNode() || ran.path("complete").asBoolean());
        return new Shape(server, complete, edges, columns);
    }

    /** What it is known by in the store. */
    String id() {
        List<@Nullable Object> parts = new ArrayList<>();
        parts.add(server);
        parts.add(complete);
        parts.add(edges.size());
        edges.forEach(parts::addAll);
        parts.add(columns.size());
        columns.forEach(parts::addAll);
        return EventHash.ofParts(parts).substring(0, Usage.DIGEST_DIGITS);
    }

    private static List<@Nullable Object> edge(String phase, String target, JsonNode edge) {
        return Arrays.asList(
                phase,
                target,
                TrailRows.text(edge, "target_column"),
                edge.path("target_ordinal").asInt(),
                TrailRows.text(edge, "catalog"),
                TrailRows.text(edge, "schema"),
                TrailRows.text(edge, "table"),
                TrailRows.text(edge, "column"),
                TrailRows.text(edge, "kind"),
                edge.path("direct").asBoolean(),
                edge.path("masked").asBoolean());
    }

    private static List<@Nullable Object> column(JsonNode column) {
        return Arrays.asList(
                TrailRows.text(column, "catalog"),
                TrailRows.text(column, "schema"),
                TrailRows.text(column, "table"),
                TrailRows.text(column, "column"),
                TrailRows.joined(column.path("tags")),
                TrailRows.text(column, "access"),
                TrailRows.text(column, "mask"),
                TrailRows.text(column, "rule"));
    }
}
