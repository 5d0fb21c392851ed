package dev.nicol.server.audit;

import com.zaxxer.hikari.HikariDataSource;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Where the trail is kept, and all that outlives a server: an embedded database of one server, or a PostgreSQL database
 * that several share. What SQL may see of it lies in the schemas {@link #EXPOSED_SCHEMAS}.
 */
public abstract class Store implements AutoCloseable {
    /** The schemas that the catalog {@code nicol} shows; {@link #reader()} may read these and no others. */
    public static final List<String> EXPOSED_SCHEMAS = List.of("audit", "lineage", "policy", "approval");

    /** Connections beside those that the chain is written on: for approvals, for questions and for verifying. */
    static final int POOL_SIZE = 4;

    static final long CONNECT_TIMEOUT_MS = 2_000;

    private final StoreSettings settings;
    private final HikariDataSource pool;
    private final Jdbi jdbi;
    private final Reader reader;

    /** Returns once the tables hold what was acknowledged. */
    private volatile Runnable upToDate = () -> {};

    Store(StoreSettings settings, HikariDataSource pool, Reader reader) {
        this.settings = settings;
        this.pool = pool;
        this.jdbi = Jdbi.create(pool);
        this.reader = reader;
    }

    /**
     * How one of our own adapters connects to read the exposed schemas, and nothing else.
     *
     * @param kind the adapter's
     * @param url without secrets
     */
    public record Reader(String kind, String url, String user, String password) {
        @Override
        public String toString() {
            return "Reader[kind=" + kind + ", user=" + user + "]";
        }
    }

    /**
     * Opens the store for one server, creating or migrating it.
     *
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where it cannot be opened, says why
     */
    public static Store open(StoreSettings settings) {
        return settings.postgres() ? PostgresStore.opened(settings) : EmbeddedStore.opened(settings);
    }

    /**
     * A connection that can read a store and change nothing, for verifying: a copy, a store that no server runs on, or a
     * PostgreSQL store in service, as it is at one moment. It sees all schemas.
     *
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where the store is missing, damaged or in use
     */
    static Connection openReadOnly(StoreSettings settings) {
        try {
            return settings.postgres() ? PostgresStore.readOnly(settings) : EmbeddedStore.readOnly(settings);
        } catch (SQLException e) {
            throw notOpened(
                    settings,
                    settings.postgres()
                            ? "Check that PostgreSQL runs and that `store.user` may log in."
                            : "Start a server on it once if there is none yet, stop the server that uses it, or verify"
                                    + " a copy.",
                    e);
        }
    }

    /**
     * Looks into a store without a server; null where there is none, where a server has it to itself, and where it is not of
     * this version.
     */
    public static <T> @Nullable T peek(StoreSettings settings, Function<Handle, T> reading) {
        try (StoreLock lock = settings.postgres() ? null : EmbeddedStore.lockExisting(settings)) {
            if (lock == null && !settings.postgres()) {
                return null;
            }
            try (Connection connection = openReadOnly(settings);
                    Handle handle = Jdbi.open(connection)) {
                return reading.apply(handle);
            }
        } catch (NicolException | JdbiException | SQLException unreadable) {
            LoggerFactory.getLogger(Store.class).debug("the store is not looked into", unreadable);
            return null;
        }
    }

    /** The name of the server that it is open for, and of that server's chain. */
    public String server() {
        return settings.server();
    }

    /** Whether other servers may change it. */
    public abstract boolean shared();

    /** Sees what was acknowledged before. */
    public Jdbi jdbi() {
        awaitUpToDate();
        return jdbi;
    }

    /**
     * Returns once the tables hold what was acknowledged, for whoever reads them on connections of their own.
     *
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where they cannot
     */
    public void awaitUpToDate() {
        upToDate.run();
    }

    /** @param awaiting runs before each reading */
    void readAfter(Runnable awaiting) {
        upToDate = awaiting;
    }

    /**
     * Reads from the store.
     *
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where it does not answer
     */
    public <T, X extends Exception> T read(HandleCallback<T, X> reading) throws X {
        try {
            return jdbi().withHandle(reading);
        } catch (JdbiException failure) {
            throw NicolError.TRAIL_UNAVAILABLE.because(
                    "The store cannot be read, so nothing ran. Try again; if it persists, tell the operator.",
                    String.valueOf(failure.getMessage()),
                    failure);
        }
    }

    public Reader reader() {
        return reader;
    }

    /** The file of the key of masks, the same for every server of the store. */
    public abstract Path maskKey();

    /** The file of the key that signs this server's checkpoints. */
    public abstract Path checkpointKey();

    /** A connection of the owner's that sees what was acknowledged before; closing it gives it back. */
    Connection connection() throws SQLException {
        awaitUpToDate();
        return pool.getConnection();
    }

    HikariDataSource pool() {
        return pool;
    }

    /** What is done on the writer's connection. */
    interface Work<T extends @Nullable Object> {
        T on(Connection writer) throws SQLException;
    }

    /** Works on the connection that this server's chain is written on. */
    final <T extends @Nullable Object> T onWriter(Work<T> work) throws SQLException {
        Connection connection = writer();
        boolean sound = false;
        try {
            T result = work.on(connection);
            sound = true;
            return result;
        } finally {
            if (sound) {
                giveBack(connection);
            } else {
                discard(connection);
                // nobody knows what state the idle ones are in
                pool.getHikariPoolMXBean().softEvictConnections();
            }
        }
    }

    /**
     * How this server's chain is written from now on.
     *
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where it cannot be
     */
    abstract Chain chain(TrailSettings trail);

    /**
     * What is wrong with what was acknowledged and is not in the tables; null where nothing is. Until that is
     * accepted there is no {@link #chain}.
     */
    @Nullable
    String unread() {
        return null;
    }

    /** What cannot be read is kept beside the store, and the chain goes on without it; views are as they were made. */
    abstract void acceptBroken() throws SQLException;

    abstract Connection writer() throws SQLException;

    abstract void giveBack(Connection writer) throws SQLException;

    /** Something failed on it: what is under way is taken back, and a connection that is not sound is closed for good. */
    abstract void discard(Connection writer);

    /** Commits, so that it survives the end of every process; with {@code sync} also a power cut. */
    abstract void commit(Connection writer, boolean sync) throws SQLException;

    /** Makes all that was committed survive a power cut. */
    abstract void sync(Connection writer) throws SQLException;

    /** Closes it for readers too; a PostgreSQL store goes on for other servers. */
    @Override
    public abstract void close();

    static void migrate(HikariDataSource pool, String bytes, StoreSettings settings) {
        try {
            Flyway flyway = Flyway.configure(Store.class.getClassLoader())
                    .dataSource(pool)
                    .locations("classpath:dev/nicol/server/audit/migration")
                    .defaultSchema("internal")
                    .createSchemas(true)
                    .javaMigrations(new FlowsOfEvents(), new UsagesOfEvents())
                    .placeholders(Map.of("bytes", bytes, "server", settings.server()))
                    .load();
            for (MigrationInfo migration : flyway.info().applied()) {
                if (migration.getState() == MigrationState.FUTURE_SUCCESS) {
                    throw NicolError.TRAIL_UNAVAILABLE.because("The store `" + settings.urlWithoutOptions()
                            + "` was last opened by a newer version of Nicol, which keeps more in it (its schema has version `"
                            + migration.getVersion()
                            + "`). Start that version or a later one; a store does not go back.");
                }
            }
            flyway.migrate();
        } catch (FlywayException e) {
            throw new IllegalStateException("the store's schema cannot be brought up to date: " + e.getMessage(), e);
        }
    }

    /** A server that is new here gets a chain; one whose chain lost its head gets none, and cannot write. */
    static void beginChain(Connection connection, String server) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "INSERT INTO internal.chain_heads (chain, last_id, last_hash) SELECT ?, 0, ? WHERE NOT EXISTS"
                        + " (SELECT 1 FROM internal.chain_heads WHERE chain = ?) AND NOT EXISTS"
                        + " (SELECT 1 FROM audit.events WHERE server = ?) AND NOT EXISTS"
                        + " (SELECT 1 FROM internal.event_bytes WHERE server = ?)")) {
            statement.setString(1, server);
            statement.setString(2, EventHash.GENESIS);
            statement.setString(3, server);
            statement.setString(4, server);
            statement.setString(5, server);
            statement.executeUpdate();
        }
    }

    static RuntimeException notOpened(StoreSettings settings, String what, Exception failure) {
        return NicolError.TRAIL_UNAVAILABLE.because(
                "The store `" + settings.urlWithoutOptions() + "` cannot be opened. " + what,
                String.valueOf(failure.getMessage()),
                failure);
    }
}
