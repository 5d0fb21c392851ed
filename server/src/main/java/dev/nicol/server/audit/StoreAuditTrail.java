package dev.nicol.server.audit;

import dev.nicol.policy.NicolError;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The trail in the {@link Store}: every act is an event of a hash chain, written in groups by one thread. */
public final class StoreAuditTrail implements AuditTrail, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreAuditTrail.class);
    private static final String INTERRUPTED = "interrupted";

    private final Clock clock;
    private final Chain chain;
    private final TrailWriter writer;

    /** User names of statements that began and did not complete yet, by statement. */
    private final Map<String, String> running = new ConcurrentHashMap<>();

    private StoreAuditTrail(Chain chain, TrailWriter writer, Clock clock) {
        this.chain = chain;
        this.writer = writer;
        this.clock = clock;
    }

    /**
     * Starts recording. Statements that this server left without an outcome when it ended are recorded as {@code interrupted}.
     * The store stays the caller's: it is closed after the trail.
     *
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where the store cannot be written
     */
    public static StoreAuditTrail open(Store store, TrailSettings settings, Clock clock) {
        Chain chain = store.chain(settings);
        TrailWriter writer = new TrailWriter(chain, settings);
        StoreAuditTrail trail = new StoreAuditTrail(chain, writer, clock);
        writer.start();
        try {
            int interrupted = writer.write(TrailEntry.act(trail::markInterrupted));
            if (interrupted > 0) {
                LOG.warn("{} statements had no outcome when the server ended; marked interrupted", interrupted);
            }
            return trail;
        } catch (RuntimeException e) {
            trail.close();
            throw e;
        }
    }

    /** How long writing takes, and how much waits for it. */
    public void measure(MeterRegistry metrics) {
        FunctionTimer.builder(
                        "nicol.audit.flush",
                        writer,
                        TrailWriter::flushes,
                        TrailWriter::flushNanos,
                        TimeUnit.NANOSECONDS)
                .description("Groups of acts that were made durable together")
                .register(metrics);
        Gauge.builder("nicol.audit.waiting", writer, TrailWriter::waiting)
                .description("Acts that wait to be written to the trail")
                .register(metrics);
    }

    public static StoreAuditTrail open(Store store) {
        return open(store, TrailSettings.DEFAULT, Clock.systemUTC());
    }

    /** An act beside the statements, such as an approval: its changes and its event are written together or not at all. */
    public interface Act<T extends @Nullable Object> {
        /**
         * Runs in the writer's transaction, possibly more than once, each time from the start; it must be quick. A change
         * without an event is not allowed.
         */
        T run(ActTransaction transaction);
    }

    /**
     * Records an act with what it changes in the store.
     *
     * @return what the act returned, once it is durable
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where it cannot be written, or what the act threw
     */
    public <T extends @Nullable Object> T record(Act<T> act) {
        return writer.write(TrailEntry.act(transaction -> act.run(new ActTransaction(transaction, clock.instant()))));
    }

    @Override
    public void begin(Intent intent) {
        TrailEvent event = TrailEvent.intent(intent, clock.instant());
        String userName = intent.subject().userName();
        writer.write(TrailEntry.refusable(event, () -> outcomeEntry(intent.statementId(), userName, neverRan())));
        running.put(intent.statementId(), userName);
    }

    @Override
    public void complete(String statementId, Outcome outcome) {
        String userName = running.remove(statementId);
        if (userName == null) {
            LOG.error(
                    "Statement {} completed without having begun, or twice; outcome `{}` ignored",
                    statementId,
                    outcome.outcome());
            return;
        }
        TrailEntry<?> entry;
        try {
            entry = outcomeEntry(statementId, userName, outcome);
        } catch (RuntimeException e) {
            LOG.error("The outcome of statement {} cannot be told in full", statementId, e);
            entry = outcomeEntry(
                    statementId, userName, new Outcome("failed", "XX000", "the outcome is lost", 0, 0, 0, List.of()));
        }
        writer.require(entry);
    }

    @Override
    public void refused(Intent intent, Outcome outcome) {
        TrailEvent event = TrailEvent.refused(intent, outcome, clock.instant());
        writer.write(TrailEntry.refusable(event));
    }

    @Override
    public void event(String kind, String userName, String detail) {
        TrailEvent event = TrailEvent.act(kind, userName, detail, clock.instant());
        writer.write(TrailEntry.refusable(event));
    }

    /** Whether the last attempt to write failed: for {@code /health/ready}. */
    public boolean broken() {
        return writer.broken();
    }

    /** Groups made durable since the start, each by one flush. */
    public long flushes() {
        return writer.flushes();
    }

    /** The last link that is in the tables and that a power cut cannot take; null before the first act. */
    TrailTransaction.@Nullable Head durable() {
        return chain.durable();
    }

    /** The last link that stands in the tables for good, all that was acknowledged before included; null where there is none. */
    TrailTransaction.@Nullable Head forced() {
        try {
            return chain.forced();
        } catch (SQLException behind) {
            LOG.warn("the trail's last events are not in the store's file yet", behind);
            return null;
        }
    }

    /** Writes the outcomes that are queued, then stops; later acts are refused. */
    @Override
    public void close() {
        writer.close();
        chain.close();
    }

    private TrailEntry<?> outcomeEntry(String statementId, String userName, Outcome outcome) {
        return TrailEntry.required(TrailEvent.outcome(statementId, userName, outcome, clock.instant()));
    }

    private static Outcome neverRan() {
        return new Outcome(
                "failed",
                NicolError.TRAIL_UNAVAILABLE.sqlState(),
                "the intent became durable after its caller had been refused; nothing ran",
                0,
                0,
                0,
                List.of());
    }

    /** This server's own: what others run goes on. */
    private Integer markInterrupted(TrailTransaction transaction) throws SQLException {
        List<TrailEvent> events = new ArrayList<>();
        try (PreparedStatement statement = transaction
                .connection()
                .prepareStatement("SELECT statement_id, user_name FROM audit.statements"
                        + " WHERE outcome = 'running' AND server = ? ORDER BY statement_id")) {
            statement.setString(1, transaction.server());
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    Outcome outcome = new Outcome(
                            INTERRUPTED, null, "the server ended before the outcome was recorded", 0, 0, 0, List.of());
                    events.add(TrailEvent.outcome(result.getString(1), result.getString(2), outcome, clock.instant()));
                }
            }
        }
        events.forEach(transaction::append);
        return events.size();
    }
}
