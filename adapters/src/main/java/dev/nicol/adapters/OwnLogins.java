package dev.nicol.adapters;

import com.zaxxer.hikari.HikariConfig;
import dev.nicol.policy.HotReload;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The logins that users have of their own at one source, and their connections. Nobody falls back to another's. */
final class OwnLogins implements AutoCloseable {
    /** What MySQL and MariaDB say where they, or a user, have too many connections. */
    private static final Set<Integer> TOO_MANY = Set.of(1040, 1203, 1226);

    private final SourceDefinition definition;
    private final SourceAdapter adapter;
    private final Properties driver;
    private final @Nullable String initSql;
    private final @Nullable HotReload<Map<String, SourceLogin>> mapped;
    private final LoginPool pool;
    private final ScheduledExecutorService sweeper;

    /** @param configuration of the pool of the configured login: the driver's properties are the same but for the user */
    OwnLogins(
            SourceDefinition definition,
            SourceAdapter adapter,
            SourceCredentials.PassThrough passThrough,
            HikariConfig configuration,
            long connectionTimeoutMs) {
        this.definition = definition;
        this.adapter = adapter;
        this.driver = configuration.getDataSourceProperties();
        this.initSql = configuration.getConnectionInitSql();
        this.mapped = passThrough.logins() == null
                ? null
                : new HotReload<>(
                        passThrough.logins(), HotReload.DEFAULT_POLL_INTERVAL, SourceLogins::read, load -> {});
        this.pool =
                new LoginPool(this::open, definition.maxConnections(), passThrough.maxPerLogin(), connectionTimeoutMs);
        this.sweeper = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "source-" + definition.name() + "-idle");
            thread.setDaemon(true);
            return thread;
        });
        sweeper.scheduleWithFixedDelay(
                () -> pool.closeIdle(Source.IDLE_TIMEOUT_MS),
                Source.IDLE_TIMEOUT_MS,
                Source.IDLE_TIMEOUT_MS / 6,
                TimeUnit.MILLISECONDS);
    }

    /**
     * Whose connection a subject gets: what its own connection brought, else the entry under its own name, which for an agent
     * is the agent's and never its human's.
     */
    LoginPool.Key key(Subject subject, @Nullable SourceLogin stated) {
        String agent = subject.agent() == null ? "" : subject.agent();
        String name = agent.isEmpty() ? subject.userName() : agent;
        SourceLogin login =
                stated != null ? stated : mapped == null ? null : mapped.get().get(name);
        if (login == null) {
            throw NicolError.NOT_PERMITTED.because(
                    "Source `" + definition.name() + "` is read with everyone's own login,"
                            + " and there is none for `" + name + "`. Connect with the properties `" + definition.name()
                            + ".user` and `" + definition.name()
                            + ".password`, or ask an administrator for an entry in the source's `logins`.");
        }
        return new LoginPool.Key(subject.userName(), agent, login);
    }

    LoginPool.Held borrow(LoginPool.Key key) throws SQLException {
        return pool.borrow(key);
    }

    void giveBack(LoginPool.Held held, boolean usable) {
        pool.giveBack(held, usable);
    }

    private Connection open(LoginPool.Key key) throws SQLException {
        Properties properties = new Properties();
        properties.putAll(driver);
        adapter.describe(properties, key.user(), key.agent());
        properties.setProperty("user", key.login().user());
        properties.setProperty("password", key.login().password());
        Connection connection;
        try {
            connection = DriverManager.getConnection(definition.url(), properties);
        } catch (SQLException failure) {
            throw refusedUnlessDown(key, failure);
        } catch (RuntimeException failure) {
            // what a driver cannot even send
            throw refused(key, new SQLException(failure));
        }
        try (Statement statement = connection.createStatement()) {
            if (initSql != null) {
                statement.execute(initSql);
            }
            return connection;
        } catch (SQLException failure) {
            connection.close();
            throw refusedUnlessDown(key, failure);
        }
    }

    private NicolException refusedUnlessDown(LoginPool.Key key, SQLException failure) throws SQLException {
        if (isUnreachable(failure)) {
            throw failure;
        }
        return refused(key, failure);
    }

    /** Whether nobody would be let in: only then may the source count as down. */
    private static boolean isUnreachable(SQLException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException || cause instanceof SQLException sql && isShutDown(sql.getSQLState())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isShutDown(@Nullable String state) {
        return state != null && state.startsWith("57P");
    }

    /** The database answered, and it is this login that it does not let in. */
    private NicolException refused(LoginPool.Key key, SQLException failure) {
        String state = failure.getSQLState() == null ? "" : failure.getSQLState();
        if (state.equals("53300") || TOO_MANY.contains(failure.getErrorCode())) {
            return NicolError.TOO_MANY.because(
                    "Source `" + definition.name() + "` takes no more connections of this login now; try again later.",
                    DriverFailures.detail(failure),
                    failure);
        } else if (state.startsWith("28") || state.startsWith("42")) {
            return NicolError.NOT_PERMITTED.because(
                    "Source `" + definition.name() + "` does not let in the login of `" + key.principal()
                            + "`. Correct the properties `" + definition.name() + ".user` and `" + definition.name()
                            + ".password` of the connection, or ask an administrator to correct the entry in the source's"
                            + " `logins`.",
                    DriverFailures.detail(failure),
                    failure);
        }
        return NicolError.SOURCE_FAILED.because(
                "Source `" + definition.name() + "` cannot be reached with the login of `" + key.principal()
                        + "`; try again later.",
                DriverFailures.detail(failure),
                failure);
    }

    int inUse() {
        return pool.inUse();
    }

    void forgetConnections() {
        pool.forgetConnections();
    }

    @Override
    public void close() {
        sweeper.shutdownNow();
        if (mapped != null) {
            mapped.close();
        }
        pool.close();
    }
}
