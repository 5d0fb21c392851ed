package dev.nicol.server.audit;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.nicol.policy.NicolError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded store of one server: an H2 database in one file, opened by one process at a time. What SQL may see of it
 * lies in the schemas {@link #EXPOSED_SCHEMAS}.
 */
public final class Store implements AutoCloseable {
    /** The schemas that the catalog {@code nicol} shows; {@link #reader()} may read these and no others. */
    public static final List<String> EXPOSED_SCHEMAS = List.of("audit", "lineage", "policy", "approval");

    private static final Logger LOG = LoggerFactory.getLogger(Store.class);
    private static final String URL_PREFIX = "jdbc:h2:file:";
    private static final String OWNER = "nicol";
    private static final String READER = "nicol_reader";
    private static final int READER_PASSWORD_BYTES = 24;

    /** Connections for the writer, for approvals and for verifying. */
    private static final int POOL_SIZE = 4;

    private static final long CONNECT_TIMEOUT_MS = 2_000;

    /**
     * Names are lower case, found in any case. The reader needs the same, should its connection be the one that opens
     * the file again.
     */
    private static final String NAMES = ";DATABASE_TO_LOWER=TRUE;CASE_INSENSITIVE_IDENTIFIERS=TRUE";

    /**
     * The trail's writer itself says when the file is written ({@code CHECKPOINT}), before it acknowledges anything:
     * H2's {@code WRITE_DELAY=0} would do so at every commit, but ends the thread that wins back dead space, and the file
     * would only grow. Small pages: a statement changes the last page of some fifteen tables and indexes, and every
     * changed page is written whole. The database stays open between connections, and {@link #close} alone closes it:
     * H2's own shutdown hook would race with the last outcomes. One transaction uses some ten different statements, more
     * than H2 keeps prepared by default.
     */
    private static final String OWNER_OPTIONS =
            NAMES + ";PAGE_SIZE=1024;WRITE_DELAY=500;DB_CLOSE_DELAY=-1;DB_CLOSE_ON_EXIT=FALSE;QUERY_CACHE_SIZE=32";

    private final Path path;
    private final StoreLock lock;
    private final HikariDataSource pool;
    private final Jdbi jdbi;
    private final Reader reader;

    private Store(Path path, StoreLock lock, HikariDataSource pool, Reader reader) {
        this.path = path;
        this.lock = lock;
        this.pool = pool;
        this.jdbi = Jdbi.create(pool);
        this.reader = reader;
    }

    /**
     * How our own H2 adapter connects to read the exposed schemas. The password is made anew at every start.
     *
     * @param url without secrets
     */
    public record Reader(String url, String user, String password) {
        @Override
        public String toString() {
            return "Reader[url=" + url + ", user=" + user + "]";
        }
    }

    /**
     * Opens the store, creating or migrating it.
     *
     * @param url {@code jdbc:h2:file:<path>}; the path is relative to the working directory unless absolute
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where it cannot be opened, says why
     */
    public static Store open(String url) {
        Path path = path(url);
        StoreLock lock = StoreLock.take(path);
        HikariDataSource pool = null;
        try {
            pool = pool(path);
            restrict(Path.of(path + ".mv.db"));
            migrate(pool);
            return new Store(path, lock, pool, createReader(pool, path));
        } catch (SQLException | RuntimeException e) {
            if (pool != null) {
                pool.close();
            }
            lock.close();
            throw NicolError.TRAIL_UNAVAILABLE.because(
                    "The store `" + path
                            + "` cannot be opened. The server's log says why; if the file is damaged, keep it"
                            + " for the auditors and restore the last backup.",
                    String.valueOf(e.getMessage()),
                    e);
        }
    }

    /**
     * A connection that can read a store and change nothing, for verifying a copy, or the store of a server that does not
     * run. It sees all schemas.
     *
     * @throws SQLException where the file is missing, damaged or in use
     */
    static Connection openReadOnly(String url) throws SQLException {
        // without the delay of zero the file would stay open, read only, for a server that this process starts later
        return DriverManager.getConnection(
                databaseUrl(path(url)) + NAMES + ";ACCESS_MODE_DATA=r;IFEXISTS=TRUE;DB_CLOSE_DELAY=0", OWNER, "");
    }

    public Jdbi jdbi() {
        return jdbi;
    }

    public Reader reader() {
        return reader;
    }

    /** The store's path, without H2's ending {@code .mv.db}. */
    public Path path() {
        return path;
    }

    /** A connection of the owner's, for the trail's writer; closing it gives it back. */
    Connection connection() throws SQLException {
        return pool.getConnection();
    }

    /** Closes a connection for good, and all idle ones: after a failure nobody knows what state they are in. */
    void discard(Connection connection) {
        pool.evictConnection(connection);
        pool.getHikariPoolMXBean().softEvictConnections();
    }

    /** Closes the file, also for readers. */
    @Override
    public void close() {
        try {
            Connection connection = pool.getConnection();
            try (Statement statement = connection.createStatement()) {
                statement.execute("SHUTDOWN");
            } finally {
                // giving it back would ask the closed database for its state
                pool.evictConnection(connection);
            }
        } catch (SQLException e) {
            LOG.warn("The store {} was not closed in order; it recovers when it is opened next", path, e);
        } finally {
            pool.close();
            lock.close();
        }
    }

    private static Path path(String url) {
        String rest = url.startsWith(URL_PREFIX) ? url.substring(URL_PREFIX.length()) : "";
        if (rest.isEmpty() || rest.contains(";")) {
            throw NicolError.TRAIL_UNAVAILABLE.because("The store's url `" + withoutOptions(url)
                    + "` is not understood. Write `" + URL_PREFIX + "<path>` without options.");
        }
        return Path.of(rest).toAbsolutePath().normalize();
    }

    /** Options may carry a password. */
    private static String withoutOptions(String url) {
        return url.split("[;?]", 2)[0].replaceAll("//[^/@]*@", "//");
    }

    /**
     * H2's default file access closes the whole database when a thread that happens to read is interrupted (cancelled
     * queries, a stopping web server); {@code async:} does not.
     */
    private static String databaseUrl(Path path) {
        return "jdbc:h2:async:" + path;
    }

    private static HikariDataSource pool(Path path) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("store");
        config.setJdbcUrl(databaseUrl(path) + OWNER_OPTIONS);
        config.setUsername(OWNER);
        config.setPassword("");
        config.setMaximumPoolSize(POOL_SIZE);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECT_TIMEOUT_MS);
        return new HikariDataSource(config);
    }

    /** The trail holds what people asked: only the server's own user reads the file. */
    private static void restrict(Path file) {
        try {
            if (Files.exists(file)
                    && file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            }
        } catch (IOException e) {
            LOG.warn("the store's file could not be made private: {}", e.getMessage());
        }
    }

    private static void migrate(HikariDataSource pool) {
        try {
            Flyway.configure(Store.class.getClassLoader())
                    .dataSource(pool)
                    .locations("classpath:dev/nicol/server/audit/migration")
                    .defaultSchema("internal")
                    .createSchemas(true)
                    .javaMigrations(new FlowsOfEvents())
                    .placeholders(Map.of("bytes", "VARBINARY"))
                    .load()
                    .migrate();
        } catch (FlywayException e) {
            throw new IllegalStateException("the store's schema cannot be brought up to date: " + e.getMessage(), e);
        }
    }

    private static Reader createReader(HikariDataSource pool, Path path) throws SQLException {
        byte[] random = new byte[READER_PASSWORD_BYTES];
        new SecureRandom().nextBytes(random);
        String password = HexFormat.of().formatHex(random);
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE USER IF NOT EXISTS " + READER + " PASSWORD ''");
            statement.execute("ALTER USER " + READER + " SET PASSWORD '" + password + "'");
            for (String schema : EXPOSED_SCHEMAS) {
                statement.execute("GRANT SELECT ON SCHEMA " + schema + " TO " + READER);
            }
        }
        return new Reader(databaseUrl(path) + NAMES + ";IFEXISTS=TRUE", READER, password);
    }
}
