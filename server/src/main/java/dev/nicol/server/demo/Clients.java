package dev.nicol.server.demo;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.calcite.avatica.remote.Driver;

/** Connections as any JDBC tool would open them: the stock Avatica driver, one for each visitor. */
final class Clients implements AutoCloseable {
    private final String url;
    private final Map<Visitor, Connection> open = new HashMap<>();

    Clients(int port) {
        this.url = "jdbc:avatica:remote:url=http://127.0.0.1:" + port + ";authentication=BASIC";
    }

    /**
     * Someone on a connection.
     *
     * @param title how the tour introduces them
     * @param states connection properties, such as {@code purpose}
     */
    record Visitor(Login login, String title, Map<String, String> states) {
        Visitor {
            states = Map.copyOf(states);
        }
    }

    /** Runs one statement; a connection that is refused is an outcome too. */
    Outcome run(Visitor visitor, String sql) {
        try (Statement statement = connection(visitor).createStatement()) {
            return Outcome.of(statement, sql);
        } catch (SQLException | RuntimeException failure) {
            return Outcome.failed(failure);
        }
    }

    private Connection connection(Visitor visitor) throws SQLException {
        Connection known = open.get(visitor);
        if (known != null) {
            return known;
        }
        Properties properties = new Properties();
        properties.putAll(visitor.states());
        properties.put("avatica_user", visitor.login().name());
        properties.put("avatica_password", visitor.login().password());
        properties.put("client", "demo");
        Connection connection = new Driver().connect(url, properties);
        open.put(visitor, connection);
        return connection;
    }

    @Override
    public void close() throws SQLException {
        for (Connection connection : open.values()) {
            connection.close();
        }
        open.clear();
    }
}
