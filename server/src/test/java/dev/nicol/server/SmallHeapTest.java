package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.ChildNicol;
import dev.nicol.server.testing.Metrics;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URL;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server whose heap is smaller than what its statements would hold refuses them, and goes on. */
class SmallHeapTest {
    private static final int VALUE = 1_000_000;
    private static final int VALUES = 150;

    private static ChildNicol nicol;
    private static String my;

    /** 150 MB in large values, and 200 MB in middling ones. */
    @BeforeAll
    static void start() {
        SourceDefinition pg = TestDatabases.postgres("pg");
        TestDatabases.execute(
                pg.url(),
                pg.user(),
                pg.password(),
                "CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT)",
                "INSERT INTO docs SELECT i, i || repeat('x', " + VALUE + ") FROM generate_series(1, " + VALUES + ") i",
                "CREATE TABLE pages (id INTEGER PRIMARY KEY, body TEXT)",
                "INSERT INTO pages SELECT i, i || repeat('x', 4000) FROM generate_series(1, 50000) i");
        SourceDefinition shop = TestDatabases.mariadb("my");
        my = "my." + TestDatabases.schema(shop);
        TestDatabases.execute(
                shop.url(),
                shop.user(),
                shop.password(),
                "CREATE TABLE docs (id INTEGER PRIMARY KEY, body MEDIUMTEXT)",
                "INSERT INTO docs SELECT seq, CONCAT(seq, REPEAT('y', " + VALUE + ")) FROM seq_1_to_5");
        nicol = ChildNicol.start("128m", List.of(pg, shop), """
                users:
                  ana: {password: "$HASH", groups: [readers]}
                """, """
                grants:
                  - {name: all, tables: ["pg.**", "my.**"], actions: [select], raw: ["*"], to: {groups: [readers]}}
                """, "");
    }

    @AfterAll
    static void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private static boolean isReady() throws IOException {
        return ((HttpURLConnection) new URL(nicol.url() + "health/ready").openConnection()).getResponseCode() == 200;
    }

    private static String sorted(String table) {
        return "SELECT body FROM (SELECT id, body FROM pg.public." + table + " UNION ALL SELECT id, body FROM " + my
                + ".docs) AS a ORDER BY body";
    }

    @ParameterizedTest
    @ValueSource(strings = {"docs", "pages"})
    @Timeout(120)
    void whatTheHeapCannotHoldIsRefused(String table) throws SQLException {
        for (int i = 0; i < 3; i++) {
            assertRefused(table);
        }
        assertThat(nicol.rows("ana", "SELECT COUNT(*) FROM pg.public.docs")).containsExactly("" + VALUES);
    }

    private static void assertRefused(String table) {
        assertThatThrownBy(() -> nicol.rows("ana", sorted(table)))
                .isInstanceOfSatisfying(SQLException.class, failure -> {
                    assertThat(failure.getSQLState()).isEqualTo("53200");
                    assertThat(failure.getMessage()).contains("limits.statement_memory_mb");
                });
        await().until(() -> Metrics.value(nicol.url(), "nicol_memory_held_bytes") == 0);
    }

    @Test
    @Timeout(120)
    void severalAtOnceAreRefused() throws SQLException, ExecutionException, InterruptedException {
        ExecutorService clients = Executors.newFixedThreadPool(6);
        try {
            List<Future<String>> states = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                String table = i % 2 == 0 ? "docs" : "pages";
                states.add(clients.submit(() -> {
                    try {
                        nicol.rows("ana", sorted(table));
                        return "00000";
                    } catch (SQLException failure) {
                        return failure.getSQLState() + " " + failure.getMessage();
                    }
                }));
            }
            for (Future<String> state : states) {
                assertThat(state.get()).startsWith("53200 ");
            }
        } finally {
            clients.shutdown();
        }
        // where the heap was at its end the trail was not written for a moment either, and says so until it is again
        await().atMost(Duration.ofSeconds(20)).until(SmallHeapTest::isReady);
        assertThat(nicol.rows("ana", "SELECT COUNT(*) FROM pg.public.pages")).containsExactly("50000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    @Timeout(120)
    void whatPassesIsAnswered(String serialization) throws SQLException {
        for (String table : List.of("docs", "pages")) {
            long characters = 0;
            long digits = 0;
            long count = 0;
            try (Connection connection = nicol.connect("ana", serialization);
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("SELECT id, body FROM pg.public." + table)) {
                while (rows.next()) {
                    characters += rows.getString(2).length();
                    digits += rows.getString(1).length();
                    count++;
                }
            }
            int length = table.equals("docs") ? VALUE : 4000;
            assertThat(count).isEqualTo(table.equals("docs") ? VALUES : 50_000);
            assertThat(characters).isEqualTo(count * length + digits);
        }
    }
}
