package dev.nicol.adapters;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One live source: its pool, and a circuit breaker around connecting. Nothing is connected before the first
 * {@link #connection()}. Safe for use by many threads.
 */
public final class Source implements AutoCloseable {
    /** How long a statement waits for a connection, in milliseconds. */
    public static final long CONNECTION_TIMEOUT_MS = 10_000;

    /** An idle connection is closed after this many milliseconds. */
    public static final long IDLE_TIMEOUT_MS = 60_000;

    /** A source that failed is left alone for this many milliseconds. */
    public static final long BREAKER_OPEN_MS = 3_000;

    /** The breaker opens when this many connections in a row have failed. */
    public static final int BREAKER_FAILURES = 2;

    private final SourceDefinition definition;
    private final SourceAdapter adapter;
    private final HikariDataSource pool;
    private final CircuitBreaker breaker;
    private final Runnable beforeUse;

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
        this.pool = new HikariDataSource(configuration(definition, found, connectionTimeoutMs));
        this.breaker = CircuitBreaker.of(
                definition.name(),
                CircuitBreakerConfig.custom()
                        .slidingWindowSize(BREAKER_FAILURES)
                        .minimumNumberOfCalls(BREAKER_FAILURES)
                        .failureRateThreshold(100)
                        .permittedNumberOfCallsInHalfOpenState(1)
                        .waitDurationInOpenState(Duration.ofMillis(BREAKER_OPEN_MS))
                        .ignoreException(failure -> failure instanceof SQLException sql && isExhausted(sql))
                        .build());
    }

    private static HikariConfig configuration(
            SourceDefinition definition, SourceAdapter adapter, long connectionTimeoutMs) {
        HikariConfig configuration = new HikariConfig();
        configuration.setPoolName("source-" + definition.name());
        configuration.setJdbcUrl(definition.url());
        if (definition.user() != null) {
            configuration.setUsername(definition.user());
        }
        if (definition.password() != null) {
            configuration.setPassword(definition.password());
        }
        configuration.setMaximumPoolSize(definition.maxConnections());
        configuration.setMinimumIdle(0);
        configuration.setIdleTimeout(IDLE_TIMEOUT_MS);
        configuration.setConnectionTimeout(connectionTimeoutMs);
        // Start without the source, if need be.
        configuration.setInitializationFailTimeout(-1);
        definition.properties().forEach(configuration::addDataSourceProperty);
        // Last: what the adapter needs is not for the configuration to change.
        adapter.configure(configuration);
        return configuration;
    }

    public SourceDefinition definition() {
        return definition;
    }

    public SourceAdapter adapter() {
        return adapter;
    }

    /**
     * A connection from the pool, with autocommit on; closing it gives it back.
     *
     * @throws NicolException {@code SOURCE_FAILED} when the source cannot be reached, at once while it is known to be
     *     down; {@code TOO_MANY} when all connections stayed in use
     */
    public Connection connection() {
        beforeUse.run();
        try {
            return breaker.executeCallable(pool::getConnection);
        } catch (CallNotPermittedException open) {
            throw NicolError.SOURCE_FAILED.because(
                    "Source `" + definition.name() + "` is down; try again in a few seconds.",
                    "circuit breaker is open",
                    open);
        } catch (SQLException failure) {
            if (isExhausted(failure)) {
                throw NicolError.TOO_MANY.because(
                        "Source `" + definition.name() + "` has all of its " + definition.maxConnections()
                                + " connections in use; try again later, or raise its max_connections.",
                        detail(failure),
                        failure);
            }
            throw NicolError.SOURCE_FAILED.because(
                    "Source `" + definition.name() + "` " + reason(failure) + ".", detail(failure), failure);
        } catch (Exception failure) {
            throw NicolError.SOURCE_FAILED.because(
                    "Source `" + definition.name() + "` cannot be reached.",
                    String.valueOf(failure.getMessage()),
                    failure);
        }
    }

    /** Why connecting failed, in words that hold nothing of the driver's: addresses and users stay out. */
    static String reason(SQLException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String state = cause instanceof SQLException sql ? sql.getSQLState() : null;
            if (state != null && state.startsWith("28")) {
                return "refuses the configured user or password";
            } else if (state != null && state.equals("3D000")) {
                return "has no such database as its URL names";
            }
        }
        return "cannot be reached";
    }

    /** Waiting was in vain although nothing failed: every connection is in use. */
    private boolean isExhausted(SQLException failure) {
        return failure instanceof SQLTransientConnectionException
                && failure.getCause() == null
                && pool.getHikariPoolMXBean() != null
                && pool.getHikariPoolMXBean().getActiveConnections() >= definition.maxConnections();
    }

    private static String detail(@Nullable Throwable failure) {
        StringBuilder detail = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            detail.append(detail.isEmpty() ? "" : "; ").append(cause.getMessage());
        }
        return detail.toString();
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
        if (isBroken(failure)) {
            forgetConnections();
        }
    }

    /** Whether a failure is the end of its connection. */
    static boolean isBroken(SQLException failure) {
        String state = failure.getSQLState();
        return failure instanceof SQLNonTransientConnectionException
                || failure instanceof SQLTransientConnectionException
                || failure instanceof SQLRecoverableException
                || (state != null && (state.startsWith("08") || state.startsWith("57P")));
    }

    /** Drops idle connections, and those in use as they come back: one of them was found dead. */
    void forgetConnections() {
        if (pool.getHikariPoolMXBean() != null) {
            pool.getHikariPoolMXBean().softEvictConnections();
        }
    }

    /** Connections in use now. */
    public int activeConnections() {
        return pool.getHikariPoolMXBean() == null
                ? 0
                : pool.getHikariPoolMXBean().getActiveConnections();
    }

    /** Closes the pool; connections in use are aborted. */
    @Override
    public void close() {
        pool.close();
    }

    @Override
    public String toString() {
        return definition.toString();
    }
}
