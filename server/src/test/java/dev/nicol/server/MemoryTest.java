package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.Metrics;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What statements hold in the server is bounded by bytes, each one's and all together; what passes is not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MemoryTest {
    private static final int MB = 1_000_000;
    private static final int ROWS = 20;

    private TestNicol nicol;
    private String my;

    /** Twenty different values of a megabyte on each of two sources, and forty small rows on one. */
    @BeforeAll
    void start() {
        SourceDefinition pg = TestDatabases.postgres("pg");
        TestDatabases.execute(
                pg.url(),
                pg.user(),
                pg.password(),
                "CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT)",
                "INSERT INTO docs SELECT i, i || repeat('x', " + MB + ") FROM generate_series(1, " + ROWS + ") i",
                "CREATE TABLE few (id INTEGER PRIMARY KEY, name VARCHAR(20))",
                "INSERT INTO few SELECT i, 'name ' || i FROM generate_series(1, 40) i",
                "CREATE TABLE three (id INTEGER PRIMARY KEY, name VARCHAR(20))",
                "INSERT INTO three VALUES (1, 'one'), (2, 'two'), (3, 'three')",
                "ANALYZE",
                "CREATE TABLE copies (id INTEGER PRIMARY KEY, body TEXT)");
        SourceDefinition shop = TestDatabases.mariadb("my");
        my = "my." + TestDatabases.schema(shop);
        TestDatabases.execute(
                shop.url(),
                shop.user(),
                shop.password(),
                "CREATE TABLE docs (id INTEGER PRIMARY KEY, body MEDIUMTEXT)",
                "INSERT INTO docs SELECT seq + 100, CONCAT(seq, REPEAT('y', " + MB + ")) FROM seq_1_to_" + ROWS);
        nicol = TestNicol.start(
                List.of(pg, shop),
                """
                users:
                  ana: {password: "$HASH", groups: [readers]}
                """,
                """
                grants:
                  - {name: all, tables: ["pg.**", "my.**"], actions: [select, insert], raw: ["*"], to: {groups: [readers]}}
                """,
                "limits: {statement_memory_mb: 16, server_memory_mb: 20, join_keys_from_rows: 0}");
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    /** However a statement has ended, nothing of it is held. */
    @AfterEach
    void everythingIsGivenBack() {
        await().until(() -> value("nicol_memory_held_bytes") == 0);
    }

    private double value(String series) {
        return Metrics.value(nicol.url(), series);
    }

    private String located(String sql) {
        return sql.replace("$all", "(SELECT id, body FROM pg.public.docs UNION ALL SELECT id, body FROM $my.docs)")
                .replace("$my", my);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT p.id FROM pg.public.docs p JOIN $my.docs m ON p.body = m.body",
                "SELECT p.id FROM pg.public.docs p FULL JOIN $my.docs m ON p.body = m.body",
                "SELECT p.id, m.body FROM pg.public.few p JOIN $my.docs m ON p.id < m.id AND p.name < m.body",
                "SELECT id, body FROM $all AS a ORDER BY body",
                "SELECT body, COUNT(*) FROM $all AS a GROUP BY body",
                "SELECT id, MAX(body) FROM $all AS a GROUP BY id",
                "SELECT id, body, COUNT(*) FROM $all AS a GROUP BY ROLLUP(id, body)",
                "SELECT COUNT(*) FROM (SELECT LISTAGG(body) AS l FROM $all AS a) AS b WHERE CHAR_LENGTH(l) > 0",
                "SELECT DISTINCT body FROM $all AS a",
                "SELECT COUNT(DISTINCT body) FROM $all AS a",
                "SELECT body FROM pg.public.docs UNION SELECT body FROM $my.docs",
                "SELECT body FROM pg.public.docs INTERSECT SELECT body FROM $my.docs",
                "SELECT body FROM pg.public.docs EXCEPT SELECT body FROM $my.docs",
                "SELECT id, ROW_NUMBER() OVER (ORDER BY body) FROM $all AS a",
                "WITH RECURSIVE r(id, body) AS (SELECT id, body FROM $my.docs UNION"
                        + " SELECT p.id, p.body FROM pg.public.docs p JOIN r ON p.id = r.id - 100) SELECT id FROM r",
            })
    void whatAStatementHoldsIsBounded(String sql) {
        double refused = value("nicol_memory_refused_total{limit=\"statement\"}");

        assertThatThrownBy(() -> nicol.rows("ana", located(sql)))
                .isInstanceOfSatisfying(SQLException.class, failure -> {
                    assertThat(failure.getSQLState()).isEqualTo("53200");
                    assertThat(failure.getMessage())
                            .contains("more than 16 MB")
                            .contains("limits.statement_memory_mb")
                            .doesNotContain("xxx")
                            .doesNotContain("yyy");
                });
        assertThat(value("nicol_memory_refused_total{limit=\"statement\"}")).isEqualTo(refused + 1);
    }

    @Test
    void whatPassesIsNotHeld() throws SQLException {
        assertThat(nicol.rows("ana", "SELECT body FROM pg.public.docs")).hasSize(ROWS);
        assertThat(nicol.rows("ana", located("SELECT body FROM $my.docs"))).hasSize(ROWS);
        assertThat(nicol.rows("ana", located("SELECT body FROM $all AS a"))).hasSize(2 * ROWS);
        assertThat(nicol.rows("ana", located("SELECT COUNT(*), MAX(CHAR_LENGTH(body)) FROM $all AS a")))
                .containsExactly("40|" + (MB + 2));
        assertThat(nicol.rows(
                        "ana",
                        located("SELECT SUBSTRING(body, 3, 1) AS c, COUNT(*) FROM $all AS a GROUP BY"
                                + " SUBSTRING(body, 3, 1) ORDER BY c")))
                .containsExactly("x|20", "y|20");
        assertThat(
                        nicol.rows(
                                "ana",
                                located(
                                        "SELECT f.name, m.body FROM $my.docs m LEFT JOIN pg.public.three f ON m.id = f.id + 100")))
                .hasSize(ROWS);
    }

    @Test
    void rowsPassFromOneSourceToAnother() throws SQLException {
        assertThat(nicol.update("ana", located("INSERT INTO pg.public.copies SELECT id, body FROM $my.docs")))
                .isEqualTo(ROWS);
        assertThat(nicol.rows("ana", "SELECT COUNT(*), MIN(CHAR_LENGTH(body)) FROM pg.public.copies"))
                .containsExactly("20|" + (MB + 1));
    }

    /** Each round of a correlated sub-query and of a recursion holds its own rows, not those of all rounds. */
    @Test
    void whatRunsAgainHoldsItsOwnRows() throws SQLException {
        assertThat(
                        nicol.rows(
                                "ana",
                                located(
                                        "SELECT SUM(x.r) FROM pg.public.few f, LATERAL (SELECT ROW_NUMBER() OVER (ORDER BY a.body) AS r"
                                                + " FROM (SELECT id, body FROM pg.public.docs WHERE id <= 3 UNION ALL"
                                                + " SELECT id, body FROM $my.docs WHERE id <= 101) AS a WHERE a.id < f.id) AS x")))
                // nothing is below 1, then 1, 1 + 2, and 1 + 2 + 3 for each of the other 37
                .containsExactly("226");
        assertThat(nicol.rows(
                        "ana",
                        located(
                                "WITH RECURSIVE r(n, id, body) AS (SELECT 1, 101, name FROM pg.public.few f WHERE f.id = 1"
                                        + " UNION ALL SELECT r.n + 1, r.id, m.body FROM r JOIN $my.docs m ON m.id = r.id"
                                        + " JOIN pg.public.few f ON f.id = r.n WHERE r.n < 30 AND m.id = 101)"
                                        + " SELECT COUNT(*), MAX(n), MAX(CHAR_LENGTH(body)) FROM r")))
                .containsExactly("30|30|" + (MB + 1));
    }

    /** Forty rows of a megabyte each share one value. */
    @Test
    void valuesThatRowsShareAreHeldOnce() throws SQLException {
        assertThat(nicol.rows(
                        "ana",
                        located("SELECT f.id FROM $my.docs m JOIN pg.public.few f ON f.id > m.id - 102 AND m.id = 101"
                                + " ORDER BY m.body, f.id")))
                .hasSize(40);
    }

    @Test
    void statementsTogetherAreBounded() throws SQLException {
        String sorted = located("SELECT id, body FROM $all AS a WHERE id <= 5 OR id BETWEEN 101 AND 105 ORDER BY body");
        try (Connection one = nicol.connect("ana");
                Connection other = nicol.connect("ana");
                Statement second = other.createStatement()) {
            try (Statement first = one.createStatement();
                    ResultSet held = first.executeQuery(sorted)) {
                assertThat(held.next()).isTrue();
                assertThat(value("nicol_memory_held_bytes")).isGreaterThan(10 * MB);

                assertThatThrownBy(() -> second.executeQuery(sorted))
                        .isInstanceOfSatisfying(SQLException.class, failure -> {
                            assertThat(failure.getSQLState()).isEqualTo("53200");
                            assertThat(failure.getMessage())
                                    .contains("more than 20 MB")
                                    .contains("limits.server_memory_mb")
                                    .contains("Try again later");
                        });
                assertThat(value("nicol_memory_refused_total{limit=\"server\"}"))
                        .isEqualTo(1);
                assertThat(held.next()).isTrue();
            }
            await().until(() -> value("nicol_memory_held_bytes") == 0);
            try (ResultSet now = second.executeQuery(sorted)) {
                assertThat(TestNicol.rows(now)).hasSize(10);
            }
        }
    }

    /** The client closes its connection, or is gone: what it had not read is held no more. */
    @Test
    void halfReadAnswersGiveBackWhatTheyHold() throws SQLException {
        for (String sql : List.of(
                "SELECT id, body FROM pg.public.docs",
                "SELECT p.body FROM pg.public.docs p JOIN $my.docs m ON p.id = m.id - 100 WHERE m.id < 105")) {
            try (Connection connection = nicol.connect("ana");
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(located(sql))) {
                assertThat(rows.next()).isTrue();
                assertThat(value("nicol_memory_held_bytes")).isPositive();
            }
            await().until(() -> value("nicol_memory_held_bytes") == 0);
        }
        assertThat(value("nicol_memory_limit_bytes")).isEqualTo(20 << 20);
    }
}
