package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Writes under row filters whose sub-queries name the row, on every kind of source, by one connection. */
class FilteredWritesTest {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [analysts]}
              steve: {password: "$HASH", groups: [stewards]}
            """;

    static Stream<Function<String, SourceDefinition>> kinds() {
        return Stream.of(TestDatabases::postgres, TestDatabases::mariadb, TestDatabases::h2, TestDatabases::duckdb);
    }

    /** With one connection in the pool: a check on another would wait for the one that writes. */
    private static SourceDefinition filled(Function<String, SourceDefinition> kind) {
        SourceDefinition made = kind.apply("hr");
        TestDatabases.execute(
                made.url(),
                made.user(),
                made.password(),
                "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, region VARCHAR(10), level INTEGER)",
                "INSERT INTO t VALUES (1, 'EU', 1), (2, 'US', 2), (3, 'AP', 3)",
                "CREATE TABLE g (usr VARCHAR(20), region VARCHAR(10))",
                "INSERT INTO g VALUES ('alice', 'EU'), ('alice', 'AP'), ('bob', 'US')");
        return new SourceDefinition(
                "hr", made.kind(), made.url(), made.user(), made.password(), made.environment(), made.properties(), 1);
    }

    private static TestNicol start(SourceDefinition source) {
        return TestNicol.start(
                List.of(source),
                USERS,
                """
                grants:
                  - {name: all, tables: ["hr.**"], actions: [select, insert, update, delete], raw: ["*"], to: {groups: [analysts, stewards]}}
                row_filters:
                  - {name: f, tables: ["hr.*.t"], to: {groups: [analysts]}, where: "EXISTS (SELECT 1 FROM hr.$s.g WHERE g.region = t.region AND g.usr = CURRENT_USER)"}
                """.replace("$s", TestDatabases.schema(source)),
                "classification: {mask_by_default: false}");
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void newRowsPassTheFilter(Function<String, SourceDefinition> kind) throws SQLException {
        SourceDefinition source = filled(kind);
        String t = "hr." + TestDatabases.schema(source) + ".t";
        try (TestNicol nicol = start(source)) {
            assertThat(nicol.update("alice", "INSERT INTO " + t + " VALUES (4, 'EU', 4)"))
                    .isEqualTo(1);
            assertThat(nicol.rows(
                            "alice",
                            "SELECT a.id, b.id FROM " + t + " a JOIN " + t + " b ON b.region = a.region AND b.id > a.id"
                                    + " WHERE a.id IN (SELECT c.id FROM " + t + " c) ORDER BY 1"))
                    .containsExactly("1|4");
            assertRefused(nicol, "INSERT INTO " + t + " VALUES (5, 'US', 5)");
            assertRefused(nicol, "INSERT INTO " + t + " (id) VALUES (5)");
            assertThat(nicol.update(
                            "alice", "INSERT INTO " + t + " SELECT id + 10, region, level FROM " + t + " WHERE id > 2"))
                    .isEqualTo(2);
            assertRefused(
                    nicol,
                    "INSERT INTO " + t + " SELECT id + 20, CASE WHEN id = 3 THEN 'US' ELSE 'EU' END, 0 FROM " + t);
            assertThat(nicol.update("alice", "UPDATE " + t + " SET region = 'AP', level = id * 2 WHERE id < 4"))
                    .isEqualTo(2);
            assertRefused(nicol, "UPDATE " + t + " SET region = 'US' WHERE id = 1");
            assertRefused(nicol, "UPDATE " + t + " SET region = NULL WHERE id > 0");
            assertThat(nicol.update("alice", "UPDATE " + t + " SET level = 0 WHERE region = 'AP'"))
                    .isEqualTo(3);
            assertThat(nicol.update("alice", "DELETE FROM " + t + " WHERE CHAR_LENGTH(region) = 2 AND id IN (2, 3, 4)"))
                    .isEqualTo(2);
            assertThat(nicol.rows("steve", "SELECT id, region, level FROM " + t + " ORDER BY id"))
                    .containsExactly("1|AP|0", "2|US|2", "13|AP|0", "14|EU|4");
        }
    }

    private static void assertRefused(TestNicol nicol, String sql) {
        assertThatThrownBy(() -> nicol.update("alice", sql))
                .as(sql)
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .as(failure.getMessage())
                        .isEqualTo("42501"));
    }

    /** The row changes between check and write: what would be hidden then is not written. */
    @Test
    void nobodySlipsInBetween() throws Exception {
        SourceDefinition source = filled(TestDatabases::postgres);
        ExecutorService alice = Executors.newSingleThreadExecutor();
        try (TestNicol nicol = start(source);
                Connection other = DriverManager.getConnection(source.url(), source.user(), source.password());
                Statement change = other.createStatement()) {
            other.setAutoCommit(false);
            change.execute("UPDATE t SET level = 9 WHERE id = 1");
            Future<Integer> written = alice.submit(() -> nicol.update(
                    "alice",
                    "UPDATE hr.public.t SET region = CASE WHEN level = 9 THEN 'US' ELSE 'AP' END WHERE id = 1"));
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(
                            TestNicol.rows(change.executeQuery("SELECT COUNT(*) FROM pg_locks WHERE NOT granted")))
                    .containsExactly("1"));
            other.commit();

            assertThat(written.get()).isZero();
            assertThat(nicol.rows("steve", "SELECT region FROM hr.public.t WHERE id = 1"))
                    .containsExactly("EU");
        } finally {
            alice.shutdown();
        }
    }
}
