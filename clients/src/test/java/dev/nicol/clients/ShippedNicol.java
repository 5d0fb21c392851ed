package dev.nicol.clients;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code nicol.jar} in a JVM of its own over one PostgreSQL, started once for all tests and ended with this JVM. What is
 * of one test has a name of its own.
 */
final class ShippedNicol {
    static final String PASSWORD = "correct horse";

    /** Of {@link #PASSWORD}, at a cost that is right for tests only. */
    private static final String HASH =
            "$argon2id$v=19$m=64,t=1,p=1$U/h4yIVWi8BxKztp4e9rBg$Xu23jSS1rtIXcPVXBB7DPC4dv3UYOfuTb5ymRHGEf0U";

    private static final Pattern LISTENING = Pattern.compile("listening on (http://[0-9.]+:[0-9]+)");

    private static final String[] DATA = {
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, email VARCHAR(60),"
                + " region CHAR(2), credit NUMERIC(12,4), born DATE, seen TIMESTAMP, active BOOLEAN, weight DOUBLE PRECISION)",
        "INSERT INTO customers SELECT n, 'c' || n, 'c' || n || '@example.org', CASE WHEN n % 3 = 0 THEN 'US' ELSE 'EU' END,"
                + " n * 1.5, DATE '2000-01-01' + n, TIMESTAMP '2026-03-29 03:30:00.5' + n * INTERVAL '1 hour',"
                + " CASE WHEN n % 5 <> 0 THEN n % 2 = 0 END, n / 8.0 + 0.0625 FROM generate_series(1, 100) n",
        "CREATE TABLE orders (id BIGINT PRIMARY KEY, customer_id INTEGER REFERENCES customers (id),"
                + " amount NUMERIC(10,2))",
        "INSERT INTO orders SELECT n, (n - 1) % 100 + 1, n * 0.25 FROM generate_series(1, 20000) n",
        "CREATE VIEW rich AS SELECT id, name FROM customers WHERE credit > 100",
        "CREATE TABLE hidden (id INTEGER PRIMARY KEY)",
        "ALTER DATABASE postgres SET timezone = 'America/New_York'",
        "SET timezone = 'America/New_York'",
        "CREATE TABLE moments (day DATE, clock TIME, wall TIMESTAMP, moment TIMESTAMPTZ)",
        "INSERT INTO moments VALUES ('2026-07-01', '23:30', '2026-07-01 23:30:00.25', '2026-07-01 23:30:00')",
        "CREATE VIEW large AS SELECT repeat('x', 64 * 1024 * 1024) AS body,"
                + " decode(repeat('ff', 64 * 1024 * 1024), 'hex') AS bytes, repeat('x', 192 * 1024 * 1024) AS huge"
    };

    private static final String POLICY = """
            grants:
              - {name: reads, tables: ["crm.public.customers", "crm.public.orders", "crm.public.rich", "crm.public.moments", "crm.public.large"], actions: [select], raw: ["*"], to: {groups: [analysts]}}
            row_filters:
              - {name: region, tables: ["crm.public.customers"], where: "region = 'EU'", to: {groups: [analysts]}}
            column_masks:
              - {name: emails, columns: ["crm.public.customers.email"], mask: {kind: partial, first: 1, last: 4}, to: {groups: [analysts]}}
            guardrails:
              - {name: whole-tables, unbounded_read_over: 1000, action: deny, to: {users: [bounded]}}
            """;

    private static final ShippedNicol RUNNING = start();

    private final String database;
    private final String url;

    private ShippedNicol(String database, String url) {
        this.database = database;
        this.url = url;
    }

    static ShippedNicol running() {
        return RUNNING;
    }

    private static ShippedNicol start() {
        try {
            Path directory = Files.createTempDirectory("nicol-clients-");
            EmbeddedPostgres postgres = EmbeddedPostgres.builder()
                    .setDataDirectory(directory.resolve("postgres"))
                    .setCleanDataDirectory(true)
                    .start();
            String database = postgres.getJdbcUrl("postgres", "postgres");
            try (Connection connection = DriverManager.getConnection(database);
                    Statement statement = connection.createStatement()) {
                for (String sql : DATA) {
                    statement.execute(sql);
                }
            }
            Process server = serve(configuration(directory, database));
            Runtime.getRuntime().addShutdownHook(new Thread(() -> end(server, postgres)));
            return new ShippedNicol(database, listening(server));
        } catch (IOException | SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static Path configuration(Path directory, String database) throws IOException {
        Files.createDirectory(directory.resolve("policies"));
        Files.writeString(directory.resolve("policies/policy.yaml"), POLICY);
        Files.writeString(
                directory.resolve("users.yaml"),
                "users:\n  ann: {password: \"HASH\", groups: [analysts]}\n  bounded: {password: \"HASH\", groups: [analysts]}\n"
                        .replace("HASH", HASH));
        return Files.writeString(
                directory.resolve("nicol.yaml"),
                "identity: {users: users.yaml}\nserver: {port: 0, warm_up: false}\npolicies: policies/\nsources:\n"
                        + "  crm: {kind: postgresql, url: '" + database
                        + "', user: postgres, environment: development}\n");
    }

    private static Process serve(Path configuration) throws IOException {
        Path jar = root().resolve("server/target/nicol.jar");
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:TieredStopAtLevel=1",
                        "-Duser.timezone=Asia/Kolkata",
                        "-jar",
                        jar.toString(),
                        "serve",
                        "--config",
                        configuration.toString())
                .redirectErrorStream(true)
                .start();
    }

    /** Where it listens; the rest of what it writes is read and dropped, so that it never waits for a reader. */
    private static String listening(Process server) throws IOException {
        BufferedReader output =
                new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
        List<String> lines = new ArrayList<>();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            lines.add(line);
            Matcher listening = LISTENING.matcher(line);
            if (listening.find()) {
                Thread reader = new Thread(() -> output.lines().forEach(dropped -> {}), "server-output");
                reader.setDaemon(true);
                reader.start();
                return listening.group(1) + "/";
            }
        }
        throw new IllegalStateException("the server did not start: " + lines);
    }

    private static void end(Process server, EmbeddedPostgres postgres) {
        server.destroyForcibly();
        try {
            postgres.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static Path root() {
        Path at = Path.of("").toAbsolutePath();
        return Files.isDirectory(at.resolve("server"))
                ? at
                : Path.of("").toAbsolutePath().resolve("..").normalize();
    }

    /** Where it listens. */
    String address() {
        return url;
    }

    /** Everything in the address, as clients have it that take nothing else. */
    String url(String user) {
        return "jdbc:avatica:remote:url=" + url + ";authentication=BASIC;serialization=protobuf;avatica_user=" + user
                + ";avatica_password=" + PASSWORD;
    }

    /** Rows straight from PostgreSQL, columns separated by a bar. */
    List<String> stored(String sql) throws SQLException {
        return rows(DriverManager.getConnection(database), sql);
    }

    /** Rows from Nicol. */
    List<String> governed(String user, String sql) throws SQLException {
        return rows(DriverManager.getConnection(url(user), new Properties()), sql);
    }

    private static List<String> rows(Connection opened, String sql) throws SQLException {
        try (Connection connection = opened;
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> text = new ArrayList<>();
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= columns; i++) {
                    row.add(String.valueOf(rows.getString(i)));
                }
                text.add(String.join("|", row));
            }
            return text;
        }
    }
}
