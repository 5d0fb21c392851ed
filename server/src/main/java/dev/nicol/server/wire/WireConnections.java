package dev.nicol.server.wire;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.identity.Principal;
import dev.nicol.server.pipeline.Session;
import dev.nicol.server.pipeline.Statements;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open connections. INVARIANT: no connection is handed to anyone but its owner; for everyone else it does not exist.
 */
final class WireConnections implements AutoCloseable {
    /** Longest connection id accepted; clients send 36 characters. */
    static final int MAX_ID_CHARACTERS = 256;

    private static final Logger LOGGER = LoggerFactory.getLogger(WireConnections.class);

    /** Longest wait at the end for what is still to be recorded. */
    private static final Duration LAST_RECORDS = Duration.ofSeconds(10);

    private static final int MAX_UNRECORDED = 1000;

    /** An answer that was not read for longer does not keep the server from stopping. */
    private static final Duration STILL_READING = Duration.ofSeconds(5);

    /** How long a source has for the row after which reading ahead ends by itself. */
    private static final Duration READ_AHEAD_ENDS = Duration.ofMillis(200);

    private final Map<Key, WireConnection> connections = new ConcurrentHashMap<>();
    private final Map<String, Integer> perUser = new HashMap<>();
    private final Statements statements;
    private final AuditTrail trail;
    private final WireLimits limits;
    private final Clock clock;
    private final ThreadPoolExecutor recorder;
    private final ReadAhead readAhead = new ReadAhead();
    private boolean draining;

    /** Clients make their ids themselves, so that two of them may have the same: each has a space of its own. */
    private record Key(Principal owner, String id) {}

