package dev.nicol.server.audit;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The store of one server: an H2 database in one file, opened by one process at a time. */
final class EmbeddedStore extends Store {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedStore.class);
    private static final String URL_PREFIX = "jdbc:h2:file:";
    private static final String OWNER = "nicol";
    private static final String READER = "nicol_reader";
    private static final int READER_PASSWORD_BYTES = 24;

    /**
     * Names are lower case, found in any case. The reader needs the same, should its connection be the one that opens
     * the file again.
     */
    private static final String NAMES = ";DATABASE_TO_LOWER=TRUE;CASE_INSENSITIVE_IDENTIFIERS=TRUE";

    /**
     * {@link Posting} and acts say when the file is written ({@link #write}), and what is not in it is in the journal: H2's own
     * thread, which also wins back dead space, need not hurry. Large pages: as many rows are written at once, and questions read
     * them in order. The database stays open between connections, and {@link #close} alone closes it: H2's own shutdown hook
     * would race with the last outcomes. One transaction uses some ten different statements, more than H2 keeps prepared by
     * default.
     */
    private static final String OWNER_OPTIONS =
            NAMES + ";PAGE_SIZE=32768;WRITE_DELAY=5000;DB_CLOSE_DELAY=-1;DB_CLOSE_ON_EXIT=FALSE;QUERY_CACHE_SIZE=32";

    /** Of the memory that Java may use, what pages of the store may take: questions over a long trail read most of it. */
    private static final int CACHE_SHARE = 4;

    /** Connections that the chain is written on, for {@link Posting} and for an act: who reads must not keep them waiting. */
    private static final int WRITERS = 2;

    private final Path keys;
    private final Path path;
    private final StoreLock lock;
    private final HikariDataSource writers;

    private @Nullable String unread;

    private EmbeddedStore(StoreSettings settings, Path path, StoreLock lock, HikariDataSource pool, Reader reader) {
        super(settings, pool, reader);
        this.writers = pool(path, WRITERS);
        this.path = path;
        Path directory = settings.keys();
        this.keys = directory == null ? path : directory.resolve(path.getFileName());
        this.lock = lock;
    }

    static EmbeddedStore opened(StoreSettings settings) {
        Path path = path(settings);
        StoreLock lock = StoreLock.take(path);
        HikariDataSource pool = null;
        try {
            pool = pool(path, POOL_SIZE);
            restrict(Path.of(path + ".mv.db"));
            migrate(pool, "VARBINARY", settings);
            EmbeddedStore store = new EmbeddedStore(settings, path, lock, pool, prepare(pool, path, settings.server()));
            store.readJournal();
            return store;
        } catch (SQLException | IOException | RuntimeException e) {
            if (pool != null) {
                pool.close();
            }
            lock.close();
            if (e instanceof NicolException known) {
                throw known;
            }
            throw notOpened(
                    settings,
                    "The server's log says why; if the file is damaged, keep it for the auditors and restore the last"
                            + " backup.",
                    e);
        }
    }

    static Connection readOnly(StoreSettings settings) throws SQLException {
        // without the delay of zero the file would stay open, read only, for a server that this process starts later
        return DriverManager.getConnection(
                databaseUrl(path(settings)) + NAMES + ";ACCESS_MODE_DATA=r;IFEXISTS=TRUE;DB_CLOSE_DELAY=0", OWNER, "");
    }

    /**
     * Reads from the journal how a chain goes on after the tables of a store that no server runs on.
     *
     * @param links takes each link
     * @return what is wrong with what follows the last of them; null where nothing is
     */
    static @Nullable String readJournal(StoreSettings settings, TrailTransaction.Head head, Consumer<Link> links)
            throws SQLException {
        try {
            return new JournalReader(settings.server(), head, links).read(Journal.files(path(settings)));
        } catch (IOException failure) {
            throw new SQLException("the journal cannot be read", failure);
        }
    }

    /** Null where there is no store yet; throws where it is in use. */
    static @Nullable StoreLock lockExisting(StoreSettings settings) {
        Path path = path(settings);
        return Files.exists(Path.of(path + ".mv.db")) ? StoreLock.take(path) : null;
    }

    @Override
    public boolean shared() {
        return false;
    }

    @Override
    public Path maskKey() {
        return keys.resolveSibling(keys.getFileName() + ".mask-key");
    }

    @Override
    public Path checkpointKey() {
        return keys.resolveSibling(keys.getFileName() + ".checkpoint-key");
    }

    /** Brings into the tables what a server that was killed has left in its journal. */
    private void readJournal() throws SQLException, IOException {
        List<Path> files = Journal.files(path);
        List<Link> links = new ArrayList<>();
        unread = onWriter(connection -> {
            TrailTransaction.Head head = TrailTransaction.head(connection, server());
            try {
                return new JournalReader(server(), head, links::add).read(files);
            } catch (IOException failure) {
                throw new SQLException("the journal cannot be read", failure);
            }
        });
        int posted = post(links);
        // the journal goes on where the file ends
        onWriter(connection -> {
            write(connection, true);
            return true;
        });
        if (posted < links.size()) {
            unread = "event " + links.get(posted).eventId() + " in "
                    + files.get(0).getFileName() + " and on cannot be brought into the tables";
        }
        if (posted > 0) {
            LOG.info("{} events of the journal were brought into the trail's tables", posted);
        }
        if (unread == null) {
            Journal.delete(files);
        }
    }

    /** As many as the tables take; answers how many these are. */
    private int post(List<Link> links) {
        int posted = 0;
        int atOnce = Posting.BATCH_LINKS;
        while (posted < links.size() && atOnce > 0) {
            List<Link> some = links.subList(posted, Math.min(links.size(), posted + atOnce));
            try {
                onWriter(connection -> TrailTransaction.write(connection, server(), some));
                posted += some.size();
            } catch (SQLException | RuntimeException failure) {
                LOG.warn("{} events of the journal cannot be written at once", some.size(), failure);
                atOnce = some.size() / 2;
            }
        }
        return posted;
    }

    @Override
    @Nullable
    String unread() {
        return unread;
    }

    @Override
    void acceptBroken() {
        unread = null;
    }

    @Override
    Chain chain(TrailSettings trail) {
        if (unread != null) {
            throw NicolError.TRAIL_UNAVAILABLE.because("The journal of the store `" + path + "` is broken: " + unread);
        }
        try {
            return JournaledChain.open(this, Journal.open(path, trail.fsyncIntervalMs() == 0), trail);
        } catch (IOException failure) {
            throw NicolError.TRAIL_UNAVAILABLE.because(
                    "The journal of the store `" + path + "` cannot be written. Check that its directory belongs to the"
                            + " server's user and has space left.",
                    String.valueOf(failure.getMessage()),
                    failure);
        }
    }

    @Override
    Connection writer() throws SQLException {
        return writers.getConnection();
    }

    @Override
    void giveBack(Connection writer) throws SQLException {
        writer.close();
    }

    @Override
    void discard(Connection writer) {
        // closing it in order would throw, and hide what went wrong
        writers.evictConnection(writer);
        writers.getHikariPoolMXBean().softEvictConnections();
    }

    /** A commit changes memory only. */
    @Override
    void commit(Connection writer, boolean sync) throws SQLException {
        writer.commit();
        write(writer, sync);
    }

    @Override
    void sync(Connection writer) throws SQLException {
        write(writer, true);
    }

    /**
     * Returns when all that was committed before is in the file, and survives the end of this process. {@code CHECKPOINT} does
     * not promise that: where H2's own thread has just begun to write, it finds nothing to do, and what that thread handed to
     * others may not be written yet. So this waits for those too.
     *
     * @param force whether the operating system is to write the file too, for the machine's end
     */
    static void write(Connection connection, boolean force) throws SQLException {
        SessionLocal session =
                (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
        MVStore file = session.getDatabase().getStore().getMvStore();
        try {
            file.commit();
            file.executeFilestoreOperation(force ? file::sync : () -> {});
        } catch (MVStoreException failure) {
            throw new SQLException("the store's file cannot be written", failure);
        }
    }

    /** Closes the file, also for readers. */
    @Override
    public void close() {
        writers.close();
        try {
            Connection connection = pool().getConnection();
            try (Statement statement = connection.createStatement()) {
                statement.execute("SHUTDOWN");
            } finally {
                // giving it back would ask the closed database for its state
                pool().evictConnection(connection);
            }
        } catch (SQLException e) {
            LOG.warn("The store {} was not closed in order; it recovers when it is opened next", path, e);
        } finally {
            pool().close();
            lock.close();
        }
    }

    private static Path path(StoreSettings settings) {
        String url = settings.url();
        String rest = url.startsWith(URL_PREFIX) ? url.substring(URL_PREFIX.length()) : "";
        if (rest.isEmpty() || rest.contains(";")) {
            throw NicolError.TRAIL_UNAVAILABLE.because("The store's url `" + settings.urlWithoutOptions()
                    + "` is not understood. Write `" + URL_PREFIX + "<path>` without options, or `"
                    + PostgresStore.URL_PREFIX + "//host/database`.");
        }
        return Path.of(rest).toAbsolutePath().normalize();
    }

    /**
     * H2's default file access closes the whole database when a thread that happens to read is interrupted (cancelled
     * queries, a stopping web server); {@code async:} does not.
     */
    private static String databaseUrl(Path path) {
        return "jdbc:h2:async:" + path;
    }

    private static HikariDataSource pool(Path path, int size) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("store");
        long cacheKib = Runtime.getRuntime().maxMemory() / CACHE_SHARE / 1024;
        config.setJdbcUrl(databaseUrl(path) + OWNER_OPTIONS + ";CACHE_SIZE=" + Math.min(cacheKib, Integer.MAX_VALUE));
        config.setUsername(OWNER);
        config.setPassword("");
        config.setMaximumPoolSize(size);
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

    /** The server's chain, the views, which nobody can have changed then, and a reader whose password is made anew at every start. */
    private static Reader prepare(HikariDataSource pool, Path path, String server) throws SQLException {
        byte[] random = new byte[READER_PASSWORD_BYTES];
        new SecureRandom().nextBytes(random);
        String password = HexFormat.of().formatHex(random);
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            beginChain(connection, server);
            StoreViews.restore(connection);
            statement.execute("CREATE USER IF NOT EXISTS " + READER + " PASSWORD ''");
            statement.execute("ALTER USER " + READER + " SET PASSWORD '" + password + "'");
            for (String schema : EXPOSED_SCHEMAS) {
                statement.execute("GRANT SELECT ON SCHEMA " + schema + " TO " + READER);
            }
        }
        return new Reader("h2", databaseUrl(path) + NAMES + ";IFEXISTS=TRUE", READER, password);
    }
}
