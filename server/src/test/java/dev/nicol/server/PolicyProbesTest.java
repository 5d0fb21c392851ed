package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Attacks on row filters and masks that were tried and failed. Every table has one hidden row whose values break whatever
 * evaluates them: numbers that no double or narrower decimal holds, the smallest integer under a bucket, text that is no
 * UUID.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PolicyProbesTest {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [analysts]}
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
            """;

    private static final String POLICY = """
            grants:
              - {name: analysts, tables: ["*.*.emp", "*.*.w", "*.*.mine", "*.*.made"], actions: [select, insert, update, delete, ddl], to: {groups: [analysts]}}
              - {name: stewards, tables: ["pg.**", "duck.**"], actions: [select, insert, update, delete, ddl], raw: ["*"], to: {groups: [stewards]}}
            row_filters:
              - {name: europe, tables: ["*.*.emp"], to: {groups: [analysts]}, where: "region LIKE 'E%'"}
              - {name: low, tables: ["*.*.w"], to: {groups: [analysts]}, where: "lvl < 3 AND r <> 'EU' AND k < 3"}
            column_masks:
              - {name: ssn-last4, columns: ["*.*.emp.ssn"], to: {groups: [analysts]}, mask: {kind: partial, last: 4, with: "*"}}
              - {name: coarse, columns: ["*.*.emp.m"], to: {groups: [analysts]}, mask: {kind: bucket, size: 1000}}
            """;

    private TestNicol nicol;

    @BeforeAll
    void start() {
        SourceDefinition postgres = TestDatabases.postgres("pg");
        SourceDefinition duckdb = TestDatabases.duckdb("duck");
        create(postgres, "NUMERIC", "1" + "0".repeat(400));
        create(duckdb, "DECIMAL(38, 0)", "9".repeat(38));
        nicol = TestNicol.start(List.of(postgres, duckdb), USERS, POLICY, "classification: {mask_by_default: false}");
    }

    private static void create(SourceDefinition source, String wide, String beyond) {
        TestDatabases.execute(
                source.url(),
                source.user(),
                source.password(),
                "CREATE TABLE emp (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), region VARCHAR(10), n " + wide
                        + ", d DOUBLE PRECISION, u UUID, m INTEGER, ssn VARCHAR(20))",
                "INSERT INTO emp VALUES (1, '6f9619ff-8b86-d011-b42d-00c04fc964ff', 'EU', 1, 1.5,"
                        + " '6f9619ff-8b86-d011-b42d-00c04fc964ff', 1, '111-11-1111'), (2147483647, 'Bob', 'US', "
                        + beyond + ", 1e308, NULL, -2147483648, '222-22-2222')",
                "CREATE TABLE w (id INTEGER NOT NULL PRIMARY KEY, lvl DECIMAL(4, 0), r VARCHAR(2), k INTEGER)",
                "INSERT INTO w VALUES (1, 1, 'A', 1), (2, 9, 'A', 1)",
                "CREATE TABLE mine (id INTEGER, v VARCHAR(100))",
                "INSERT INTO mine VALUES (1, 'x')");
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    /** Casts that the validator adds, and that would fail on the hidden row. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT id FROM $emp WHERE n < d",
                "SELECT id FROM $emp WHERE n < 2.5e0",
                "SELECT id FROM $emp WHERE id < 1.0000000000000000000000000000000000001",
                "SELECT COUNT(*) FROM $emp WHERE n IN (SELECT n FROM $emp WHERE n < d)",
                "SELECT id FROM $emp WHERE CASE WHEN id > 0 THEN n ELSE d END > 0",
                "SELECT id FROM $emp WHERE u = name",
                "SELECT a.id FROM $emp a JOIN $emp b ON a.u = b.name",
                "SELECT id FROM $emp WHERE u IN (SELECT name FROM $emp)",
                "SELECT a.id FROM $emp a JOIN (VALUES (1.5e0)) AS v(x) ON a.n < v.x",
                "SELECT CAST(x AS INTEGER) FROM (SELECT n AS x FROM $emp UNION ALL SELECT d FROM $emp) AS q WHERE x < 1.2",
                "SELECT id + m FROM $emp WHERE m = 0"
            })
    void noCastSeesTheHiddenRow(String sql) throws SQLException {
        for (String schema : List.of("pg.public.", "duck.main.")) {
            assertThat(nicol.rows("alice", sql.replace("$", schema))).as(schema).containsExactly("1");
        }
    }

    /** Values are checked as they will be stored: a number that is rounded, a text that loses its blanks. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE $w SET lvl = 2.6 WHERE id = 1",
                "UPDATE $w SET k = 2.6 WHERE id = 1",
                "UPDATE $w SET lvl = lvl + 1.6 WHERE id = 1",
                "INSERT INTO $w VALUES (11, 2.6, 'A', 1)",
                "INSERT INTO $w VALUES (11, 1, 'A', 2.6)",
                "INSERT INTO $w SELECT 11, 2.6, 'A', 1 FROM $mine"
            })
    void noRowBecomesHiddenByRounding(String sql) throws SQLException {
        for (String schema : List.of("pg.public.", "duck.main.")) {
            assertCode(sql.replace("$", schema), "42501");
            assertThat(nicol.rows("steve", "SELECT id, lvl, k FROM " + schema + "w ORDER BY id"))
                    .containsExactly("1|1|1", "2|9|1");
        }
    }

    /** PostgreSQL cuts blanks beyond the length without a word. */
    @Test
    void noRowBecomesHiddenByLosingItsBlanks() throws SQLException {
        assertCode("UPDATE pg.public.w SET r = 'EU ' WHERE id = 1", "42501");
        assertCode("INSERT INTO pg.public.w VALUES (12, 1, 'EU ', 1)", "42501");

        assertThat(nicol.rows("steve", "SELECT id, r FROM pg.public.w ORDER BY id"))
                .containsExactly("1|A", "2|A");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "UPDATE $mine SET v = (SELECT MAX(ssn) FROM $emp) | 42501",
                "DELETE FROM $mine WHERE v IN (SELECT ssn FROM $emp) | 42501",
                "UPDATE $emp SET name = 'q' WHERE m = 0 | 42501",
                "INSERT INTO $emp (id, region, ssn) VALUES (57, 'EU', UPPER('*******1111')) | 42501",
                "ALTER TABLE $emp ADD COLUMN ssn2 VARCHAR(20) DEFAULT ssn | 42501",
                "TRUNCATE TABLE $w | 42501",
                "CREATE INDEX i ON $emp (ssn) | 0A000",
                "EXPLAIN POLICY FOR SELECT * FROM $emp AS USER 'steve' | 42501",
                "CALL nicol.classify('pg') | 42501"
            })
    void noWriteAsksAboutMasks(String sql, String sqlState) {
        assertCode(sql.replace("$", "pg.public."), sqlState);
        assertCode(sql.replace("$", "duck.main."), sqlState);
    }

    @Test
    void noWriteMeetsTheHiddenRow() throws SQLException {
        for (String schema : List.of("pg.public.", "duck.main.")) {
            assertThat(nicol.update("alice", "DELETE FROM " + schema + "emp WHERE n < d AND id > 1"))
                    .isZero();
            assertThat(nicol.update("alice", "UPDATE " + schema + "w SET k = 1 WHERE id = 2"))
                    .isZero();
        }
    }

    /** Who copies what masks show has copied masks, for stewards too. */
    @Test
    void aCopyHoldsMaskedValues() throws SQLException {
        nicol.update("alice", "CREATE TABLE pg.public.made AS SELECT id, ssn, m FROM pg.public.emp");

        assertThat(nicol.rows("steve", "SELECT * FROM pg.public.made")).containsExactly("1|*******1111|0");
    }

    private void assertCode(String sql, String sqlState) {
        assertThatThrownBy(() -> nicol.update("alice", sql))
                .as(sql)
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .as(failure.getMessage())
                        .isEqualTo(sqlState));
    }
}
