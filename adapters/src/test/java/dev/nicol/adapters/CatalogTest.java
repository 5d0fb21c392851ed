package dev.nicol.adapters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.testing.DuckdbHolder;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.TableName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.h2.tools.Server;
import org.junit.jupiter.api.Test;

class CatalogTest {
    private static final TableName KEPT = new TableName("net", "PUBLIC", "KEPT");

    private static SourceDefinition overNetwork(int port) {
        return new SourceDefinition(
                "net",
                "h2",
                "jdbc:h2:tcp://127.0.0.1:" + port + "/kept",
                "sa",
                "hidden-password",
                "staging",
                Map.of(),
                4);
    }

    @Test
    void aSourceThatRefusesNamesIsReadSoonAndOnceForAll() throws Exception {
        AtomicInteger reads = new AtomicInteger();
        SourceCheck counting = (source, connection) -> {
            reads.incrementAndGet();
            return null;
        };
        try (Source source = new Source(TestDatabases.h2("changing"));
                Catalog catalog = new Catalog(List.of(source), Duration.ofHours(1), counting)) {
            TableName late = new TableName("changing", "PUBLIC", "LATE");
            SQLException refused = refused(source, "SELECT id FROM nowhere");
            source.failed(refused(source, "SELECT FROM FROM"));
            long first = System.nanoTime();
            for (int i = 0; i < 50; i++) {
                source.failed(refused);
            }
            execute(source, "CREATE TABLE late (id INTEGER)");
            await().until(() -> catalog.snapshot().table(late) != null);
            assertThat(Duration.ofNanos(System.nanoTime() - first))
                    .isGreaterThan(Catalog.READ_AFTER_REFUSAL.dividedBy(2));
            assertThat(reads).hasValue(2);

            source.failed(refused);
            execute(source, "DROP TABLE late");
            await().until(() -> catalog.snapshot().table(late) == null);
            assertThat(reads).hasValue(3);
        }
    }

    private static void execute(Source source, String sql) throws SQLException {
        try (Connection connection = source.connection()) {
            connection.createStatement().execute(sql);
        }
    }

    private static SQLException refused(Source source, String sql) {
        try {
            execute(source, sql);
        } catch (SQLException failure) {
            return failure;
        }
        throw new AssertionError("it did not fail: " + sql);
    }

    private static Server server(Path directory, int port) throws Exception {
        return Server.createTcpServer(
                        "-tcpPort", String.valueOf(port), "-ifNotExists", "-baseDir", directory.toString())
                .start();
    }

