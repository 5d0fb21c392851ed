package dev.nicol.server.wire;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.identity.Principal;
import dev.nicol.server.pipeline.Session;
import dev.nicol.server.pipeline.Statements;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open connections. INVARIANT: no connection is handed to anyone but its owner; for everyone else it does not exist.
 */
final class WireConnections {
    /** Longest connection id accepted; clients send 36 characters. */
    static final int MAX_ID_CHARACTERS = 256;

    private static final Logger LOGGER = LoggerFactory.getLogger(WireConnections.class);

    private final Map<String, WireConnection> connections = new ConcurrentHashMap<>();
    private final Map<String, Integer> perUser = new HashMap<>();
    private final Statements statements;
    private final AuditTrail trail;
    private final WireLimits limits;
    private final Clock clock;
    private boolean draining;

    WireConnections(Statements statements, AuditTrail trail, WireLimits limits, Clock clock) {
        this.statements = statements;
        this.trail = trail;
        this.limits = limits;
        this.clock = clock;
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

    /** Who a connection is for; a refusal, such as for an undeclared purpose, is an event of its own. */
    Subject admitted(Principal owner, Supplier<Subject> derived) {
        try {
            return derived.get();
        } catch (NicolException refused) {
            trail.event("login_refused", owner.name(), String.valueOf(refused.getMessage()));
            throw refused;
        }
    }

    void open(Principal owner, String id, Session session) {
        WireConnection opened = new WireConnection(id, owner, session, now());
        WireConnection other = admit(opened);
        if (other != null) {
            if (!other.owner().equals(owner)) {
                foreign(owner, other);
            }
            throw new ProtocolViolation("This connection id is in use. Connect with another one.");
        }
        try {
            trail.event("login", owner.name(), "connection `" + id + "`");
        } catch (RuntimeException | Error unrecorded) {
            forget(opened);
            throw unrecorded;
        }
    }

    /** Null where it was let in, else the connection that has its id. */
    private @Nullable WireConnection admit(WireConnection opened) {
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
            WireConnection other = connections.putIfAbsent(opened.id(), opened);
            if (other == null) {
                perUser.merge(user, 1, Integer::sum);
            }
            return other;
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
        lock(connection, limits.busyWait());
        try {
            if (connection.isClosed()) {
                throw new UnknownConnection();
            }
            connection.used(now());
            return work.apply(connection);
        } finally {
            connection.used(now());
            connection.lock().unlock();
        }
    }

    /** Closes it where it is open; whatever it still runs is cancelled. */
    void close(Principal principal, @Nullable String id) {
        WireConnection connection = id == null ? null : connections.get(id);
        if (connection == null) {
            return; // closing twice is no failure
        }
        if (!connection.owner().equals(principal)) {
            foreign(principal, connection);
            return; // as if it were not there
        }
        release(connection, limits.busyWait());
    }

    /** Cancels what a statement runs in another request, so that closing it need not wait for the end. */
    void cancelIfBusy(Principal principal, @Nullable String id, int statementId) {
        WireConnection connection = owned(principal, id);
        WireStatement statement = connection.statement(statementId);
        if (connection.lock().isLocked() && statement != null) {
            statement.cancel();
        }
    }

    private WireConnection owned(Principal principal, @Nullable String id) {
        WireConnection connection = id == null ? null : connections.get(id);
        if (connection == null) {
            throw new UnknownConnection();
        }
        if (!connection.owner().equals(principal)) {
            foreign(principal, connection);
            throw new UnknownConnection();
        }
        return connection;
    }

    private void foreign(Principal principal, WireConnection connection) {
        trail.event(
                "foreign_connection",
                principal.name(),
                "presented connection `" + connection.id() + "`, which belongs to `"
                        + connection.owner().name() + "`");
    }

    private static void lock(WireConnection connection, Duration wait) {
        try {
            if (connection.lock().tryLock(wait.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        throw busy();
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

    /** What runs on it is cancelled first. */
    private void release(WireConnection connection, Duration wait) {
        if (!connection.lock().tryLock()) {
            connection.statements().forEach(WireStatement::cancel);
            lock(connection, wait);
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
                    () -> trail.event("logout", connection.owner().name(), "connection `" + connection.id() + "`"),
                    failures);
            failures.forEach(failure -> LOGGER.warn("Closing a connection failed in part", failure));
        } finally {
            connection.lock().unlock();
        }
    }

    private void forget(WireConnection connection) {
        synchronized (perUser) {
            connections.remove(connection.id(), connection);
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
