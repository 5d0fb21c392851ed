package dev.nicol.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the queryable tables hold because of one event. Values are in the order of {@link TrailTable#columns()}. */
final class TrailRows {
    private static final String QUERY_TARGET = "result";
    private static final String LIST_SEPARATOR = ",";
    /** Intents tell what was asked for; what ran is added by a later kind of event. */
    private static final String PHASE_ASKED = "asked";

    private TrailRows() {}

    record Row(TrailTable table, List<@Nullable Object> values) {}

    /** Rows that the event adds; for an intent the statement's row says that it is running. */
    static List<Row> added(TrailEvent event) {
        List<Row> rows = new ArrayList<>();
        String statementId = event.statementId();
        if (statementId == null) {
            return rows;
        }
        JsonNode intent = event.intent();
        if (intent.isObject()) {
            rows.add(statement(event, statementId, intent));
            for (JsonNode column : intent.path("columns")) {
                rows.add(columnAccess(statementId, column));
            }
            JsonNode lineage = intent.path("lineage");
            rows.add(row(
                    TrailTable.LINEAGE_STATEMENTS,
                    statementId,
                    lineage.path("complete").asBoolean()));
            String target = target(intent.path("columns"));
            for (JsonNode edge : lineage.path("edges")) {
                rows.add(edge(statementId, target, edge));
            }
        }
        for (JsonNode query : event.outcome().path("source_queries")) {
            rows.add(row(
                    TrailTable.SOURCE_QUERIES,
                    statementId,
                    text(query, "source"),
                    text(query, "environment"),
                    text(query, "sql"),
                    query.path("rows").asLong(),
                    query.path("duration_ms").asLong()));
        }
        return rows;
    }

    /** The last columns of {@link TrailTable#STATEMENTS} that the event sets; null where it sets none. */
    static @Nullable List<@Nullable Object> outcome(TrailEvent event) {
        JsonNode outcome = event.outcome();
        if (event.statementId() == null || !outcome.isObject()) {
            return null;
        }
        return Arrays.asList(
                inUtc(event.occurredAt()),
                text(outcome, "outcome"),
                text(outcome, "sqlstate"),
                outcome.path("rows").asLong(),
                outcome.path("bytes").asLong(),
                outcome.path("duration_ms").asLong());
    }

    static OffsetDateTime inUtc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }

    private static Row statement(TrailEvent event, String statementId, JsonNode intent) {
        String sql = intent.path("sql").asText();
        return row(
                TrailTable.STATEMENTS,
                statementId,
                inUtc(event.occurredAt()),
                event.userName(),
                text(intent, "agent"),
                text(intent, "on_behalf_of"),
                text(intent, "purpose"),
                text(intent, "job"),
                text(intent, "model"),
                text(intent, "client"),
                text(intent, "connection_id"),
                sql,
                EventHash.ofText(sql),
                text(intent, "statement_kind"),
                text(intent, "verdict"),
                joined(intent.path("rules")),
                text(intent, "approval_id"),
                text(intent, "policy_version"),
                null,
                "running",
                null,
                null,
                null,
                null);
    }

    private static Row columnAccess(String statementId, JsonNode column) {
        return row(
                TrailTable.COLUMN_ACCESS,
                statementId,
                text(column, "catalog"),
                text(column, "schema"),
                text(column, "table"),
                text(column, "column"),
                joined(column.path("tags")),
                text(column, "access"),
                text(column, "mask"),
                text(column, "rule"));
    }

    private static Row edge(String statementId, String target, JsonNode edge) {
        return row(
                TrailTable.LINEAGE_EDGES,
                statementId,
                PHASE_ASKED,
                target,
                text(edge, "target_column"),
                edge.path("target_ordinal").asInt(),
                text(edge, "catalog"),
                text(edge, "schema"),
                text(edge, "table"),
                text(edge, "column"),
                text(edge, "kind"),
                edge.path("direct").asBoolean(),
                edge.path("masked").asBoolean());
    }

    /** Where the statement's rows go: the table it writes, or the result. A statement writes one table at most. */
    private static String target(JsonNode columns) {
        Set<String> written = new LinkedHashSet<>();
        for (JsonNode column : columns) {
            if ("write".equals(text(column, "access"))) {
                written.add(text(column, "catalog") + "." + text(column, "schema") + "." + text(column, "table"));
            }
        }
        return written.isEmpty() ? QUERY_TARGET : String.join(LIST_SEPARATOR, written);
    }

    private static Row row(TrailTable table, @Nullable Object... values) {
        return new Row(table, Arrays.asList(values));
    }

    private static @Nullable String text(JsonNode node, String name) {
        return node.path(name).textValue();
    }

    private static String joined(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(element -> texts.add(element.asText()));
        return String.join(LIST_SEPARATOR, texts);
    }
}
