package dev.nicol.server.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One link of the chain before it gets its place: a JSON object whose UTF-8 bytes are stored and hashed as they are. All
 * rows of the queryable tables are derived from it ({@link TrailRows}), by the writer and the verifier alike.
 */
final class TrailEvent {
    static final String INTENT = "intent";
    static final String OUTCOME = "outcome";
    static final String REFUSED = "refused";

    /** Stands for the lineage of the plan that ran where it is that of what was asked. */
    static final String AS_ASKED = "asked";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ObjectNode content;

    /** Of the content, once somebody asked; threads that ask at once find the same. */
    private byte @Nullable [] payload;

    private @Nullable Instant occurredAt;

    private TrailEvent(ObjectNode content, @Nullable Instant occurredAt) {
        this.content = content;
        this.occurredAt = occurredAt;
    }

    static TrailEvent intent(AuditTrail.Intent intent, Instant at) {
        ObjectNode content = head(INTENT, at, intent.subject().userName(), intent.statementId(), null);
        content.set("intent", intentBody(intent));
        return new TrailEvent(content, moment(at));
    }

    static TrailEvent outcome(String statementId, String userName, AuditTrail.Outcome outcome, Instant at) {
        ObjectNode content = head(OUTCOME, at, userName, statementId, outcome.detail());
        content.set("outcome", outcomeBody(outcome));
        return new TrailEvent(content, moment(at));
    }

    static TrailEvent refused(AuditTrail.Intent intent, AuditTrail.Outcome outcome, Instant at) {
        ObjectNode content = head(REFUSED, at, intent.subject().userName(), intent.statementId(), outcome.detail());
        content.set("intent", intentBody(intent));
        content.set("outcome", outcomeBody(outcome));
        return new TrailEvent(content, moment(at));
    }

    /** An act that is no statement. */
    static TrailEvent act(String kind, String userName, String detail, Instant at) {
        if (kind.equals(INTENT) || kind.equals(OUTCOME) || kind.equals(REFUSED)) {
            throw new IllegalArgumentException("`" + kind + "` is written for statements only");
        }
        return new TrailEvent(head(kind, at, userName, null, detail), moment(at));
    }

    /** What else belongs to the act, kept in the hashed bytes only. */
    TrailEvent with(String name, JsonNode more) {
        content.set(name, more);
        payload = null;
        return this;
    }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    /** @throws IOException where the bytes are not one of our events */
    static TrailEvent parse(byte[] payload) throws IOException {
        JsonNode node = JSON.readTree(payload);
        if (!(node instanceof ObjectNode content)
                || !content.hasNonNull("kind")
                || !content.hasNonNull("occurred_at")) {
            throw new IOException("not an event");
        }
        TrailEvent event = new TrailEvent(content, null);
        event.payload = payload;
        return event;
    }

    /** The bytes that are hashed; not to be changed. */
    byte[] payload() {
        byte[] known = payload;
        if (known == null) {
            known = written();
            payload = known;
        }
        return known;
    }

    private byte[] written() {
        try {
            return JSON.writeValueAsBytes(content);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an event is always writable", e);
        }
    }

    String kind() {
        return content.path("kind").asText();
    }

    Instant occurredAt() {
        Instant known = occurredAt;
        if (known == null) {
            known = Instant.parse(content.path("occurred_at").asText());
            occurredAt = known;
        }
        return known;
    }

    String userName() {
        return content.path("user_name").asText();
    }

    @Nullable
    String statementId() {
        return content.path("statement_id").textValue();
    }

    @Nullable
    String detail() {
        return content.path("detail").textValue();
    }

    /** The intent's content; a missing node where the event has none. */
    JsonNode intent() {
        return content.path("intent");
    }

    /** The lineage of the plan that ran; a missing node where the event tells of none. */
    JsonNode ran() {
        JsonNode ran = intent().path("ran");
        return AS_ASKED.equals(ran.textValue()) ? intent().path("lineage") : ran;
    }

    /** What {@link #with} added; a missing node where that is nothing. */
    JsonNode more(String name) {
        return content.path(name);
    }

    JsonNode outcome() {
        return content.path("outcome");
    }

    /** As precise as every store is. */
    private static Instant moment(Instant at) {
        return at.truncatedTo(ChronoUnit.MICROS);
    }

    private static ObjectNode head(
            String kind, Instant at, String userName, @Nullable String statementId, @Nullable String detail) {
        ObjectNode head = JSON.createObjectNode();
        put(head, "kind", kind);
        put(head, "occurred_at", moment(at).toString());
        put(head, "user_name", userName);
        put(head, "statement_id", statementId);
        put(head, "detail", detail);
        return head;
    }

    private static ObjectNode intentBody(AuditTrail.Intent intent) {
        Subject subject = intent.subject();
        ObjectNode body = JSON.createObjectNode();
        put(body, "agent", subject.agent());
        put(body, "on_behalf_of", subject.onBehalfOf());
        putAll(body, "groups", new TreeSet<>(subject.groups()));
        putAll(body, "roles", new TreeSet<>(subject.roles()));
        put(body, "purpose", subject.purpose());
        put(body, "job", subject.job());
        put(body, "model", subject.model());
        put(body, "client", subject.client());
        put(body, "connection_id", intent.connectionId());
        put(body, "sql", intent.sql());
        if (!intent.boundValues().isEmpty()) {
            ArrayNode values = body.putArray("bound_values");
            intent.boundValues().forEach(value -> values.add(value == null ? null : StoredText.writable(value)));
        }
        put(body, "statement_kind", intent.kind());
        put(body, "verdict", intent.verdict());
        putAll(body, "rules", intent.rules());
        put(body, "approval_id", intent.approvalId());
        put(body, "policy_version", intent.policyVersion());
        CommonParts.of(intent).addTo(body);
        return body;
    }

    private static ObjectNode outcomeBody(AuditTrail.Outcome outcome) {
        ObjectNode body = JSON.createObjectNode();
        put(body, "outcome", outcome.outcome());
        put(body, "sqlstate", outcome.sqlState());
        body.put("rows", outcome.rows());
        body.put("bytes", outcome.bytes());
        body.put("duration_ms", outcome.durationMs());
        ArrayNode queries = body.putArray("source_queries");
        for (AuditTrail.SourceQuery query : outcome.sourceQueries()) {
            ObjectNode node = queries.addObject();
            put(node, "source", query.source());
            put(node, "environment", query.environment());
            put(node, "sql", query.sql());
            node.put("rows", query.rows());
            node.put("duration_ms", query.durationMs());
        }
        if (!outcome.rowsTouched().isEmpty()) {
            ArrayNode touched = body.putArray("rows_touched");
            outcome.rowsTouched().forEach(rows -> putTouched(touched.addObject(), rows));
        }
        return body;
    }

    private static void putTouched(ObjectNode node, AuditTrail.RowsTouched rows) {
        putTable(node, rows.table());
        put(node, "access", rows.access());
        putAll(node, "keys", rows.keyHashes());
        node.put("untold", rows.untold());
    }

    static void putTable(ObjectNode node, TableName table) {
        put(node, "catalog", table.catalog());
        put(node, "schema", table.schema());
        put(node, "table", table.table());
    }

    /** Null is left out. */
    static void put(ObjectNode node, String name, @Nullable String value) {
        if (value != null) {
            node.put(name, StoredText.writable(value));
        }
    }

    static void putAll(ObjectNode node, String name, Collection<String> values) {
        ArrayNode array = node.putArray(name);
        values.forEach(value -> array.add(StoredText.writable(value)));
    }
}
