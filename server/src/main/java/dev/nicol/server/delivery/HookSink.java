package dev.nicol.server.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

    /** The detail of an event that concerns a request: its id, and what was said. */
    private static final Pattern OF_REQUEST = Pattern.compile("approval ([0-9a-f-]{36})(?:: (.*))?", Pattern.DOTALL);

    /** As {@code nicol.audit.statements.outcome} has it. */
    private static final String DENIED = "denied";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpPost post;
    private final SinkSettings.ToHook target;
    private final String server;
    private final Function<String, @Nullable HeldRequest> requests;
    private final Clock clock;
    private final Set<String> kinds;

    /** @param requests a request for approval by its id; null where there is none any more */
    HookSink(
            SinkSettings.ToHook target,
            Duration timeout,
            String server,
            Function<String, @Nullable HeldRequest> requests,
            Clock clock) {
        this.post = new HttpPost(target.url(), timeout);
        this.target = target;
        this.server = server;
        this.requests = requests;
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
        Matcher about = OF_REQUEST.matcher(content.path("detail").asText());
        if (about.matches()) {
            putRequest(told, about.group(1), line.kind(), about.group(2));
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

    private void putRequest(ObjectNode told, String approvalId, String kind, @Nullable String comment) {
        put(told, "approval_id", approvalId);
        // broken glass approves
        String state = kind.startsWith(APPROVAL) ? kind.substring(APPROVAL.length()) : "approved";
        put(told, "state", state.toUpperCase(Locale.ROOT));
        put(told, "comment", comment == null ? null : cut(comment));
        HeldRequest request = requests.apply(approvalId);
        if (request != null) {
            put(told, "requested_by", request.requestedBy());
            put(told, "agent", request.agent());
            put(told, "rule", request.rule());
            put(told, "expires_at", request.expiresAt().toString());
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
