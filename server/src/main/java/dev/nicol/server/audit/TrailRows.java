package dev.nicol.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nicol.policy.TableName;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the queryable tables hold because of one event. Values are in the order of {@link TrailTable#columns()}. */
final class TrailRows {
    private static final String LIST_SEPARATOR = ",";

    /** Places in what {@link #outcome} answers. */
    static final int OUTCOME = 1;

    static final int ROW_COUNT = 3;
    static final int BYTE_COUNT = 4;

    private TrailRows() {}

    record Row(TrailTable table, List<@Nullable Object> values) {}

    /** Rows that the event adds beside that of its statement. */
    static List<Row> added(TrailEvent event) {
        List<Row> rows = new ArrayList<>();
        String statementId = event.statementId();
        if (statementId == null) {
            return rows;
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
        for (JsonNode touched : event.outcome().path("rows_touched")) {
            touched.path("keys").forEach(key -> rows.add(touched(statementId, touched, key.asText())));
            if (touched.path("untold").asBoolean()) {
                rows.add(touched(statementId, touched, null));
            }
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

    /** The row of a statement that begins with the event: it is running, and its usage is not known. */
    static List<@Nullable Object> statement(TrailEvent event, String server, String statementId) {
        JsonNode intent = event.intent();
        String sql = intent.path("sql").asText();
        return Arrays.asList(
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
                intent.path("bound_values").isArray()
                        ? intent.path("bound_values").toString()
                        : null,
                text(intent, "statement_kind"),
                text(intent, "verdict"),
                joined(intent.path("rules")),
                text(intent, "approval_id"),
                text(intent, "policy_version"),
                server,
                null,
                null,
                "running",
                null,
                null,
                null,
                null);
    }

    private static Row touched(String statementId, JsonNode touched, @Nullable String keyHash) {
        return row(
                TrailTable.ROWS_TOUCHED,
                statementId,
                text(touched, "catalog"),
                text(touched, "schema"),
                text(touched, "table"),
                keyHash,
                text(touched, "access"),
                RowHash.tableId(new TableName(
                        touched.path("catalog").asText(),
                        touched.path("schema").asText(),
                        touched.path("table").asText())));
    }

    /** The table that the statement's rows go to; null for the client. Events of old do not say; their written columns do. */
    static @Nullable JsonNode targetTable(JsonNode intent) {
        if (intent.path("target").isObject()) {
            return intent.path("target");
        }
        for (JsonNode column : intent.path("columns")) {
            if ("write".equals(text(column, "access"))) {
                return column;
            }
        }
        return null;
    }

    private static Row row(TrailTable table, @Nullable Object... values) {
        return new Row(table, Arrays.asList(values));
    }

    static @Nullable String text(JsonNode node, String name) {
        return node.path(name).textValue();
    }

    static String joined(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(element -> texts.add(element.asText()));
        return String.join(LIST_SEPARATOR, texts);
    }
}