    WireConnections(Statements statements, AuditTrail trail, WireLimits limits, Clock clock) {
        this.statements = statements;
        this.trail = trail;
        this.limits = limits;
        this.clock = clock;
        this.recorder = new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_UNRECORDED),
                task -> {
                    Thread thread = new Thread(task, "nicol-foreign-connections");
                    thread.setDaemon(true);
                    return thread;
                },
                new ThreadPoolExecutor.CallerRunsPolicy());
    }

    int size() {
        return connections.size();
    }

    long openCursors() {
        return connections.values().stream()
                .flatMap(connection -> connection.statements().stream())
                .filter(WireStatement::hasOpenCursor)
                .count();
    }

    long now() {
        return clock.millis();
    }

    /** Whether credentials that are good until then start nothing any more. */
    boolean over(@Nullable Instant validUntil) {
        return validUntil != null && !clock.instant().isBefore(validUntil);
    }

    /** Who a connection is for; a refusal, such as for an undeclared purpose, is an event of its own. */
    <T> T admitted(Principal owner, Supplier<T> derived) {
        try {
            return derived.get();
        } catch (NicolException refused) {
            trail.event("login_refused", owner.name(), String.valueOf(refused.getMessage()));
            throw refused;
        }
    }

    void open(Principal owner, String id, Session session) {
        WireConnection opened = new WireConnection(id, owner, session, now());
        if (!admit(opened)) {
            throw new ProtocolViolation("This connection id is in use. Connect with another one.");
        }
        recordIfForeign(owner, id);
        try {
            trail.event("login", owner.name(), "connection `" + session.connectionId() + "`");
        } catch (RuntimeException | Error unrecorded) {
            forget(opened);
            throw unrecorded;
        }
    }

    /** Whether it was let in: its owner has no other one of its id. */
    private boolean admit(WireConnection opened) {
        String user = opened.owner().name();
        synchronized (perUser) {
            if (draining) {
                throw NicolError.TOO_MANY.because("The server is stopping. Connect again in a moment.");
            }
            if (connections.size() >= limits.maxConnections()) {
                throw NicolError.TOO_MANY.because("The server has its `" + limits.maxConnections()
                        + "` connections (limit `max_connections`). Close some, or try again later.");
            }
            int owned = perUser.getOrDefault(user, 0);
            if (owned >= limits.maxConnectionsPerUser()) {
                throw NicolError.TOO_MANY.because("`" + user + "` has `" + owned
                        + "` connections open already (limit `max_connections_per_user`). Close some first.");
            }
            if (connections.putIfAbsent(new Key(opened.owner(), opened.id()), opened) != null) {
                return false;
            }
            perUser.merge(user, 1, Integer::sum);
            return true;
        }
    }

    /**
     * Works on a connection, alone.
     *
     * @throws UnknownConnection where it is not open, or not the principal's
     */
    <T> T with(Principal principal, @Nullable String id, Function<WireConnection, T> work) {
        WireConnection connection = owned(principal, id);
        if (connection.lock().getQueueLength() >= limits.maxWaitingPerConnection()) {
            throw busy(); // waiting occupies a thread, and there are others who need one
        }
        while (!locked(connection, limits.busyWait())) {
            if (!connection.isReadingAhead()) {
                throw busy();
            }
        }
        ResultFrames wanted = null;
        try {
            if (connection.isClosed()) {
                throw new UnknownConnection();
            }
            connection.begin(now());
            T answer = work.apply(connection);
            wanted = connection.takeReadAhead();
            return answer;
        } finally {
            connection.end(now());
            connection.lock().unlock();
            if (wanted != null) {
                readAhead.start(connection, wanted);
            }
        }
    }

    /** Cancels what the request runs that a thread answers: its client has gone. */
    void left(Thread worker) {
        connections.values().forEach(connection -> connection.left(worker));
    }

    /** Closes it where it is open; whatever it still runs is cancelled. */
    void close(Principal principal, @Nullable String id) {
        WireConnection connection = find(principal, id);
        if (connection != null) { // closing twice is no failure
            release(connection, limits.busyWait());
        }
    }

    /** Cancels what a statement runs in another request, so that closing it need not wait for the end. */
    void cancelIfBusy(Principal principal, @Nullable String id, int statementId) {
        WireConnection connection = owned(principal, id);
        WireStatement statement = connection.statement(statementId);
        if (connection.lock().isLocked() && statement != null) {
            interrupt(connection, List.of(statement));
        }
    }

    /** Ends what runs for statements that are closed: in order where it only reads ahead, and its source gives rows. */
    private static void interrupt(WireConnection connection, Collection<WireStatement> closing) {
        if (connection.isReadingAhead()) {
            closing.forEach(WireStatement::abandon);
            try {
                if (connection.lock().tryLock(READ_AHEAD_ENDS.toMillis(), TimeUnit.MILLISECONDS)) {
                    connection.lock().unlock();
                    return;
                }
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
            }
        }
        closing.forEach(WireStatement::cancel);
        WireStatement executing = connection.executing();
        if (executing != null && closing.contains(executing)) {
            connection.session().interrupt("The statement or its connection was closed meanwhile.");
        }
    }

    private WireConnection owned(Principal principal, @Nullable String id) {
        WireConnection connection = find(principal, id);
        if (connection == null) {
            throw new UnknownConnection();
        }
        return connection;
    }

    private @Nullable WireConnection find(Principal principal, @Nullable String id) {
        if (id == null) {
            return null;
        }
        WireConnection connection = connections.get(new Key(principal, id));
        if (connection == null) {
            recordIfForeign(principal, id);
        }
        return connection;
    }

    /**
     * Records where the id is one of somebody else's. In a thread of its own: who tries ids would otherwise see by the
     * time it takes which of them are open.
     */
    private void recordIfForeign(Principal principal, String id) {
        List<String> others = new ArrayList<>();
        connections.forEach((key, connection) -> {
            if (key.id.equals(id) && !key.owner.equals(principal)) {
                others.add("presented the id of connection `"
                        + connection.session().connectionId() + "` of " + connection.owner());
            }
        });
        if (!others.isEmpty()) {
            recorder.execute(() -> others.forEach(detail -> recordForeign(principal, detail)));
        }
    }

    private void recordForeign(Principal principal, String detail) {
        try {
            trail.event("foreign_connection", principal.name(), detail);
        } catch (RuntimeException unrecorded) {
            LOGGER.error("{} {}, which could not be recorded", principal, detail, unrecorded);
        }
    }

    private static boolean locked(WireConnection connection, Duration wait) {
        try {
            return connection.lock().tryLock(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw busy();
        }
    }

    private static NicolException busy() {
        return NicolError.TOO_MANY.because(
                "This connection is busy with another request. Use one connection for each statement at a time.");
    }

    /** Closes what nobody used for long: connections, and statements with their cursors. */
    void sweep() {
        long now = now();
        for (WireConnection connection : List.copyOf(connections.values())) {
            if (!connection.lock().tryLock()) {
                continue; // at work, so not idle
            }
            try {
                if (idle(connection.usedAt(), now, limits.connectionIdle())) {
                    release(connection, Duration.ZERO);
                    continue;
                }
                for (WireStatement statement : List.copyOf(connection.statements())) {
                    if (idle(statement.usedAt(), now, limits.statementIdle())) {
                        connection.remove(statement);
                    }
                }
            } catch (RuntimeException | Error failure) {
                LOGGER.warn("Closing what is idle on a connection failed", failure);
            } finally {
                connection.lock().unlock();
            }
        }
    }

    private static boolean idle(long usedAt, long now, Duration bound) {
        return now - usedAt >= bound.toMillis();
    }

    /** Whether nobody reads on an answer. */
    boolean isIdle() {
        long now = now();
        return connections.values().stream()
                .noneMatch(connection -> connection.lock().isLocked()
                        || connection.statements().stream()
                                .anyMatch(statement ->
                                        statement.hasOpenCursor() && !idle(statement.usedAt(), now, STILL_READING)));
    }

    /** Refuses new connections from now on. */
    void drain() {
        synchronized (perUser) {
            draining = true;
        }
    }

    /** Closes every connection; one that is at work longer than {@code wait} after it was cancelled stays open. */
    void closeAll(Duration wait) {
        for (WireConnection connection : List.copyOf(connections.values())) {
            try {
                release(connection, wait);
            } catch (RuntimeException | Error failure) {
                LOGGER.warn("A connection could not be closed", failure);
            }
        }
    }

    /** Waits until what happened is recorded. */
    @Override
    public void close() {
        readAhead.close();
        recorder.shutdown();
        try {
            if (!recorder.awaitTermination(LAST_RECORDS.toSeconds(), TimeUnit.SECONDS)) {
                LOGGER.error("foreign connections that were presented could not be recorded");
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    /** What runs on it is cancelled first. */
    private void release(WireConnection connection, Duration wait) {
        if (!connection.lock().tryLock()) {
            interrupt(connection, connection.statements());
            if (!locked(connection, wait)) {
                throw busy();
            }
        }
        try {
            if (connection.isClosed()) {
                return;
            }
            connection.markClosed();
            forget(connection);
            List<Throwable> failures = new ArrayList<>();
            for (WireStatement statement : List.copyOf(connection.statements())) {
                attempt(() -> connection.remove(statement), failures);
            }
            attempt(() -> statements.close(connection.session()), failures);
            attempt(
                    () -> trail.event(
                            "logout",
                            connection.owner().name(),
                            "connection `" + connection.session().connectionId() + "`"),
                    failures);
            failures.forEach(failure -> LOGGER.warn("Closing a connection failed in part", failure));
        } finally {
            connection.lock().unlock();
        }
    }

    private void forget(WireConnection connection) {
        synchronized (perUser) {
            connections.remove(new Key(connection.owner(), connection.id()), connection);
            perUser.computeIfPresent(connection.owner().name(), (name, count) -> count == 1 ? null : count - 1);
        }
    }

    private static void attempt(Runnable step, List<Throwable> failures) {
        try {
            step.run();
        } catch (RuntimeException | Error failure) {
            failures.add(failure);
        }
    }
}
