package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Time;
import java.sql.Timestamp;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What the trail keeps of bound values: what meets a tagged column is in it as a keyed hash only. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BoundValuesTest {
    private static final String HASH = "\"hmac:[0-9a-f]{32}\"";
    private static final String T = "h2.PUBLIC.t";

    private TestNicol nicol;

    @BeforeAll
    void start() {
        SourceDefinition h2 = TestDatabases.h2("h2");
        TestDatabases.execute(
                h2.url(),
                h2.user(),
                h2.password(),
                "CREATE TABLE t (id INTEGER, email VARCHAR(60), region VARCHAR(10))",
                "CREATE TABLE parts (id INTEGER, code VARCHAR(20), size INTEGER, made DATE, used TIMESTAMP)",
                "INSERT INTO parts VALUES (1, 'blue-17', 3, DATE '2026-11-29', NULL)",
                "INSERT INTO t SELECT x, 'person' || x || '@example.org', CASE WHEN MOD(x, 2) = 0 THEN 'EU' ELSE 'US' END"
                        + " FROM SYSTEM_RANGE(1, 40)");
        nicol = TestNicol.start(List.of(h2), """
                users:
                  ann: {password: "$HASH", groups: [stewards]}
                  ben: {password: "$HASH", groups: [buyers]}
                  audra: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: buyers, tables: ["h2.PUBLIC.parts"], actions: [select], filterable: [code], to: {groups: [buyers]}}
                  - {name: stewards, tables: ["**"], actions: [select, insert, update], raw: ["*"], to: {groups: [stewards]}}
                column_masks:
                  - {name: codes, columns: ["h2.PUBLIC.parts.code"], to: {groups: [buyers]}, mask: {kind: redact}}
                """);
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @Test
    void whatMeetsATaggedColumnIsHashed() throws SQLException {
        String one = bound("SELECT id FROM " + T + " WHERE email = ? AND region = ?", "person2@example.org", "EU");
        assertThat(one).matches("\\[" + HASH + ",\"EU\"\\]");
        String hash = one.substring(1, one.indexOf(','));
        assertThat(bound("SELECT id FROM " + T + " WHERE ? IN (SELECT email FROM " + T + ")", "person2@example.org"))
                .isEqualTo("[" + hash + "]");
        assertThat(bound("SELECT id FROM " + T + " WHERE email LIKE ?", "person3@example.org"))
                .matches("\\[" + HASH + "\\]")
                .isNotEqualTo("[" + hash + "]");
    }

    @Test
    void whatMeetsOthersIsKept() throws SQLException {
        assertThat(bound("SELECT email FROM " + T + " WHERE id = ? AND region <> ?", 2, "AP"))
                .isEqualTo("[\"2\",\"AP\"]");
        assertThat(bound("SELECT email FROM " + T + " WHERE id BETWEEN ? AND ?", 2, null))
                .isEqualTo("[\"2\",null]");
        assertThat(bound("SELECT region FROM " + T + " WHERE region = UPPER(CAST(? AS VARCHAR(9)))", "eu"))
                .isEqualTo("[\"eu\"]");
        assertThat(bound(
                        "SELECT id FROM h2.PUBLIC.parts WHERE made = ? AND used < ? AND CAST(used AS TIME) = ?",
                        Date.valueOf("2026-11-29"),
                        Timestamp.valueOf("2026-11-29 10:00:00.125"),
                        Time.valueOf("10:00:00")))
                .isEqualTo("[\"2026-11-29\",\"2026-11-29 10:00:00.125\",\"10:00:00.000\"]");
        assertThat(bound("SELECT CAST(? AS VARCHAR(9)) FROM " + T + " WHERE id = 1", "shown"))
                .isEqualTo("[\"shown\"]");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT COUNT(*) FROM nicol.audit.statements WHERE sql_text = 'SELECT 7'"
                                + " AND bound_values IS NOT NULL"))
                .containsExactly("0");
    }

    /** Where it goes further than a condition, nobody follows it. */
    @Test
    void whatMayMeetATaggedColumnIsHashed() throws SQLException {
        for (String condition : List.of(
                "CASE WHEN region = CAST(? AS VARCHAR(60)) THEN email ELSE '' END = ''",
                "(region = CAST(? AS VARCHAR(60))) = (email = 'x')",
                "region IN (SELECT r.region FROM " + T + " AS r WHERE (SELECT MIN(email) FROM " + T + ") = ?)",
                "CAST(? AS VARCHAR(60)) = (SELECT MIN(email) FROM " + T + ")",
                "COALESCE(CAST(? AS VARCHAR(60)), email) = email")) {
            assertThat(bound("SELECT id FROM " + T + " WHERE " + condition, "person2@example.org"))
                    .as(condition)
                    .matches("\\[" + HASH + "\\]");
        }
        assertThat(bound(
                        "SELECT s.id FROM (SELECT id, email, CAST(? AS VARCHAR(60)) AS x FROM " + T
                                + ") AS s WHERE s.x = s.email",
                        "person2@example.org"))
                .matches("\\[" + HASH + "\\]");
        assertThat(bound("INSERT INTO " + T + " (id, email, region) VALUES (?, ?, ?)", 99, "new@example.org", "EU"))
                .matches("\\[" + HASH + "," + HASH + "," + HASH + "\\]");
        assertThat(bound("UPDATE " + T + " SET email = ? WHERE id = ?", "other@example.org", 99))
                .matches("\\[" + HASH + ",\"99\"\\]");
    }

    /** Without a tag, and though the condition sees what is stored. */
    @Test
    void whatMeetsAMaskedColumnIsHashed() throws SQLException {
        assertThat(boundBy("ben", "SELECT id FROM h2.PUBLIC.parts WHERE code = ? AND size = ?", "blue-17", 3))
                .matches("\\[" + HASH + ",\"3\"\\]");
        assertThat(boundBy("ann", "SELECT id FROM h2.PUBLIC.parts WHERE code = ?", "blue-17"))
                .isEqualTo("[\"blue-17\"]");
    }

    @Test
    void ofAStatementThatWasRefusedEveryValueIsHashed() throws SQLException {
        assertThatThrownBy(() -> run("ann", "SELECT id FROM " + T + " WHERE nothing = ?", "person2@example.org"))
                .isInstanceOf(SQLException.class);
        assertThat(nicol.rows(
                        "audra",
                        "SELECT COUNT(*) FROM nicol.audit.statements WHERE bound_values LIKE '%@%' OR sql_text LIKE '%person2@%'"
                                + " AND user_name = 'ann'"))
                .containsExactly("0");
    }

    private String bound(String sql, Object... values) throws SQLException {
        return boundBy("ann", sql, values);
    }

    private String boundBy(String user, String sql, Object... values) throws SQLException {
        run(user, sql, values);
        return nicol.rows(
                        "audra",
                        "SELECT bound_values FROM nicol.audit.statements WHERE user_name = '" + user
                                + "' AND bound_values IS NOT NULL"
                                + " ORDER BY statement_id DESC LIMIT 1")
                .get(0);
    }

    private void run(String user, String sql, Object... values) throws SQLException {
        try (Connection connection = nicol.connect(user);
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.execute();
        } catch (SQLException failure) {
            throw new SQLException(Arrays.toString(values) + " " + sql, failure.getSQLState(), failure);
        }
    }
}
