package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * A column of text is compared with a constant of another length as it is stored, so that the source's index finds it, and means
 * what PostgreSQL means: blanks that pad a CHAR do not count.
 */
class TextComparisonsTest {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [analysts]}
              bob: {password: "$HASH", groups: [clerks]}
              carol: {password: "$HASH", groups: [partners], attributes: {region: "EU"}}
              dan: {password: "$HASH", groups: [partners], attributes: {region: "EU "}}
              erin: {password: "$HASH", groups: [partners], attributes: {region: "E"}}
              fay: {password: "$HASH", groups: [maskeds]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class Contract {
        private Source direct;
        private TestNicol nicol;
        private String schema;

        abstract SourceDefinition source(String name);

        /** Whether a plan finds rows by an index on {@code code}. */
        abstract boolean byIndex(String plan);

        @BeforeAll
        void start() throws SQLException {
            SourceDefinition hr = source("hr");
            schema = "hr." + TestDatabases.schema(hr);
            SourceDefinition other = TestDatabases.h2("other");
            TestDatabases.execute(
                    other.url(),
                    other.user(),
                    other.password(),
                    "CREATE TABLE far (id INTEGER PRIMARY KEY, word VARCHAR(3))",
                    "INSERT INTO far VALUES (1, 'one'), (2, 'two'), (3, 'six')");
            direct = new Source(hr);
            try (Connection connection = direct.connection();
                    Statement statement = connection.createStatement()) {
                statement.execute(
                        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, code CHAR(10), word VARCHAR(5), region CHAR(4))");
                statement.execute(
                        "INSERT INTO t VALUES (1, 'AB', 'AB', 'EU'), (2, 'ABC', 'ABC', 'EU'), (3, NULL, NULL, 'EU'),"
                                + " (4, 'ABCDEFGHIJ', 'ABCDE', 'EU'), (5, 'AB', 'AB', 'US')");
                for (int from = 6; from < 3_000; from *= 2) {
                    statement.execute("INSERT INTO t SELECT id + " + (from - 5)
                            + ", 'X', 'X', 'EU' FROM t WHERE id >= 5 AND id < " + from);
                }
                statement.execute("CREATE INDEX codes ON t (code)");
                if (!hr.kind().equals("h2")) {
                    statement.execute((hr.kind().equals("mysql") ? "ANALYZE TABLE " : "ANALYZE ") + "t");
                }
            }
            nicol = TestNicol.start(
                    List.of(hr, other), USERS, """
                    grants:
                      - {name: all, tables: ["hr.**", "other.**"], actions: [select], raw: ["*"], to: {groups: [analysts, clerks, partners]}}
                      - {name: masked, tables: ["hr.**"], actions: [select], to: {groups: [maskeds]}}
                    row_filters:
                      - {name: europe, tables: ["$s.t"], to: {groups: [clerks]}, where: "region = 'EU'"}
                      - {name: own, tables: ["$s.t"], to: {groups: [partners]}, where: "region = ATTRIBUTE('region')"}
                    column_masks:
                      - {name: codes, columns: ["$s.t.code"], to: {groups: [maskeds]}, mask: {kind: partial, first: 1, last: 0}}
                    """.replace("$s", schema), "classification: {mask_by_default: false}");
        }

        @AfterAll
        void stop() {
            if (nicol != null) {
                nicol.close();
            }
            direct.close();
        }

        @Test
        void aPaddedColumnIsComparedWithoutItsBlanks() throws SQLException {
            assertRows("code = 'AB'", "1", "5");
            assertRows("'AB' = code", "1", "5");
            assertRows("code = 'AB  '", "1", "5");
            assertRows("code = 'AB          '", "1", "5");
            assertRows("code = 'ABCDEFGHIJ'", "4");
            assertRows("code = 'ABCDEFGHIJKL'");
            assertRows("code IN ('ABC', 'ABCDEFGHIJ', 'ABCDEFGHIJKL')", "2", "4");
            assertRows("code > 'AB' AND code < 'X'", "2", "4");
            assertRows("code BETWEEN 'AA' AND 'AB'", "1", "5");
            assertRows("code <= 'ABCDEFGHIJKL' AND code >= 'ABC'", "2", "4");
            assertRows("code <> 'AB' AND code <> 'X'", "2", "4");
            assertRows("code NOT IN ('AB', 'X')", "2", "4");
            assertRows("code IS DISTINCT FROM 'AB' AND code IS DISTINCT FROM 'X'", "2", "3", "4");
            assertRows("CASE code WHEN 'AB' THEN 1 WHEN 'ABC' THEN 2 ELSE 3 END < 3", "1", "2", "5");
            assertRows("code = ANY (SELECT code FROM $t WHERE id = 2)", "2");
        }

        @Test
        void aConstantMayBeLongerThanTheColumn() throws SQLException {
            assertRows("word = 'ABCDEFGH'");
            assertRows("word < 'ABCDEFGH' AND word > 'ABC'", "4");
            assertRows("word IN ('AB', 'ABCDEFGH')", "1", "5");
            assertRows("word <> 'ABCDEFGH' AND word <> 'X'", "1", "2", "4", "5");
        }

        /** The engine computes it. */
        @Test
        void soItIsAcrossSources() throws SQLException {
            String sql =
                    "SELECT t.id FROM $t t JOIN other.public.far f ON t.id = f.id WHERE CASE WHEN f.word = 'two' THEN t.code"
                            + " ELSE 'AB' END = 'ABC' ORDER BY 1";
            assertThat(nicol.rows("alice", located(sql))).containsExactly("2");
            sql =
                    "SELECT t.id FROM $t t LEFT JOIN other.public.far f ON t.id = f.id AND t.code = 'AB' WHERE f.id IS NOT NULL";
            assertThat(nicol.rows("alice", located(sql))).containsExactly("1");
            sql =
                    "SELECT t.id FROM $t t JOIN other.public.far f ON t.id = f.id AND (t.code = 'AB' OR f.word = 'two') ORDER BY 1";
            assertThat(nicol.rows("alice", located(sql))).containsExactly("1", "2");
        }

        /** As constants of several lengths are: Calcite makes one set of them. */
        @Test
        void soAreSeveralAcrossSources() throws SQLException {
            assertRowsAcross("t.code IN ('AB', 'ABCDEFGHIJKL')");
            assertRowsAcross("t.code = 'AB' OR t.code = 'ABCDEFGHIJKL'");
            assertRowsAcross("t.code BETWEEN 'AA' AND 'AB' AND t.code <> 'ABCDEFGHIJKL'");
        }

        /** That only the row 1 is found by the engine. */
        void assertRowsAcross(String condition) throws SQLException {
            String on = "SELECT t.id FROM $t t JOIN other.public.far f ON t.id = f.id AND ((" + condition
                    + ") OR f.word = 'none') ORDER BY 1";
            assertThat(rowsOf(on)).as(on).containsExactly("1");
            String where = "SELECT t.id FROM (SELECT t.* FROM $t t JOIN other.public.far f ON t.id = f.id) t,"
                    + " other.public.far g WHERE t.id = g.id AND CASE WHEN g.word = 'none' THEN FALSE ELSE ("
                    + condition
                    + ") END";
            assertThat(rowsOf(where)).as(where).containsExactly("1");
        }

        @Test
        void anIndexFindsIt() throws SQLException {
            for (String condition : List.of(
                    "code = 'AB'", "code IN ('AB', 'ABC')", "code = 'AB' AND CHAR_LENGTH(word) = 2", "'ABC' = code")) {
                for (String user : List.of("alice", "bob")) {
                    String sql = located("SELECT id FROM $t WHERE " + condition);
                    assertThat(nicol.rows(user, sql)).isNotEmpty();
                    String sent = sent(user, sql);
                    assertThat(sent).doesNotContain("CAST(\"code\"").doesNotContain("CAST(`code`");
                    String plan = explained(sent);
                    assertThat(byIndex(plan)).as(sent + "\n" + plan).isTrue();
                }
            }
        }

        /** As a constant is, whoever makes it one. */
        @Test
        void aParameterIsComparedSo() throws SQLException {
            String sql = located("SELECT id FROM $t WHERE code = ? AND id < 6 ORDER BY id");
            try (Connection connection = nicol.connect("alice");
                    PreparedStatement statement = connection.prepareStatement(sql)) {
                for (String text : List.of("AB", "AB  ", "AB          ")) {
                    statement.setString(1, text);
                    try (ResultSet rows = statement.executeQuery()) {
                        assertThat(TestNicol.rows(rows)).as("`%s`", text).containsExactly("1", "5");
                    }
                }
            }
            // statements that differ in the text only share a plan, whose parameter it is
            for (String text : List.of("AB", "AB  ", "ABC", "AB        ", "AB          ")) {
                assertThat(nicol.rows("alice", located("SELECT id FROM $t WHERE code = '" + text + "' ORDER BY id")))
                        .as("`%s`", text)
                        .containsExactlyElementsOf(text.equals("ABC") ? List.of("2") : List.of("1", "5"));
            }
        }

        /** As a parameter is: a filter on a CHAR finds its rows by an index too. */
        @Test
        void anAttributeIsComparedSo() throws SQLException {
            String sql = located("SELECT id FROM $t WHERE id < 6 ORDER BY id");
            assertThat(nicol.rows("carol", sql)).containsExactly("1", "2", "3", "4");
            assertThat(nicol.rows("dan", sql)).containsExactly("1", "2", "3", "4");
            assertThat(nicol.rows("erin", sql)).isEmpty();
            assertThat(sent("carol", sql)).doesNotContain("CAST(");
        }

        /** What a mask makes of a CHAR has no blanks at its end. */
        @Test
        void aMaskIsComparedAsItIsShown() throws SQLException {
            for (String condition : List.of("code = 'A*'", "code IN ('A*', 'B*')", "code < 'A**'")) {
                String sql = located("SELECT id, code FROM $t WHERE id < 6 AND " + condition + " ORDER BY id");
                assertThat(nicol.rows("fay", sql)).as(sql).containsExactly("1|A*", "5|A*");
            }
        }

        private String sent(String user, String sql) throws SQLException {
            List<String> sent = nicol.rows(
                    "audra",
                    "SELECT q.sql_sent FROM nicol.audit.source_queries q JOIN nicol.audit.statements s ON s.statement_id ="
                            + " q.statement_id WHERE q.source = 'hr' AND s.user_name = '" + user
                            + "' AND s.sql_text = '"
                            + sql.replace("'", "''") + "'");
            assertThat(sent).hasSize(1);
            return sent.get(0);
        }

        private String explained(String sql) throws SQLException {
            return String.join("\n", directly("EXPLAIN " + sql.replace("?", "'AB'")));
        }

        /** From the source itself. */
        List<String> directly(String sql) throws SQLException {
            try (Connection connection = direct.connection();
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(sql)) {
                return TestNicol.rows(rows);
            }
        }

        List<String> rowsOf(String sql) throws SQLException {
            return nicol.rows("alice", located(sql));
        }

        private void assertRows(String condition, String... ids) throws SQLException {
            String sql = located("SELECT id FROM $t WHERE id < 6 AND " + condition + " ORDER BY id");
            assertThat(nicol.rows("alice", sql)).as(sql).containsExactly(ids);
        }

        private String located(String sql) {
            return sql.replace("$t", schema + ".t");
        }
    }

    @Nested
    class Postgres extends Contract {
        @Override
        SourceDefinition source(String name) {
            return TestDatabases.postgres(name);
        }

        /** What is bound must not be of a type that the column is turned into. */
        @Test
        void anIndexFindsAParameter() throws SQLException {
            long before = scans();
            assertThat(rowsOf("SELECT id FROM $t WHERE code = 'ABC'")).containsExactly("2");
            await().untilAsserted(() -> assertThat(scans()).isGreaterThan(before));
        }

        /** To PostgreSQL, what a function makes of a CHAR is a text without blanks at its end. */
        @Test
        void whatIsComputedOfOneIsNotPadded() throws SQLException {
            String upper = "(SELECT id, UPPER(code) AS code FROM $t WHERE id < 6) x";
            for (String sql : List.of(
                    "SELECT id FROM $t WHERE UPPER(code) = 'ABC' ORDER BY id",
                    "SELECT id FROM $t WHERE id < 6 AND UPPER(code) NOT IN ('AB', 'ABCDEFGHIJ') ORDER BY id",
                    "SELECT id FROM " + upper + " WHERE code = 'ABC'",
                    "SELECT x.id FROM " + upper + " JOIN $t t ON t.id = x.id AND x.code = 'ABC'",
                    "SELECT MAX(id) FROM " + upper + " GROUP BY code HAVING code = 'ABC'")) {
                assertThat(rowsOf(sql)).as(sql).containsExactly("2");
            }
        }

        @Test
        void blanksDoNotCountInSeveralConstantsAcrossSources() throws SQLException {
            assertRowsAcross("t.code IN ('AB ', 'B')");
            assertRowsAcross("t.code NOT IN ('ABC ', 'ABCDEFGHIJ  ', 'X')");
            assertRowsAcross("t.code BETWEEN 'AB   ' AND 'ABA'");
        }

        private long scans() throws SQLException {
            return Long.parseLong(directly("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'codes'")
                    .get(0));
        }

        @Override
        boolean byIndex(String plan) {
            return plan.contains("on codes") || plan.contains("using codes");
        }
    }

    @Nested
    class Mariadb extends Contract {
        @Override
        SourceDefinition source(String name) {
            return TestDatabases.mariadb(name);
        }

        @Override
        boolean byIndex(String plan) {
            return plan.contains("|codes|");
        }
    }

    @Nested
    class H2 extends Contract {
        @Override
        SourceDefinition source(String name) {
            return TestDatabases.h2(name);
        }

        @Override
        boolean byIndex(String plan) {
            return plan.contains("CODES:") || plan.contains("codes:");
        }
    }
}
