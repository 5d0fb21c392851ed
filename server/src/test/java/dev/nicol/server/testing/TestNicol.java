package dev.nicol.server.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceCredentials;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.Server;
import dev.nicol.server.config.ConfigReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;

/** A server over given sources, with users and policies as files, reached by the stock Avatica driver. */
public final class TestNicol implements AutoCloseable {
    /** Everybody's password. */
    public static final String PASSWORD = "correct horse";

    /** Its hash, at a cost that is right for tests only: they log in thousands of times. */
    private static final String HASH =
            "$argon2id$v=19$m=64,t=1,p=1$U/h4yIVWi8BxKztp4e9rBg$Xu23jSS1rtIXcPVXBB7DPC4dv3UYOfuTb5ymRHGEf0U";

    private final Path directory;
    private final Server server;

    private TestNicol(Path directory, Server server) {
        this.directory = directory;
        this.server = server;
    }

    /**
     * Starts a server.
     *
     * @param users the users file, where {@code $HASH} stands for the hash of {@link #PASSWORD}
     * @param policies the one policy file
     */
    public static TestNicol start(List<SourceDefinition> sources, String users, String policies) {
        return start(sources, users, policies, "");
    }

    /** @param more further top-level keys of nicol.yaml; with `server` or `identity` none is written for that */
    public static TestNicol start(List<SourceDefinition> sources, String users, String policies, String more) {
        Path directory = files(sources, users, policies, more);
        return new TestNicol(directory, Server.start(ConfigReader.read(directory.resolve("nicol.yaml"))));
    }

    /** Starts a server over the files of one that has ended. */
    public static TestNicol startAgain(Path directory) {
        return new TestNicol(directory, Server.start(ConfigReader.read(directory.resolve("nicol.yaml"))));
    }

    /** Closes the server and starts another over the same files, store included. */
    public TestNicol restart() {
        close();
        return new TestNicol(directory, Server.start(ConfigReader.read(directory.resolve("nicol.yaml"))));
    }

