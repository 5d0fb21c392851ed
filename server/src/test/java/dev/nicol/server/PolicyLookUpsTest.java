package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Row filters that look up tables of another source. Every table {@code tNN} of {@code crm} has the same five rows and a
 * filter of its own; the same filter looks up a twin of the look-up table beside the data for the table {@code sNN}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PolicyLookUpsTest {
    private static final List<String> FILTERS = List.of(
            "region IN (SELECT g.region FROM $g g WHERE g.usr = CURRENT_USER)",
            "region NOT IN (SELECT g.region FROM $g g WHERE g.usr = CURRENT_USER)",
            "region NOT IN (SELECT g.region FROM $g g)",
            "region NOT IN (SELECT g.region FROM $g g WHERE g.usr = 'nobody')",
            "EXISTS (SELECT 1 FROM $g g WHERE g.region = $t.region AND g.usr = CURRENT_USER)",
            "NOT EXISTS (SELECT 1 FROM $g g WHERE g.region = $t.region AND g.usr = CURRENT_USER)",
            "EXISTS (SELECT 1 FROM $g g WHERE g.usr = CURRENT_USER AND g.level >= $t.level)",
            "EXISTS (SELECT 1 FROM $g g WHERE g.usr = CURRENT_USER AND (g.region = $t.region OR g.region = 'AP'))",
            "EXISTS (SELECT 1 FROM $g g WHERE g.region = $t.region AND g.level = $t.level)",
            "NOT EXISTS (SELECT 1 FROM $g g WHERE g.region = $t.region AND g.level = $t.level)",
            "EXISTS (SELECT 1 FROM $g g WHERE g.usr = CURRENT_USER)",
            "NOT EXISTS (SELECT 1 FROM $g g WHERE g.usr = 'nobody')",
            "level <= (SELECT MAX(g.level) FROM $g g WHERE g.usr = CURRENT_USER)",
            "level <= (SELECT MAX(g.level) FROM $g g WHERE g.usr = 'nobody')",
            "region = 'US' OR region IN (SELECT g.region FROM $g g WHERE g.usr = CURRENT_USER)",
            "level > 1 AND region IN (SELECT g.region FROM $g g WHERE g.usr = CURRENT_USER) AND id < 5",
            "region IN (SELECT g.region FROM $g g WHERE g.usr = CURRENT_USER) AND level NOT IN (SELECT g.level FROM $g g WHERE g.usr = 'bob')",
            "(region, level) IN (SELECT g.region, g.level FROM $g g)",
            "(region, level) NOT IN (SELECT g.region, g.level FROM $g g WHERE g.usr = 'bob')",
            "region IN (SELECT g.region FROM $g g WHERE g.level = $t.level)",
            "region NOT IN (SELECT g.region FROM $g g WHERE g.level = $t.level)",
            "level > ALL (SELECT g.level FROM $g g WHERE g.usr = 'bob')",
            "level >= SOME (SELECT g.level FROM $g g WHERE g.usr = CURRENT_USER)",
            "CASE WHEN region IN (SELECT g.region FROM $g g WHERE g.usr = CURRENT_USER) THEN level = 1 ELSE id = 5 END",
            "(region IN (SELECT g.region FROM $g g)) IS NULL",
            "level IN (SELECT COUNT(*) FROM $g g GROUP BY g.usr)",
            "region IN (SELECT DISTINCT g.region FROM $g g WHERE g.level IN (SELECT MIN(h.level) FROM $g h WHERE h.usr = CURRENT_USER))",
            "region IN (SELECT u.region FROM crm.public.t00 u WHERE u.level IN (SELECT g.level FROM $g g WHERE g.usr = 'bob'))",
            "region IN (SELECT u.region FROM crm.public.t00 u JOIN $g g ON u.level = g.level WHERE g.usr = 'bob')",
            "region IN (SELECT u.region FROM crm.public.t00 u WHERE EXISTS (SELECT 1 FROM $g g WHERE g.region = u.region AND g.level = u.level AND g.usr = CURRENT_USER))");

    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [analysts]}
              bob: {password: "$HASH", groups: [analysts]}
              carl: {password: "$HASH", groups: [analysts]}
              steve: {password: "$HASH", groups: [stewards]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private SourceDefinition crm;
    private SourceDefinition rights;
    private SourceDefinition old;
    private TestNicol nicol;

    @BeforeAll
    void start() {
        crm = TestDatabases.postgres("crm");
        rights = TestDatabases.mariadb("rights");
        old = TestDatabases.h2("old");
        execute(old, "CREATE TABLE blocked (region CHAR(8))", "INSERT INTO blocked VALUES ('US')");
        String[] grants = {
            "CREATE TABLE g (usr VARCHAR(20), region VARCHAR(12), level BIGINT)",
            "INSERT INTO g VALUES ('alice', 'EU', 2), ('alice', 'AP', 1), ('alice', 'EU', 3), ('bob', 'US', 1),"
                    + " ('bob', NULL, 4), ('dan', 'EU', NULL)"
        };
        execute(rights, grants);
        execute(crm, grants);
        execute(
                rights,
                "CREATE TABLE many (v INTEGER)",
                "INSERT INTO many SELECT seq FROM seq_1_to_10001",
                "CREATE TABLE feed (id INTEGER, region VARCHAR(10))",
                "INSERT INTO feed SELECT seq + 1000, 'EU' FROM seq_1_to_250",
                "CREATE TABLE moments (moment DATETIME(6))");
        StringBuilder policy = new StringBuilder("""
                grants:
                  - {name: all, tables: ["crm.**"], actions: [select, insert, update, delete], raw: ["*"], to: {groups: [analysts, stewards]}}
                  - {name: feed, tables: ["rights.*.feed"], actions: [select], to: {groups: [analysts]}}
                row_filters:
                """);
        for (int i = 0; i < FILTERS.size(); i++) {
            filter(policy, table("t", i), FILTERS.get(i).replace("$g", grantsTable("rights")));
            filter(policy, table("s", i), FILTERS.get(i).replace("$g", "crm.public.g"));
        }
        filter(policy, "w1", "id NOT IN (SELECT m.v FROM rights." + rights.user() + ".many m)");
        filter(policy, "w2", "ts NOT IN (SELECT m.moment FROM rights." + rights.user() + ".moments m)");
        filter(policy, "w3", "level <= (SELECT g.level FROM " + grantsTable("rights") + " g)");
        filter(
                policy,
                "w4",
                "level = (SELECT MAX(g.level) FROM " + grantsTable("rights") + " g WHERE g.region = w4.region)");
        filter(policy, "w5", "region NOT IN (SELECT b.region FROM old.PUBLIC.blocked b)");
        filter(
                policy,
                "w6",
                "NOT EXISTS (SELECT 1 FROM old.PUBLIC.blocked b WHERE CAST(b.region AS VARCHAR(10)) = w6.region)");
        for (String table : List.of("w1", "w2", "w3", "w4", "w5", "w6")) {
            create(table);
        }
        nicol = TestNicol.start(
                List.of(crm, rights, old), USERS, policy.toString(), "classification: {mask_by_default: false}");
    }

    private static String table(String prefix, int number) {
        return prefix + String.format("%02d", number);
    }

    private String grantsTable(String source) {
        return source + "." + rights.user() + ".g";
    }

    private void filter(StringBuilder policy, String table, String where) {
        create(table);
        policy.append("  - {name: f-")
                .append(table)
                .append(", tables: [\"crm.public.")
                .append(table);
        policy.append("\"], to: {groups: [analysts]}, where: \"");
        policy.append(where.replace("$t", table)).append("\"}\n");
    }

    private void create(String table) {
        execute(
                crm,
                "CREATE TABLE IF NOT EXISTS " + table
                        + " (id INTEGER PRIMARY KEY, region VARCHAR(10), level INTEGER, ts TIMESTAMP)",
                "INSERT INTO " + table
                        + " VALUES (1, 'EU', 1), (2, 'US', 2), (3, 'EU', 3), (4, NULL, 1), (5, 'ap', NULL)"
                        + " ON CONFLICT DO NOTHING");
    }

    private static void execute(SourceDefinition source, String... statements) {
        TestDatabases.execute(source.url(), source.user(), source.password(), statements);
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    /** H2 keeps the blanks that fill a CHAR where it is compared with VARCHAR elsewhere. */
    @Test
    void aDenyListInACharColumnDenies() throws SQLException {
        assertThat(nicol.rows("alice", "SELECT id FROM crm.public.w5 ORDER BY id"))
                .containsExactly("1", "3", "5");
        assertThat(nicol.rows("alice", "SELECT id FROM crm.public.w6 ORDER BY id"))
                .containsExactly("1", "3", "4", "5");
    }

    @Test
    void filterAsWithTheTableBesideTheData() throws SQLException {
        for (String user : List.of("alice", "bob", "carl")) {
            for (int i = 0; i < FILTERS.size(); i++) {
                List<String> here = nicol.rows(user, "SELECT id FROM crm.public." + table("s", i) + " ORDER BY id");
                assertThat(nicol.rows(user, "SELECT id FROM crm.public." + table("t", i) + " ORDER BY id"))
                        .as(user + ": " + FILTERS.get(i))
                        .isEqualTo(here);
            }
        }
    }

    /** Stated by hand, so that both are not wrong in the same way. */
    @ParameterizedTest
    @CsvSource({
        "t00, alice, 1 3",
        "t00, bob, 2",
        "t00, carl, ''",
        "t01, alice, 2 5",
        "t01, bob, ''",
        "t02, alice, ''",
        "t03, alice, 1 2 3 4 5",
        "t05, alice, 2 4 5",
        "t06, alice, 1 2 3 4",
        "t08, alice, 3",
        "t09, alice, 1 2 4 5",
        "t12, alice, 1 2 3 4",
        "t13, alice, ''",
        "t14, alice, 1 2 3",
        "t18, alice, 1 2 3",
        "t24, alice, 4 5"
    })
    void shows(String table, String user, String ids) throws SQLException {
        assertThat(String.join(" ", nicol.rows(user, "SELECT id FROM crm.public." + table + " ORDER BY id")))
                .isEqualTo(ids);
    }

    @Test
    void theDataIsReadWholeByItsSourceAndValuesAreNoText() throws SQLException {
        nicol.rows("alice", "SELECT id, 'whole' FROM crm.public.t00 WHERE id = 3");

        List<String> sent = nicol.rows(
                "audra",
                "SELECT q.source, q.sql_sent FROM nicol.audit.source_queries q JOIN nicol.audit.statements s"
                        + " ON s.statement_id = q.statement_id WHERE s.sql_text LIKE '%whole%' AND s.user_name = 'alice'");
        assertThat(sent)
                .hasSize(2)
                .anyMatch(query -> query.startsWith("rights|"))
                .anySatisfy(query -> assertThat(query)
                        .startsWith("crm|")
                        .contains("IN (?, ?)")
                        .doesNotContain("EU")
                        .doesNotContain("AP"));
    }

    @Test
    void equalLookUpsAreReadOnce() throws SQLException {
        nicol.rows(
                "alice",
                "SELECT 'once', COUNT(*) FROM crm.public.t00 a, crm.public.t00 b WHERE a.id IN (SELECT id FROM crm.public.t00)");

        assertThat(nicol.rows(
                        "audra",
                        "SELECT q.source, COUNT(*) FROM nicol.audit.source_queries q JOIN nicol.audit.statements s"
                                + " ON s.statement_id = q.statement_id WHERE s.sql_text LIKE '%once%' AND s.user_name = 'alice'"
                                + " GROUP BY q.source ORDER BY 1"))
                .containsExactly("crm|1", "rights|1");
    }

    @Test
    void aPreparedStatementLooksUpAgain() throws SQLException {
        execute(rights, "INSERT INTO g VALUES ('carl', 'US', 9)");
        try (Connection connection = nicol.connect("carl");
                PreparedStatement statement =
                        connection.prepareStatement("SELECT id FROM crm.public.t00 WHERE id > ? ORDER BY id")) {
            statement.setInt(1, 0);
            assertThat(TestNicol.rows(statement.executeQuery())).containsExactly("2");
            execute(rights, "UPDATE g SET region = 'EU' WHERE usr = 'carl'");
            assertThat(TestNicol.rows(statement.executeQuery())).containsExactly("1", "3");
        } finally {
            execute(rights, "DELETE FROM g WHERE usr = 'carl'");
        }
    }

    @Test
    void joinsOfSeveralSourcesKeepTheFilter() throws SQLException {
        assertThat(
                        nicol.rows(
                                "alice",
                                "SELECT t.id, s.id FROM crm.public.t00 t LEFT JOIN crm.public.t01 s ON s.level = t.level ORDER BY 1, 2"))
                .containsExactly("1|null", "3|null");
        assertThat(nicol.rows(
                        "alice",
                        "SELECT id FROM crm.public.t00 UNION SELECT CHAR_LENGTH(sql_text) FROM nicol.audit.statements"
                                + " WHERE user_name = 'nobody' ORDER BY 1"))
                .containsExactly("1", "3");
    }

    @Test
    void writesObeyTheFilter() throws SQLException {
        execute(crm, "CREATE TABLE kept AS SELECT * FROM t04");
        try {
            assertThat(nicol.update("alice", "INSERT INTO crm.public.t04 (id, region) VALUES (6, 'EU')"))
                    .isEqualTo(1);
            assertCode("alice", "INSERT INTO crm.public.t04 (id, region) VALUES (7, 'US')", "42501");
            assertCode("alice", "INSERT INTO crm.public.t04 (id, region) VALUES (8, 'EU'), (9, NULL)", "42501");
            assertThat(nicol.update("alice", "UPDATE crm.public.t04 SET region = 'AP' WHERE id IN (2, 6)"))
                    .isEqualTo(1);
            assertCode("alice", "UPDATE crm.public.t04 SET region = 'US' WHERE id = 1", "42501");
            assertThat(nicol.update("alice", "UPDATE crm.public.t04 SET level = 7 WHERE id > 0"))
                    .isEqualTo(3);
            assertThat(nicol.update("alice", "DELETE FROM crm.public.t04 WHERE id > 1"))
                    .isEqualTo(2);
            assertThat(nicol.rows("steve", "SELECT id, region, level FROM crm.public.t04 ORDER BY id"))
                    .containsExactly("1|EU|7", "2|US|2", "4|null|1", "5|ap|null");
        } finally {
            execute(crm, "DELETE FROM t04", "INSERT INTO t04 SELECT * FROM kept", "DROP TABLE kept");
        }
    }

    /** Rows of another source are read once, checked by the target's source and written. */
    @Test
    void rowsOfAnotherSourceObeyTheFilter() throws SQLException {
        String copy =
                "INSERT INTO crm.public.t04 (id, region) SELECT id, region FROM rights." + rights.user() + ".feed";
        try {
            assertThat(nicol.update("alice", copy)).isEqualTo(250);
            execute(crm, "DELETE FROM t04 WHERE id > 1000");
            execute(rights, "UPDATE feed SET region = 'US' WHERE id = 1200");
            assertCode("alice", copy, "42501");
            assertThat(nicol.rows("steve", "SELECT COUNT(*) FROM crm.public.t04 WHERE id > 1000"))
                    .containsExactly("0");
        } finally {
            execute(crm, "DELETE FROM t04 WHERE id > 1000");
            execute(rights, "UPDATE feed SET region = 'EU'");
        }
    }

    @Test
    void whatCannotBeBoundShowsNothing() {
        assertCode("alice", "SELECT * FROM crm.public.w1", "53200");
        assertCode("alice", "SELECT * FROM crm.public.w2", "0A000");
        assertCode("alice", "SELECT * FROM crm.public.w3", "53200");
        assertCode("alice", "SELECT * FROM crm.public.w4", "0A000");
    }

    @Test
    void explainShowsNoLookUp() throws SQLException {
        assertThat(String.join("\n", nicol.rows("alice", "EXPLAIN PLAN FOR SELECT * FROM crm.public.t00")))
                .contains("t00")
                .doesNotContain("rights")
                .doesNotContain("usr");
    }

    @Test
    void aLookUpThatFailsShowsNothing() throws SQLException {
        execute(rights, "RENAME TABLE g TO gone");
        try {
            assertThatThrownBy(() -> nicol.rows("alice", "SELECT id FROM crm.public.t00"))
                    .isInstanceOfSatisfying(SQLException.class, failure -> {
                        assertThat(failure.getSQLState()).isEqualTo("42501");
                        assertThat(failure.getMessage())
                                .doesNotContain("rights")
                                .doesNotContain("`g`");
                    });
        } finally {
            execute(rights, "RENAME TABLE gone TO g");
        }
        assertThat(nicol.rows(
                        "audra",
                        "SELECT outcome, sqlstate FROM nicol.audit.statements WHERE sql_text = 'SELECT id FROM crm.public.t00'"
                                + " AND sqlstate IS NOT NULL"))
                .containsExactly("denied|42501");
    }

    @Test
    void aLookUpSourceThatIsDownShowsNothing() throws SQLException {
        SourceDefinition down = new SourceDefinition(
                "down", "h2", "jdbc:h2:tcp://127.0.0.1:1/./none", "sa", "", "production", Map.of(), 4);
        try (TestNicol other =
                TestNicol.start(List.of(crm, down), USERS, """
                grants:
                  - {name: all, tables: ["crm.**"], actions: [select], raw: ["*"], to: {groups: [analysts, stewards]}}
                row_filters:
                  - {name: f, tables: ["crm.public.t00"], to: {groups: [analysts]}, where: "region IN (SELECT region FROM down.public.g)"}
                """, "classification: {mask_by_default: false}")) {
            assertThatThrownBy(() -> other.rows("alice", "SELECT id FROM crm.public.t00"))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isIn("42501", "NS001"));
            assertThat(other.rows("alice", "SELECT id FROM crm.public.t01 WHERE id = 1"))
                    .containsExactly("1");
        }
    }

    private void assertCode(String user, String sql, String sqlState) {
        assertThatThrownBy(() -> nicol.update(user, sql))
                .as(sql)
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .as(failure.getMessage())
                        .isEqualTo(sqlState));
    }
}