    @Test
    void aSourceThatGoesDownKeepsItsTablesAndComesBackByItself() throws Exception {
        Path directory = TestDatabases.directory();
        Server server = server(directory, 0);
        int port = server.getPort();
        try (Source source = new Source(overNetwork(port), 2_000);
                Source other = new Source(TestDatabases.h2("other"))) {
            try (Connection connection = source.connection()) {
                connection.createStatement().execute("CREATE TABLE kept (id INTEGER PRIMARY KEY)");
            }
            try (Catalog catalog = new Catalog(List.of(source, other), Duration.ofMillis(200))) {
                assertThat(catalog.snapshot().sources().get("net").unavailable())
                        .isNull();
                assertThat(catalog.snapshot().table(KEPT)).isNotNull();
                long before = catalog.snapshot().version();

                server.stop();
                await().until(() -> catalog.snapshot().sources().get("net").unavailable() != null);
                SourceCatalog down = catalog.snapshot().sources().get("net");
                assertThat(down.unavailable())
                        .startsWith("Source `net` ")
                        .doesNotContain("hidden-password", "127.0.0.1", String.valueOf(port));
                assertThat(down.tables()).containsKey(KEPT);
                assertThat(catalog.snapshot().version()).isEqualTo(before + 1);
                assertThat(catalog.snapshot().sources().get("other").unavailable())
                        .isNull();
                assertThatThrownBy(source::connection)
                        .isInstanceOfSatisfying(NicolException.class, failure -> assertThat(failure.error())
                                .isEqualTo(NicolError.SOURCE_FAILED));

                server = server(directory, port);
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> catalog.snapshot().sources().get("net").unavailable() == null);
                assertThat(catalog.snapshot().version()).isEqualTo(before + 2);
                try (Connection connection = source.connection()) {
                    assertThat(connection.isValid(1)).isTrue();
                }
            }
        } finally {
            server.stop();
        }
    }

    @Test
    void aSourceThatIsDownAtTheStartIsUnavailableAndNoError() {
        try (Source source = new Source(overNetwork(1), 300);
                Catalog catalog = new Catalog(List.of(source), Duration.ofHours(1))) {
            SourceCatalog down = catalog.snapshot().sources().get("net");
            assertThat(down.unavailable()).isEqualTo("Source `net` cannot be reached.");
            assertThat(down.tables()).isEmpty();
            assertThat(down.environment()).isEqualTo("staging");
        }
    }

    /** As {@code check} meets the file of a server that runs. */
    @Test
    void aDuckdbFileThatAnotherProcessHoldsIsSaidToBeHeld() throws Exception {
        SourceDefinition lake = TestDatabases.duckdb("lake");
        try (DuckdbHolder holder = new DuckdbHolder(lake.url());
                Source source = new Source(lake, 2_000);
                Catalog catalog = new Catalog(List.of(source), Duration.ofHours(1))) {
            assertThat(catalog.snapshot().sources().get("lake").unavailable())
                    .isEqualTo("Source `lake` cannot be opened: another process (" + holder.pid()
                            + ") holds its file, such as a running Nicol. DuckDB lets only one.");
        }
    }

    @Test
    void aDuckdbFileThatIsNotThereOrNoneIsSaidToBe() throws Exception {
        Path directory = TestDatabases.directory();
        Files.writeString(directory.resolve("text"), "neither a database nor empty");
        try (Source none = new Source(duckdb("none", directory.resolve("no/file")), 2_000);
                Source other = new Source(duckdb("other", directory.resolve("text")), 2_000);
                Catalog catalog = new Catalog(List.of(none, other), Duration.ofHours(1))) {
            assertThat(catalog.snapshot().sources().get("none").unavailable())
                    .isEqualTo(
                            "Source `none` cannot be opened: its file is not there, or may not be opened by this user.");
            assertThat(catalog.snapshot().sources().get("other").unavailable())
                    .isEqualTo("Source `other` cannot be opened: its file is no DuckDB database.");
        }
    }

    private static SourceDefinition duckdb(String name, Path file) {
        return new SourceDefinition(name, "duckdb", "jdbc:duckdb:" + file, null, null, "development", Map.of(), 2);
    }

    @Test
    void aSourceWhoseConnectionsAreAllInUseIsNotDown() throws Exception {
        try (Source source = new Source(TestDatabases.h2("busy"), 300);
                Catalog catalog = new Catalog(List.of(source), Duration.ofHours(1))) {
            long before = catalog.snapshot().version();
            List<Connection> used = new ArrayList<>();
            try {
                for (int i = 0; i < source.definition().maxConnections(); i++) {
                    used.add(source.connection());
                }
                catalog.refresh();
                assertThat(catalog.snapshot().sources().get("busy").unavailable())
                        .isNull();
                assertThat(catalog.snapshot().version()).isEqualTo(before);
            } finally {
                for (Connection connection : used) {
                    connection.close();
                }
            }
        }
    }

    @Test
    void aWrongPasswordIsSaidWithoutSayingIt() {
        SourceDefinition real = TestDatabases.mariadb("shop");
        SourceDefinition wrong = new SourceDefinition(
                "shop", "mysql", real.url(), real.user(), "not the password", "staging", Map.of(), 4);
        try (Source source = new Source(wrong, 500)) {
            assertThatThrownBy(source::connection).hasMessage("Source `shop` refuses the configured user or password.");
        }
    }

    @Test
    void anUnknownKindNamesTheKnownOnes() {
        SourceDefinition unknown = new SourceDefinition("x", "oracle", "jdbc:x", null, null, "staging", Map.of(), 4);
        assertThatThrownBy(() -> new Source(unknown))
                .hasMessageContaining("`oracle`")
                .hasMessageContaining("postgresql, mysql, h2, duckdb");
    }
}
