package dev.nicol.server.audit;

import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** This server's chain as it grows, for what follows it. Nothing is read that a power cut could still take back. */
public final class TrailFeed {
    /** Events read at once, and bytes of their lines after which no further one is. */
    static final int BATCH_EVENTS = 500;

    static final int BATCH_BYTES = 1 << 20;

    /** Events looked through at once for those of some kinds. */
    static final int SEARCHED_EVENTS = 20_000;

    private final Store store;
    private final StoreAuditTrail trail;

    public TrailFeed(Store store, StoreAuditTrail trail) {
        this.store = store;
        this.trail = trail;
    }

    /**
     * A row of the chain.
     *
     * @param eventId of the event; of the last one where the row stands for dropped events
     * @param occurredAt null for dropped events
     * @param json the line of an export, without its end
     * @param payload what was hashed
     */
    public record Line(
            long eventId,
            @Nullable String occurredAt,
            String kind,
            @Nullable String statementId,
            String json,
            @Nullable String payload) {
        /** Whether it tells how a statement that ran has ended. */
        public boolean isOutcome() {
            return kind.equals(TrailEvent.OUTCOME);
        }
    }

    /**
     * A part of the chain, as much as makes one batch.
     *
     * @param lastId up to which event it holds all that was asked for
     * @param more whether there was more after it
     */
    public record Page(List<Line> lines, long lastId, boolean more) {}

    /** The id of the last event that can be read; 0: none yet. */
    public long lastId() {
        TrailTransaction.Head head = trail.durable();
        return head == null ? 0 : head.eventId();
    }

    /**
     * What follows an event.
     *
     * @param kinds of which alone events are read; empty: all
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where the store does not answer
     */
    public Page after(long eventId, Set<String> kinds) {
        long newest = lastId();
        long end = kinds.isEmpty() ? newest : Math.min(newest, eventId + SEARCHED_EVENTS);
        List<Line> lines = new ArrayList<>();
        int[] bytes = new int[1];
        if (end > eventId) {
            store.<Boolean, RuntimeException>read(handle -> {
                try {
                    new ChainReader(handle.getConnection(), store.server())
                            .read(eventId, end, kinds, BATCH_EVENTS, row -> {
                                String json = ExportFormat.JSONL.line(row).stripTrailing();
                                lines.add(new Line(
                                        row.eventId(),
                                        row.occurredAt(),
                                        row.kind(),
                                        row.statementId(),
                                        json,
                                        row.payload()));
                                bytes[0] += json.length();
                                return bytes[0] < BATCH_BYTES;
                            });
                } catch (SQLException failure) {
                    throw new IllegalStateException("the chain cannot be read", failure);
                }
                return true;
            });
        }
        boolean full = lines.size() >= BATCH_EVENTS || bytes[0] >= BATCH_BYTES;
        long last = lines.isEmpty() ? eventId : lines.get(lines.size() - 1).eventId();
        return new Page(lines, full || kinds.isEmpty() ? last : Math.max(eventId, end), full || end < newest);
    }

    /** As {@code nicol.audit.statements.sql_hash} has it. */
    public static String sqlHash(String sql) {
        return EventHash.ofText(sql);
    }

    /** The payload of a statement's intent; null where it is gone. */
    public @Nullable String intent(String statementId) {
        return store.<Optional<String>, RuntimeException>read(handle -> {
                    try (PreparedStatement statement = handle.getConnection()
                            .prepareStatement("SELECT b.payload FROM audit.events e JOIN internal.event_bytes b"
                                    + " ON b.server = e.server AND b.event_id = e.event_id"
                                    + " WHERE e.statement_id = ? AND e.server = ? AND e.kind = '" + TrailEvent.INTENT
                                    + "'")) {
                        statement.setString(1, statementId);
                        statement.setString(2, store.server());
                        try (ResultSet row = statement.executeQuery()) {
                            return row.next()
                                    ? Optional.of(new String(row.getBytes(1), StandardCharsets.UTF_8))
                                    : Optional.empty();
                        }
                    } catch (SQLException failure) {
                        throw new IllegalStateException("the chain cannot be read", failure);
                    }
                })
                .orElse(null);
    }
}
