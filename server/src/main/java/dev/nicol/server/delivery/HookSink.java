package dev.nicol.server.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nicol.server.approval.Approval;
import dev.nicol.server.approval.ApprovalEvent;
import dev.nicol.server.audit.TrailFeed;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * POSTs the events that a receiver asked for, one by one, signed. Who they go to sees less than an auditor: no text of a
 * statement, no values, no plan, and nothing of what a refusal said.
 */
final class HookSink implements Sink {
    /** Characters of a comment that are sent. */
    static final int MAX_COMMENT = 1_000;

    private static final String APPROVAL = "approval_";

    /** As {@code nicol.audit.statements.outcome} has it. */
    private static final String DENIED = "denied";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpPost post;
    private final SinkSettings.ToHook target;
    private final String server;
    private final Function<String, @Nullable Approval> approvals;
    private final Clock clock;
    private final Set<String> kinds;

    /** @param approvals a request by its id; null where there is none any more */
    HookSink(
            SinkSettings.ToHook target,
            Duration timeout,
            String server,
            Function<String, @Nullable Approval> approvals,
            Clock clock) {
        this.post = new HttpPost(target.url(), timeout);
        this.target = target;
        this.server = server;
        this.approvals = approvals;
        this.clock = clock;
        this.kinds = target.events().stream()
                .flatMap(event -> event.kinds().stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public Set<String> kinds() {
        return kinds;
    }

    /** Most refusals are no denials: an unknown name, a source that is down. */
    @Override
    public boolean takes(TrailFeed.Line line) {
        return event(line) != HookEvent.STATEMENT_DENIED
                || DENIED.equals(content(line).path("outcome").path("outcome").asText());
    }

    /** So that what a receiver has got does not come again because of what it refuses. */
    @Override
    public int most() {
        return 1;
    }

    private HookEvent event(TrailFeed.Line line) {
        return target.events().stream()
                .filter(event -> event.kinds().contains(line.kind()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("nobody asked for `" + line.kind() + "`"));
    }

    @Override
    public void deliver(List<TrailFeed.Line> batch) throws IOException, InterruptedException {
        for (TrailFeed.Line line : batch) {
            byte[] body = JSON.writeValueAsBytes(told(line));
            Map<String, String> headers = new LinkedHashMap<>();
            headers.put("Content-Type", "application/json");
            headers.put("Idempotency-Key", server + ":" + line.eventId());
            headers.putAll(Signature.headers(target.secret(), clock.instant(), body));
            post.send(body, headers);
        }
    }

    private ObjectNode told(TrailFeed.Line line) {
        JsonNode content = content(line);
        ObjectNode told = JSON.createObjectNode()
                .put("event", event(line).word())
                .put("event_id", line.eventId())
                .put("server", server);
        put(told, "occurred_at", line.occurredAt());
        put(told, "user", content.path("user_name").textValue());
        ApprovalEvent about = ApprovalEvent.of(content.path("detail").textValue());
        if (about != null) {
            putApproval(told, about, line.kind());
        }
        JsonNode intent = content.path("intent");
        if (intent.isObject()) {
            put(told, "statement_id", line.statementId());
            put(told, "statement_kind", intent.path("statement_kind").textValue());
            put(told, "agent", intent.path("agent").textValue());
            put(told, "purpose", intent.path("purpose").textValue());
            told.set("rules", intent.path("rules"));
            put(told, "sqlstate", content.path("outcome").path("sqlstate").textValue());
        }
        return told;
    }

    private void putApproval(ObjectNode told, ApprovalEvent about, String kind) {
        put(told, "approval_id", about.approvalId());
        if (kind.startsWith(APPROVAL)) {
            put(told, "state", kind.substring(APPROVAL.length()).toUpperCase(Locale.ROOT));
        }
        if (!about.comment().isEmpty()) {
            put(told, "comment", cut(about.comment()));
        }
        Approval request = approvals.apply(about.approvalId());
        if (request != null) {
            put(told, "requested_by", request.request().requestedBy());
            put(told, "agent", request.request().agent());
            put(told, "rule", request.request().rule());
            put(told, "expires_at", request.request().expiresAt().toString());
            put(told, "statement_id", request.executedStatementId());
        }
    }

    private static String cut(String comment) {
        if (comment.length() <= MAX_COMMENT) {
            return comment;
        }
        boolean splits = Character.isHighSurrogate(comment.charAt(MAX_COMMENT - 1));
        return comment.substring(0, splits ? MAX_COMMENT - 1 : MAX_COMMENT);
    }

    /** What was hashed; nothing where that is no event, which would hold up all that comes after it. */
    private static JsonNode content(TrailFeed.Line line) {
        try {
            return JSON.readTree(line.payload() == null ? line.json() : line.payload());
        } catch (JsonProcessingException defect) {
            return JSON.createObjectNode();
        }
    }

    private static void put(ObjectNode node, String name, @Nullable String value) {
        if (value != null) {
            node.put(name, value);
        }
    }

    @Override
    public void check() throws IOException {
        post.check();
    }

    @Override
    public void close() {}
}
