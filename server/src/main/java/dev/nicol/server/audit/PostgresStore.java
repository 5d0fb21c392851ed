package dev.nicol.server.audit;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A PostgreSQL database that several servers share, each of which writes a chain of its own. */
final class PostgresStore extends Store {
    static final String URL_PREFIX = "jdbc:postgresql:";

    /** They would be the reader's too. */
    private static final Pattern CREDENTIALS_IN_URL = Pattern.compile("(?i).*[?&](user|password)=.*|.*//[^/]*@.*");

    /** Of the servers that start at once, one prepares the schema at a time. */
    private static final String PREPARING = "preparing the store";

    private static final String PREPARING_TIMEOUT = "60s";
    private static final int ANSWER_TIMEOUT_S = 2;
    private static final Logger LOG = LoggerFactory.getLogger(PostgresStore.class);

    private final StoreSettings settings;
    private final Path keys;
    private final WriterSession session;

    private PostgresStore(
            StoreSettings settings, Path keys, WriterSession session, HikariDataSource pool, Reader reader) {
        super(settings, pool, reader);
        this.settings = settings;
        this.keys = keys;
        this.session = session;
    }

    static PostgresStore opened(StoreSettings settings) {
        Path keys = settings.keys();
        if (keys == null
                || settings.user() == null
                || CREDENTIALS_IN_URL.matcher(settings.url()).matches()) {
            throw NicolError.TRAIL_UNAVAILABLE.because("The store `" + settings.urlWithoutOptions()
                    + "` needs `store.user` and `store.password`, outside the URL, and a directory `store.keys`.");
        }
        WriterSession session = new WriterSession(settings);
        HikariDataSource pool = null;
        try {
            Connection owner = session.connection();
            pool = pool(settings);
            Reader reader = prepared(owner, pool, settings);
            return new PostgresStore(settings, keys, session, pool, reader);
        } catch (SQLException | RuntimeException e) {
            if (pool != null) {
                pool.close();
            }
            session.close();
            throw refused(settings, e);
        }
    }

    private static RuntimeException refused(StoreSettings settings, Exception failure) {
        if (failure instanceof NicolException known) {
            return known;
        }
        if (failure instanceof SQLException sql && WriterSession.LOCK_NOT_AVAILABLE.equals(sql.getSQLState())) {
            return NicolError.TRAIL_UNAVAILABLE.because("The store `" + settings.urlWithoutOptions()
                    + "` is in use by another server of the name `" + settings.server()
                    + "`. Stop that one, or give this one a `server.name` of its own.");
        }
        return notOpened(
                settings,
                "Check that PostgreSQL runs and that the owner may log in; the server's log says why.",
                failure);
    }

    private static Reader prepared(Connection owner, HikariDataSource pool, StoreSettings settings)
            throws SQLException {
        long preparing = WriterSession.lockOf(PREPARING);
        try (Statement statement = owner.createStatement();
                PreparedStatement lock = owner.prepareStatement("SELECT pg_advisory_lock(?)");
                PreparedStatement unlock = owner.prepareStatement("SELECT pg_advisory_unlock(?)")) {
            statement.execute("SET lock_timeout = '" + PREPARING_TIMEOUT + "'");
            lock.setLong(1, preparing);
            lock.execute();
            migrate(pool, "BYTEA", settings);
            beginChain(owner, settings.server());
            Reader reader = new PostgresReader(owner, settings).prepare();
            unlock.setLong(1, preparing);
            unlock.execute();
            statement.execute("SET lock_timeout = '2s'");
            return reader;
        }
    }

    /** One moment of the store; servers go on meanwhile. */
    static Connection readOnly(StoreSettings settings) throws SQLException {
        Connection connection =
                DriverManager.getConnection(settings.url(), WriterSession.credentials(settings, "nicol audit verify"));
        try {
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            return connection;
        } catch (SQLException failure) {
            connection.close();
            throw failure;
        }
    }

    @Override
    public boolean shared() {
        return true;
    }

    @Override
    public Path maskKey() {
        return keys.resolve("nicol.mask-key");
    }

    @Override
    public Path checkpointKey() {
        return keys.resolve(settings.server() + ".checkpoint-key");
    }

    /** It may be shared, so the tables are the only truth: nothing is acknowledged that they do not have. */
    @Override
    Chain chain(TrailSettings trail) {
        return new StoredChain(this);
    }

    @Override
    void acceptBroken() throws SQLException {
        onWriter(connection -> {
            StoreViews.restore(connection);
            new PostgresReader(connection, settings).grant();
            return true;
        });
    }

    @Override
    Connection writer() throws SQLException {
        return session.connection();
    }

    @Override
    void giveBack(Connection writer) {
        // it stays: with it the server's name would go
    }

    @Override
    void discard(Connection writer) {
        try {
            if (!writer.getAutoCommit()) {
                writer.rollback();
                writer.setAutoCommit(true);
            }
            if (writer.isValid(ANSWER_TIMEOUT_S)) {
                // an act failed and not the session: the server keeps its name
                return;
            }
        } catch (SQLException broken) {
            LOG.debug("the writer's session is opened again", broken);
        }
        session.close();
    }

    /**
     * PostgreSQL acknowledges a commit once it is on disk, or, where told so, before: it then writes what was committed
     * within three times its {@code wal_writer_delay}.
     */
    @Override
    void commit(Connection writer, boolean sync) throws SQLException {
        if (!sync) {
            try (Statement statement = writer.createStatement()) {
                statement.execute("SET LOCAL synchronous_commit = off");
            }
        }
        writer.commit();
    }

    /** Any change that is on disk has everything that was committed before it on disk. */
    @Override
    void sync(Connection writer) throws SQLException {
        try (PreparedStatement statement =
                writer.prepareStatement("UPDATE internal.chain_heads SET last_id = last_id WHERE chain = ?")) {
            statement.setString(1, settings.server());
            statement.executeUpdate();
        }
    }

    @Override
    public void close() {
        pool().close();
        session.close();
    }

    private static HikariDataSource pool(StoreSettings settings) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("store");
        config.setJdbcUrl(settings.url());
        config.setDataSourceProperties(
                WriterSession.credentials(settings, "nicol " + settings.server() + " (reading)"));
        config.setMaximumPoolSize(POOL_SIZE);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECT_TIMEOUT_MS);
        return new HikariDataSource(config);
    }
}
