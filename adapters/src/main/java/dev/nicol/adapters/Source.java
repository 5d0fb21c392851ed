package dev.nicol.adapters;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One live source: its pools, and a circuit breaker around connecting. Nothing is connected before the first connection is
 * asked for. INVARIANT: no connection is given out before its session was told whom it works for, or to nobody where it
 * works for Nicol itself. Safe for use by many threads.
 */
public final class Source implements AutoCloseable {
    /** How long a statement waits for a connection, in milliseconds. */
    public static final long CONNECTION_TIMEOUT_MS = 10_000;

    /** An idle connection is closed after this many milliseconds. */
    public static final long IDLE_TIMEOUT_MS = 60_000;

    /** Connections with the configured login of a source that users read with their own: catalogue, samples, look-ups. */
    public static final int MAX_OWN_CONNECTIONS = 2;

    /** A source that failed is left alone for this many milliseconds. */
    public static final long BREAKER_OPEN_MS = 3_000;

    /** The breaker opens when this many connections in a row have failed. */
    public static final int BREAKER_FAILURES = 2;

    private static final Logger LOG = LoggerFactory.getLogger(Source.class);

    private final SourceDefinition definition;
    private final SourceAdapter adapter;
    private final HikariDataSource pool;
    private final ParkedConnections parked;
    private final CircuitBreaker breaker;
    private final Runnable beforeUse;
    private final EarlyRoom early;
    private volatile Runnable missed = () -> {};

    /** What the sessions of the pool's connections were told, by the driver's connection. */
    private final Map<Connection, SessionState> states = Collections.synchronizedMap(new WeakHashMap<>());

    /** Null where nobody has a login of their own. */
    private final @Nullable OwnLogins ownLogins;

    /** @throws NicolException where the definition names a kind that is not there */
    public Source(SourceDefinition definition) {
        this(definition, () -> {});
    }

    /** @param beforeUse runs before each connection is given out; what it throws is thrown there */
    public Source(SourceDefinition definition, Runnable beforeUse) {
        this(definition, CONNECTION_TIMEOUT_MS, beforeUse);
    }

    /** With another time to wait for a connection, in milliseconds; 250 at least. */
    Source(SourceDefinition definition, long connectionTimeoutMs) {
        this(definition, connectionTimeoutMs, () -> {});
    }

    private Source(SourceDefinition definition, long connectionTimeoutMs, Runnable beforeUse) {
        this.definition = definition;
        this.beforeUse = beforeUse;
        SourceAdapter found = SourceAdapters.find(definition.kind());
        if (found == null) {
            throw NicolError.NOT_SUPPORTED.because("Source `" + definition.name() + "` has the unknown kind `"
                    + definition.kind() + "`; use one of " + SourceAdapters.kinds() + ".");
        }
        this.adapter = found;
        HikariConfig configuration = PoolConfiguration.of(definition, found, connectionTimeoutMs);
        this.pool = new HikariDataSource(configuration);
        this.parked = new ParkedConnections(() -> waitingForConnections() > 0);
        this.breaker = CircuitBreaker.of(
                definition.name(),
                CircuitBreakerConfig.custom()
                        .slidingWindowSize(BREAKER_FAILURES)
                        .minimumNumberOfCalls(BREAKER_FAILURES)
                        .failureRateThreshold(100)
                        .permittedNumberOfCallsInHalfOpenState(1)
                        .waitDurationInOpenState(Duration.ofMillis(BREAKER_OPEN_MS))
                        .ignoreException(failure -> failure instanceof NicolException
                                || failure instanceof LoginPool.Exhausted
                                || failure instanceof SQLException sql && isExhausted(sql))
                        .build());
        this.ownLogins = definition.credentials() instanceof SourceCredentials.PassThrough passThrough
                ? new OwnLogins(definition, found, passThrough, configuration, connectionTimeoutMs)
                : null;
        this.early = EarlyRoom.of(definition);
    }

    public SourceDefinition definition() {
        return definition;
    }

    public SourceAdapter adapter() {
        return adapter;
    }

    /**
     * A connection from the pool for Nicol itself, with autocommit on; closing it gives it back.
     *
     * @throws NicolException {@code SOURCE_FAILED} when the source cannot be reached, at once while it is known to be
     *     down; {@code TOO_MANY} when all connections stayed in use
     */
    public Connection connection() {
        return forPolicy().connection();
    }

    /** The same, to read what policies look up. */
    public SourceConnection forPolicy() {
        return shared(SourceIdentity.NOBODY, null);
    }