    /** A directory with {@code nicol.yaml} and what it names, for a server that is started in another way. */
    public static Path files(List<SourceDefinition> sources, String users, String policies, String more) {
        try {
            Path directory = TestDatabases.directory();
            Files.createDirectory(directory.resolve("policies"));
            Files.writeString(directory.resolve("policies/policy.yaml"), policies);
            Files.writeString(directory.resolve("users.yaml"), users.replace("$HASH", HASH));
            StringBuilder config =
                    new StringBuilder(more.contains("identity:") ? "" : "identity: {users: users.yaml}\n");
            config.append(more.contains("server:") ? "" : "server: {port: 0, warm_up: false}\n");
            // However small the tables are: keys that are sent must never change an answer.
            config.append(more.contains("limits:") ? "" : "limits: {join_keys_from_rows: 0}\n");
            config.append("policies: policies/\n").append(more).append("\nsources:\n");
            for (SourceDefinition source : sources) {
                config.append("  ").append(source.name()).append(": {kind: ").append(source.kind());
                config.append(", url: '").append(source.url()).append("', environment: ");
                config.append(source.environment())
                        .append(", max_connections: ")
                        .append(source.maxConnections());
                if (source.user() != null) {
                    config.append(", user: '").append(source.user()).append("'");
                }
                if (source.password() != null && !source.password().isEmpty()) {
                    config.append(", password: '").append(source.password()).append("'");
                }
                config.append(credentials(source.credentials())).append("}\n");
            }
            Files.writeString(directory.resolve("nicol.yaml"), config);
            return directory;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String credentials(SourceCredentials credentials) {
        if (credentials instanceof SourceCredentials.PassThrough own) {
            return ", credentials: pass_through, max_connections_per_login: " + own.maxPerLogin()
                    + (own.logins() == null ? "" : ", logins: '" + own.logins() + "'");
        } else if (credentials instanceof SourceCredentials.Impersonate roles) {
            return ", credentials: impersonate, roles: {users: " + map(roles.users()) + ", agents: "
                    + map(roles.agents()) + ", groups: " + map(roles.groups()) + "}";
        }
        return "";
    }

    private static String map(Map<String, String> texts) {
        return texts.entrySet().stream()
                .map(entry -> entry.getKey() + ": " + entry.getValue())
                .collect(Collectors.joining(", ", "{", "}"));
    }

    /** The directory of its files. */
    public Path directory() {
        return directory;
    }

    public String url() {
        return "http://127.0.0.1:" + server.port() + "/";
    }

    /** A connection by the stock driver, in JSON. */
    public Connection connect(String user, String... properties) throws SQLException {
        return connect(user, "json", properties);
    }

    /** @param properties names and values in turn */
    public Connection connect(String user, String serialization, String[] properties) throws SQLException {
        return connect(url(), user, serialization, properties);
    }

    /** A connection to any address, in JSON. */
    public static Connection connectTo(String url, String user) throws SQLException {
        return connect(url, user, "json", new String[0]);
    }

    /** A connection to any server. */
    static Connection connect(String url, String user, String serialization, String[] properties) throws SQLException {
        return connect(url, user, PASSWORD, serialization, properties);
    }

    /** A connection with another password. */
    public Connection connectWithPassword(String user, String password, String... properties) throws SQLException {
        return connect(url(), user, password, "json", properties);
    }

    private static Connection connect(
            String url, String user, String password, String serialization, String[] properties) throws SQLException {
        Properties info = new Properties();
        info.setProperty("avatica_user", user);
        info.setProperty("avatica_password", password);
        info.setProperty("authentication", "BASIC");
        info.setProperty("serialization", serialization);
        for (int i = 0; i < properties.length; i += 2) {
            info.setProperty(properties[i], properties[i + 1]);
        }
        return DriverManager.getConnection("jdbc:avatica:remote:url=" + url, info);
    }

    /** A connection by the stock driver with a bearer token. */
    public Connection connectWithToken(String token, String... properties) throws SQLException {
        Properties info = new Properties();
        info.setProperty("avatica_user", "unused");
        info.setProperty("authentication", "BEARER");
        info.setProperty("bearer_token", token);
        info.setProperty("serialization", "protobuf");
        for (int i = 0; i < properties.length; i += 2) {
            info.setProperty(properties[i], properties[i + 1]);
        }
        return DriverManager.getConnection("jdbc:avatica:remote:url=" + url(), info);
    }

    /** Rows of a query as text, NULL as {@code null}, columns separated by a bar. */
    public List<String> rows(String user, String sql) throws SQLException {
        try (Connection connection = connect(user)) {
            return rows(connection, sql);
        }
    }

    /** The same on an open connection. */
    public static List<String> rows(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows(rows);
        }
    }

    /** The same of an open result. */
    public static List<String> rows(ResultSet rows) throws SQLException {
        ResultSetMetaData columns = rows.getMetaData();
        List<String> text = new ArrayList<>();
        while (rows.next()) {
            List<String> row = new ArrayList<>();
            for (int i = 1; i <= columns.getColumnCount(); i++) {
                row.add(String.valueOf(rows.getString(i)));
            }
            text.add(String.join("|", row));
        }
        return text;
    }

    /** The same rows without the comment that says whom a statement was sent for. */
    public static List<String> uncommented(List<String> sent) {
        return sent.stream()
                .map(sql -> sql.replaceAll(" /\\*(nicol_\\w+='[^']*',?)+\\*/", ""))
                .toList();
    }

    /** Rows written by a statement. */
    public int update(String user, String sql) throws SQLException {
        try (Connection connection = connect(user);
                Statement statement = connection.createStatement()) {
            return statement.executeUpdate(sql);
        }
    }

    /** A statement that is refused with a state and, somewhere, a text. */
    public void assertRefused(String user, String sql, String state, String text) {
        assertThatThrownBy(() -> update(user, sql))
                .as(sql)
                .hasMessageContaining(text)
                .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                        .isEqualTo(state));
    }

    @Override
    public void close() {
        server.close();
    }
}
