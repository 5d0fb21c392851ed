package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** EXPLAIN POLICY tells which rule applies to what and why, and no more than the one who asks may know. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExplainPolicyTest {
    private static final String EMP = "hr.PUBLIC.EMP";
    private static final int ITEM = 0;
    private static final int COLUMN = 4;
    private static final int RULE = 5;
    private static final int EFFECT = 6;
    private static final int REASON = 7;
    private static final int COMPUTED_BY = 8;
    private static final int DEFINITION = 9;
    private static final int SQL = 10;

    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition hr = TestDatabases.h2("hr");
        try (Source direct = new Source(hr);
                Connection connection = direct.connection();
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "CREATE TABLE emp (id INTEGER PRIMARY KEY, region VARCHAR(9), salary INTEGER, ssn VARCHAR(20), note VARCHAR(99))");
            statement.execute(
                    "INSERT INTO emp VALUES (1, 'EU', 100, '111-11-1111', ''), (2, 'US', 200, '222-22-2222', '')");
            connection.commit();
        }
        nicol = TestNicol.start(List.of(hr), """
                users:
                  alice: {password: "$HASH", groups: [analysts]}
                  steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                """, """
                grants:
                  - {name: analysts-read, tables: ["hr.**"], actions: [select, delete], columns: {deny: [salary]}, to: {groups: [analysts]}}
                  - {name: stewards-raw, tables: ["hr.**"], actions: [select], raw: ["*"], to: {groups: [stewards]}}
                row_filters:
                  - {name: own-region, tables: ["hr.*.emp"], to: {groups: [analysts]}, where: "region = 'EU'"}
                column_masks:
                  - {name: ssn-last4, columns: ["hr.*.emp.ssn"], to: {groups: [analysts]}, mask: {kind: partial, last: 4}}
                  - {name: notes, columns: ["hr.*.emp.note"], to: {groups: [analysts]}, mask: {kind: redact_text}}
                guardrails:
                  - {name: no-unbounded-writes, statements: [delete], check: unbounded_write, action: deny}
                """);
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @Test
    void aSubjectLearnsWhichRulesApplyButNotWhatTheySay() throws SQLException {
        List<String[]> rows = explained("alice", "SELECT id, ssn, note FROM " + EMP + " WHERE ssn LIKE '%1'");

        String[] ssn = one(rows, "column", "SSN");
        assertThat(ssn[RULE]).isEqualTo("ssn-last4");
        assertThat(ssn[EFFECT]).isEqualTo("read masked by partial; conditions see the masked value too");
        assertThat(ssn[REASON]).isEqualTo("a rule names the column");
        assertThat(ssn[COMPUTED_BY]).isEqualTo("source hr");
        assertThat(one(rows, "column", "NOTE")[COMPUTED_BY]).isEqualTo("engine");
        String[] id = one(rows, "column", "ID");
        assertThat(id[EFFECT]).isEqualTo("read raw");
        assertThat(id[REASON]).isEqualTo("it has no tag, and no rule masks it");
        assertThat(one(rows, "row_filter", "null")[RULE]).isEqualTo("own-region");
        assertThat(one(rows, "grant", "null")[EFFECT]).isEqualTo("allows select, delete");
        assertThat(one(rows, "verdict", "null")[EFFECT]).isEqualTo("allowed");
        assertThat(one(rows, "source_sql", "null")[SQL]).isEqualTo("null");
        assertThat(rows).allSatisfy(row -> assertThat(row[DEFINITION]).isEqualTo("null"));
    }

    @Test
    void rowsThatOnlyCountAreFilteredToo() throws SQLException {
        assertThat(one(explained("alice", "SELECT COUNT(*) FROM " + EMP), "row_filter", "null")[RULE])
                .isEqualTo("own-region");
    }

    @Test
    void aStewardAsksForAnotherAndSeesDefinitionsAndSql() throws SQLException {
        List<String[]> rows = explained("steve", "SELECT ssn FROM " + EMP + " AS USER 'alice'");

        assertThat(one(rows, "column", "SSN")[DEFINITION]).isEqualTo("{kind: partial, first: 0, last: 4, with: '*'}");
        assertThat(one(rows, "row_filter", "null")[DEFINITION]).isEqualTo("region = 'EU'");
        assertThat(one(rows, "source_sql", "null")[SQL])
                .contains("FROM")
                .contains("'EU'")
                .contains("REGEXP_REPLACE");
        assertThat(one(explained("steve", "SELECT ssn FROM " + EMP), "column", "SSN")[EFFECT])
                .isEqualTo("read raw");
    }

    @Test
    void askingForAnotherIsForAuditorsAndStewards() {
        assertCode("alice", "EXPLAIN POLICY FOR SELECT ssn FROM " + EMP + " AS USER 'steve'", "42501");
        assertCode("steve", "EXPLAIN POLICY FOR SELECT ssn FROM " + EMP + " AS USER 'nobody'", "42501");
    }

    @Test
    void whatDoesNotExistForTheSubjectDoesNotExistHere() {
        assertCode("alice", "EXPLAIN POLICY FOR SELECT salary FROM " + EMP, "42703");
        assertCode("steve", "EXPLAIN POLICY FOR SELECT salary FROM " + EMP + " AS USER 'alice'", "42703");
    }

    @Test
    void theStatementIsNotRun() throws SQLException {
        List<String[]> rows = explained("alice", "DELETE FROM " + EMP);

        assertThat(one(rows, "guardrail", "null")[RULE]).isEqualTo("no-unbounded-writes");
        assertThat(one(rows, "verdict", "null")[EFFECT]).isEqualTo("denied");
        assertThat(explained("alice", "DELETE FROM " + EMP + " WHERE id = 1")).isNotEmpty();
        assertThat(nicol.rows("alice", "SELECT COUNT(*) FROM " + EMP)).containsExactly("1");
    }

    @Test
    void itCanBePrepared() throws SQLException {
        try (Connection connection = nicol.connect("alice");
                PreparedStatement prepared =
                        connection.prepareStatement("EXPLAIN POLICY FOR SELECT ssn FROM " + EMP + " WHERE id = ?")) {
            prepared.setInt(1, 1);
            try (ResultSet rows = prepared.executeQuery()) {
                assertThat(rows.getMetaData().getColumnLabel(1)).isEqualTo("item");
                assertThat(TestNicol.rows(rows)).isNotEmpty();
            }
        }
    }

    private List<String[]> explained(String user, String sql) throws SQLException {
        try (Connection connection = nicol.connect(user);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("EXPLAIN POLICY FOR " + sql)) {
            List<String[]> explained = new ArrayList<>();
            while (rows.next()) {
                String[] row = new String[rows.getMetaData().getColumnCount()];
                for (int i = 0; i < row.length; i++) {
                    row[i] = String.valueOf(rows.getString(i + 1));
                }
                explained.add(row);
            }
            return explained;
        }
    }

    private static String[] one(List<String[]> rows, String item, String column) {
        List<String[]> found = rows.stream()
                .filter(row -> row[ITEM].equals(item) && row[COLUMN].equals(column))
                .toList();
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private void assertCode(String user, String sql, String code) {
        assertThatThrownBy(() -> nicol.rows(user, sql))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo(code));
    }
}
