package dev.nicol.adapters.testing;

import dev.nicol.adapters.SourceDefinition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A fresh, empty database of each kind, on real servers of this JVM's own. Servers start when first asked for, listen on
 * loopback, and end with the JVM. Works as root and as anyone.
 */
public final class TestDatabases {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private TestDatabases() {}

    /** A new database on the PostgreSQL of this JVM. */
    public static SourceDefinition postgres(String sourceName) {
        String database = freshName();
        TestPostgres server = TestPostgres.running();
        execute(server.url("postgres"), TestPostgres.USER, "", "CREATE DATABASE " + database);
        return definition(sourceName, "postgresql", server.url(database), TestPostgres.USER, "");
    }

    /** A new database on the MariaDB of this JVM, owned by a user of its own with a password. */
    public static SourceDefinition mariadb(String sourceName) {
        String database = freshName();
        TestMariadb server = TestMariadb.running();
        execute(
                server.url(""),
                TestMariadb.ADMIN,
                TestMariadb.PASSWORD,
                "CREATE DATABASE " + database + " CHARACTER SET utf8mb4",
                "CREATE USER " + database + "@localhost IDENTIFIED BY 'pass " + database + "'",
                "GRANT ALL ON " + database + ".* TO " + database + "@localhost");
        return definition(sourceName, "mysql", server.url(database), database, "pass " + database);
    }

    /** A new H2 in memory, kept until the JVM ends. */
    public static SourceDefinition h2(String sourceName) {
        return definition(sourceName, "h2", "jdbc:h2:mem:" + freshName() + ";DB_CLOSE_DELAY=-1", "sa", "");
    }

    /** A new DuckDB file. */
    public static SourceDefinition duckdb(String sourceName) {
        Path file = directory().resolve("lake.duckdb");
        return new SourceDefinition(
                sourceName, "duckdb", "jdbc:duckdb:" + file, null, null, "development", Map.of(), 8);
    }

    /** The schema that tables made without a schema's name are in, as Nicol names it. */
    public static String schema(SourceDefinition source) {
        return switch (source.kind()) {
            case "postgresql" -> "public";
            case "mysql" -> String.valueOf(source.user());
            case "h2" -> "PUBLIC";
            default -> "main";
        };
    }

    /** A directory that is removed when the JVM ends. */
    public static Path directory() {
        try {
            Path directory = Files.createTempDirectory("nicol-test-");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(directory)));
            return directory;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    static void remove(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException ignored) {
            // A server may still be removing files of its own. A directory left in /tmp harms no test.
        }
    }

    private static String freshName() {
        return "db_" + NUMBERS.incrementAndGet();
    }

    private static SourceDefinition definition(String name, String kind, String url, String user, String password) {
        return new SourceDefinition(name, kind, url, user, password, "development", Map.of(), 8);
    }

    /** Runs statements one by one on a connection of their own. */
    public static void execute(String url, String user, String password, String... statements) {
        try (Connection connection = DriverManager.getConnection(url, user, password);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException failure) {
            throw new IllegalStateException("cannot prepare a test database", failure);
        }
    }
}
