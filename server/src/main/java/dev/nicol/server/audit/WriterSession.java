package dev.nicol.server.audit;

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The one session in which a server writes its chain in PostgreSQL. It holds the server's name by an advisory lock for as
 * long as it lives: nobody writes that does not hold the name, and PostgreSQL frees it when the session ends, however it
 * ends. A session that broke is opened again when it is next asked for, with the lock, or not at all.
 */
final class WriterSession implements AutoCloseable {
    /** The name is held by another. */
    static final String LOCK_NOT_AVAILABLE = "55P03";

    private static final String CONNECT_TIMEOUT_S = "2";

    /** An answer that takes longer is none: the session is given up. */
    private static final String ANSWER_TIMEOUT_S = "30";

    private final StoreSettings settings;
    private @Nullable Connection session;

    WriterSession(StoreSettings settings) {
        this.settings = settings;
    }

    synchronized Connection connection() throws SQLException {
        Connection known = session;
        if (known == null || known.isClosed()) {
            known = open();
            session = known;
        }
        return known;
    }

    private Connection open() throws SQLException {
        Properties properties = credentials(settings, "nicol " + settings.server());
        properties.setProperty("socketTimeout", ANSWER_TIMEOUT_S);
        Connection connection = DriverManager.getConnection(settings.url(), properties);
        try (Statement statement = connection.createStatement();
                PreparedStatement lock = connection.prepareStatement("SELECT pg_advisory_lock(?)")) {
            // an unreachable server must not keep its name for hours
            statement.execute("SET tcp_keepalives_idle = 10");
            statement.execute("SET tcp_keepalives_interval = 5");
            statement.execute("SET tcp_keepalives_count = 3");
            statement.execute("SET lock_timeout = '2s'");
            lock.setLong(1, lockOf(settings.server()));
            lock.execute();
            if (setting(statement).equals("off")) {
                statement.execute("SET synchronous_commit = on");
            }
            return connection;
        } catch (SQLException failure) {
            connection.close();
            throw failure;
        }
    }

    private static String setting(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery("SHOW synchronous_commit")) {
            return row.next() ? row.getString(1) : "";
        }
    }

    /** How the owner connects. */
    static Properties credentials(StoreSettings settings, String application) {
        Properties properties = new Properties();
        String user = settings.user();
        String password = settings.password();
        if (user != null) {
            properties.setProperty("user", user);
        }
        if (password != null) {
            properties.setProperty("password", password);
        }
        properties.setProperty("ApplicationName", application);
        properties.setProperty("connectTimeout", CONNECT_TIMEOUT_S);
        properties.setProperty("loginTimeout", CONNECT_TIMEOUT_S);
        properties.setProperty("tcpKeepAlive", "true");
        // it repeats values
        properties.setProperty("logServerErrorDetail", "false");
        return properties;
    }

    /** The number of the advisory lock of a name: eight bytes of its SHA-256. */
    static long lockOf(String name) {
        byte[] digest = HexFormat.of().parseHex(EventHash.ofText("nicol.audit.server " + name));
        return ByteBuffer.wrap(digest).getLong();
    }

    @Override
    public synchronized void close() {
        Connection known = session;
        session = null;
        if (known != null) {
            try {
                known.close();
            } catch (SQLException e) {
                org.slf4j.LoggerFactory.getLogger(WriterSession.class).debug("a broken session was closed", e);
            }
        }
    }
}
