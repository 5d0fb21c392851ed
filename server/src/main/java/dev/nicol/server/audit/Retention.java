package dev.nicol.server.audit;

import dev.nicol.policy.NicolException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drops what this server has kept long enough. Consecutive events that are all due are one segment: it is verified, then
 * dropped with its rows in one transaction with an event that says so, and its root stays, over which the chain is verified.
 */
public final class Retention implements AutoCloseable {
    /** Of events that were to be dropped and do not verify: they stay. */
    static final String STOPPED = "retention_stopped";

    /** Events of one segment at most, so that no statement waits long for the transaction that drops it. */
    static final int SEGMENT_EVENTS = 500;

    /** From one look for what is due to the next; the first is a minute after the start. */
    private static final long INTERVAL_MS = 3_600_000;

    private static final long FIRST_MS = 60_000;
    private static final int PAGE_EVENTS = 1_000;
    private static final String SYSTEM = "nicol";
    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

    private final Store store;
    private final StoreAuditTrail trail;
    private final RetentionRules rules;
    private final Undelivered undelivered;
    private final Clock clock;
    private final int segmentEvents;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "audit-retention");
        thread.setDaemon(true);
        return thread;
    });
    private volatile boolean closing;
    private String told = "";

    /** The event up to which nothing more is due in this run, and the moment of the run. */
    private long cleared;

    private Instant now = Instant.MIN;

    Retention(
            Store store,
            StoreAuditTrail trail,
            RetentionRules rules,
            Undelivered undelivered,
            Clock clock,
            int segmentEvents) {
        this.store = store;
        this.trail = trail;
        this.rules = rules;
        this.undelivered = undelivered;
        this.clock = clock;
        this.segmentEvents = segmentEvents;
    }

    /** Drops what is due from now on, in the background. */
    public static Retention start(
            Store store, StoreAuditTrail trail, RetentionRules rules, Undelivered undelivered, Clock clock) {
        Retention retention = new Retention(store, trail, rules, undelivered, clock, SEGMENT_EVENTS);
        retention.timer.scheduleWithFixedDelay(retention::look, FIRST_MS, INTERVAL_MS, TimeUnit.MILLISECONDS);
        return retention;
    }

    private void look() {
        try {
            long dropped = run();
            if (dropped > 0) {
                LOG.info("retention has dropped {} events", dropped);
            }
        } catch (SQLException | RuntimeException failure) {
            // tried again at the next look
            LOG.warn("retention could not drop what is due", failure);
        }
    }

    /** Consecutive events. */
    private record Range(long first, long last) {}

    /** Drops all that is due; answers how many events. */
    long run() throws SQLException {
        long dropped = 0;
        for (long more = dropNext(); more > 0 && !closing; more = dropNext()) {
            dropped += more;
        }
        return dropped;
    }

    /** Drops the first segment that is due; answers how many events. */
    long dropNext() throws SQLException {
        if (cleared == 0) {
            // one moment for all: an outcome must not be due where its intent, a little earlier, was not
            now = clock.instant();
            now = now.minus(undelivered.holdBack(rules.latestDue(now)));
        }
        for (Range due = nextDue(cleared); due != null; due = nextDue(cleared)) {
            if (drop(due)) {
                cleared = due.last();
                undelivered.dropped(due.first(), due.last());
                return due.last() - due.first() + 1;
            }
            long accepted = lastAccepted();
            if (accepted < due.last()) {
                break;
            }
            cleared = accepted;
        }
        cleared = 0;
        return 0;
    }

    /** Where the chain was broken and that was accepted, what comes after it is dropped all the same; 0: that was never. */
    private long lastAccepted() throws SQLException {
        return AuditVerifier.atOneMoment(store, connection -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("SELECT MAX(event_id) FROM audit.events WHERE server = ? AND kind = '"
                            + ChainAtStart.ACCEPTED + "'")) {
                statement.setString(1, store.server());
                try (ResultSet row = statement.executeQuery()) {
                    return row.next() ? row.getLong(1) : 0L;
                }
            }
        });
    }

    private @Nullable Range nextDue(long after) throws SQLException {
        Scan scanned = AuditVerifier.atOneMoment(store, connection -> {
            Scan scan = new Scan(after);
            while (!scan.ended) {
                page(connection, scan);
            }
            return scan;
        });
        return scanned.found;
    }

    private final class Scan {
        private long cursor;
        private @Nullable Range found;
        private boolean ended;

        Scan(long after) {
            this.cursor = after;
        }

        void see(long eventId, boolean due) {
            cursor = eventId;
            Range begun = found;
            if (begun == null) {
                found = due ? new Range(eventId, eventId) : null;
            } else if (due && eventId == begun.last() + 1) {
                found = new Range(begun.first(), eventId);
            } else {
                ended = true;
            }
            ended |= found != null && found.last() - found.first() + 1 == segmentEvents;
        }
    }

    private void page(Connection connection, Scan scan) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT e.event_id, e.occurred_at, e.kind,"
                + " e.statement_id, s.statement_id, s.statement_kind, s.started_at, s.finished_at FROM audit.events e"
                + " LEFT JOIN audit.statements s ON s.statement_id = e.statement_id"
                + " WHERE e.server = ? AND e.event_id > ? ORDER BY e.server, e.event_id LIMIT " + PAGE_EVENTS)) {
            statement.setString(1, store.server());
            statement.setLong(2, scan.cursor);
            boolean old = false;
            try (ResultSet row = statement.executeQuery()) {
                while (!scan.ended && row.next()) {
                    old |= moment(row, 2).isBefore(rules.latestDue(now));
                    scan.see(row.getLong(1), isDue(row));
                }
            }
            // events are about as old as their order says: where a page has nothing old, what follows has not either
            scan.ended |= !old;
        }
    }

    private boolean isDue(ResultSet row) throws SQLException {
        Instant at = moment(row, 2);
        if (row.getString(4) == null) {
            return rules.actIsDue(row.getString(3), at, now);
        }
        if (row.getString(5) == null) {
            // the outcome of a statement whose intent was dropped, because both were due
            return true;
        }
        Instant last = null;
        if (row.getObject(8) != null) {
            last = later(at, later(moment(row, 7), moment(row, 8)));
        }
        return rules.statementIsDue(row.getString(6), last, now);
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private static Instant moment(ResultSet row, int column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    /** False where it must not be dropped. */
    private boolean drop(Range due) throws SQLException {
        PartialWalk.Segment segment = AuditVerifier.atOneMoment(
                store, connection -> PartialWalk.segment(connection, store.server(), due.first(), due.last()));
        SegmentRoot root = segment.root();
        if (root == null) {
            stopped("event " + segment.chain().brokenId() + ": "
                    + segment.chain().problem());
            return false;
        }
        boolean dropped = trail.record(transaction -> {
            try {
                return DroppedRows.delete(transaction, root, rules.latestDue(now));
            } catch (SQLException failure) {
                throw new IllegalStateException("a segment could not be dropped", failure);
            }
        });
        if (!dropped) {
            stopped("events " + due.first() + " to " + due.last() + " have changed meanwhile");
        }
        return dropped;
    }

    /** What does not verify stays, for the auditors; it is told once. */
    private void stopped(String problem) {
        LOG.error("retention does not drop what does not verify: {}", problem);
        if (!told.equals(problem)) {
            told = problem;
            try {
                trail.event(STOPPED, SYSTEM, problem);
            } catch (NicolException unavailable) {
                told = "";
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        timer.shutdown();
    }
}