    /**
     * A connection for a subject, with the credentials the source has for it, whose session knows whom it works for.
     *
     * @param stated the login that the subject's connection brought; null: none
     * @throws NicolException as {@link #connection()}, and {@code NOT_PERMITTED} where there is no login or role for the
     *     subject, or the source refuses it
     */
    public SourceConnection borrow(SourceIdentity identity, Subject subject, @Nullable SourceLogin stated) {
        OwnLogins logins = ownLogins;
        if (logins == null) {
            return shared(identity, role(subject));
        }
        LoginPool.Key key = logins.key(subject, stated);
        beforeUse.run();
        LoginPool.Held held = connecting(() -> logins.borrow(key));
        return tagged(
                new SourceConnection(
                        held.connection(),
                        held.state(),
                        key,
                        connection -> logins.giveBack(held, !connection.isUnusable())),
                identity,
                null);
    }

    /** Room to {@link #borrow} for rows that nobody asks for yet: ends it; null where others may want the connection. */
    public @Nullable Runnable early(Subject subject) {
        return waitingForConnections() > 0 ? null : early.take(subject.userName() + '\0' + subject.agent());
    }

    /** Tells the session of a connection that stays lent, in an open transaction, whom it works for now. */
    public void retag(SourceConnection lent, SourceIdentity identity, Subject subject, @Nullable SourceLogin stated) {
        if (ownLogins != null && !ownLogins.key(subject, stated).equals(lent.login())) {
            throw NicolError.NOT_PERMITTED.because("Your login at source `" + definition.name()
                    + "` has changed since this transaction began. ROLLBACK, then start again.");
        }
        String role = role(subject);
        if (!lent.state().is(identity, role)) {
            tell(lent, identity, role);
            // a rollback takes back what was told in its transaction
            lent.discard();
        }
    }

    private @Nullable String role(Subject subject) {
        return definition.credentials() instanceof SourceCredentials.Impersonate impersonate
                ? impersonate.role(definition.name(), subject)
                : null;
    }

    private SourceConnection shared(SourceIdentity identity, @Nullable String role) {
        beforeUse.run();
        ParkedConnections.Parked known = parked.take(identity);
        if (known == null && isFull()) {
            known = parked.takeAny();
        }
        Connection connection = known == null ? connecting(pool::getConnection) : known.connection();
        long lentNanos = known == null ? System.nanoTime() : known.lentNanos();
        return tagged(
                new SourceConnection(connection, state(connection), null, lent -> giveBack(lent, identity, lentNanos)),
                identity,
                role);
    }

    /** Whether the pool has no connection left to give. */
    private boolean isFull() {
        return parked.size() > 0
                && ofPool(HikariPoolMXBean::getIdleConnections) == 0
                && ofPool(HikariPoolMXBean::getTotalConnections) >= pool.getMaximumPoolSize();
    }

    private SessionState state(Connection pooled) {
        try {
            return states.computeIfAbsent(pooled.unwrap(Connection.class), physical -> new SessionState());
        } catch (SQLException failure) {
            pool.evictConnection(pooled);
            throw SourceFailures.of(adapter, definition.name(), failure);
        }
    }

    private void giveBack(SourceConnection lent, SourceIdentity identity, long lentNanos) {
        if (lent.isUnusable()) {
            // it is closed and out of the pool by this; the pool cannot take it back as well
            pool.evictConnection(lent.connection());
            return;
        }
        if (parked.park(identity, lent.connection(), lentNanos)) {
            return;
        }
        try {
            lent.connection().close();
        } catch (SQLException | RuntimeException failure) {
            LOG.debug("giving a connection back failed; its pool will drop it", failure);
        }
    }

    private SourceConnection tagged(SourceConnection lent, SourceIdentity identity, @Nullable String role) {
        if (!lent.state().is(identity, role)) {
            try {
                tell(lent, identity, role);
            } catch (RuntimeException | Error failure) {
                lent.close();
                throw failure;
            }
        }
        return lent;
    }

    /** Fails closed: where the session cannot be told whom it works for, nothing runs on it. */
    private void tell(SourceConnection lent, SourceIdentity identity, @Nullable String role) {
        SessionState state = lent.state();
        String before = state.role();
        state.lose();
        try {
            adapter.tag(lent.connection(), identity, before, role);
            state.told(identity, role);
        } catch (SQLException failure) {
            NicolError error = adapter.classify(failure);
            if (role != null && (error == NicolError.NOT_PERMITTED || error == NicolError.DATA)) {
                throw NicolError.NOT_PERMITTED.because(
                        "Source `" + definition.name()
                                + "` does not let Nicol take the role that is configured for you."
                                + " Ask an administrator.",
                        DriverFailures.detail(failure),
                        failure);
            }
            failed(failure);
            throw SourceFailures.of(adapter, definition.name(), failure);
        }
    }

    private <T> T connecting(Callable<T> connect) {
        try {
            return breaker.executeCallable(connect);
        } catch (CallNotPermittedException open) {
            throw NicolError.SOURCE_FAILED.because(
                    "Source `" + definition.name() + "` is down; try again in a few seconds.",
                    "circuit breaker is open",
                    open);
        } catch (NicolException known) {
            throw known;
        } catch (LoginPool.Exhausted exhausted) {
            throw NicolError.TOO_MANY.because("Source `" + definition.name() + "` has all of its "
                    + (exhausted.ofLogin()
                            ? "connections of your login in use; try again later, or raise its"
                                    + " max_connections_per_login."
                            : definition.maxConnections()
                                    + " connections in use; try again later, or raise its max_connections."));
        } catch (SQLException failure) {
            if (isExhausted(failure)) {
                throw NicolError.TOO_MANY.because(
                        "Source `" + definition.name() + "` has all of its " + PoolConfiguration.mostShared(definition)
                                + " connections in use; try again later, or raise its max_connections.",
                        DriverFailures.detail(failure),
                        failure);
            }
            throw NicolError.SOURCE_FAILED.because(
                    "Source `" + definition.name() + "` " + DriverFailures.reason(adapter, failure) + ".",
                    DriverFailures.detail(failure),
                    failure);
        } catch (Exception failure) {
            throw NicolError.SOURCE_FAILED.because(
                    "Source `" + definition.name() + "` cannot be reached.",
                    String.valueOf(failure.getMessage()),
                    failure);
        }
    }

    /** Waiting was in vain although nothing failed: every connection is in use. */
    private boolean isExhausted(SQLException failure) {
        return failure instanceof SQLTransientConnectionException
                && failure.getCause() == null
                && pool.getHikariPoolMXBean() != null
                && pool.getHikariPoolMXBean().getActiveConnections() >= PoolConfiguration.mostShared(definition);
    }

    /** Ends the pause after failures: the source is known to be back. */
    void answered() {
        if (breaker.getState() != CircuitBreaker.State.CLOSED) {
            breaker.transitionToClosedState();
        }
    }

    /**
     * Told of a failure on one of its connections: where the connection is gone, all that lie in the pool are, and the next
     * statement shall find a fresh one.
     */
    public void failed(SQLException failure) {
        if (DriverFailures.isBroken(failure)) {
            forgetConnections();
        } else if (adapter.missesName(failure)) {
            missed.run();
        }
    }

    /** @param listener runs whenever a statement has named a table or column that is not there; it must not block */
    void onMissed(Runnable listener) {
        missed = listener;
    }

    /** Drops idle connections, and those in use as they come back: one of them was found dead. */
    void forgetConnections() {
        if (pool.getHikariPoolMXBean() != null) {
            pool.getHikariPoolMXBean().softEvictConnections();
        }
        parked.giveBack();
        if (ownLogins != null) {
            ownLogins.forgetConnections();
        }
    }

    /** Connections in use now. */
    public int activeConnections() {
        int shared = Math.max(0, ofPool(HikariPoolMXBean::getActiveConnections) - parked.size());
        return shared + (ownLogins == null ? 0 : ownLogins.inUse());
    }

    /** Connections with the configured login that lie idle. */
    public int idleConnections() {
        return ofPool(HikariPoolMXBean::getIdleConnections) + parked.size();
    }

    /** Who waits for one. */
    public int waitingForConnections() {
        return ofPool(HikariPoolMXBean::getThreadsAwaitingConnection);
    }

    /** A number of the shared pool's, which has none before its first connection. */
    private int ofPool(ToIntFunction<HikariPoolMXBean> number) {
        HikariPoolMXBean now = pool.getHikariPoolMXBean();
        return now == null ? 0 : number.applyAsInt(now);
    }

    /** Closes the pool; its connections in use are aborted, those of users' own logins close as they come back. */
    @Override
    public void close() {
        if (ownLogins != null) {
            ownLogins.close();
        }
        parked.close();
        pool.close();
    }

    @Override
    public String toString() {
        return definition.toString();
    }
}
