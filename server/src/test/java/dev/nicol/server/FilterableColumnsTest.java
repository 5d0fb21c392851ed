package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A masked column that a grant makes filterable: found by its stored value, shown by its mask, on every kind of source. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FilterableColumnsTest {
    private static final String USERS = """
            users:
              fay: {password: "$HASH", groups: [finders]}
              fox: {password: "$HASH", groups: [finders, local]}
              may: {password: "$HASH", groups: [maskeds]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICY = """
            grants:
              - {name: find, tables: ["*.*.emp"], actions: [select], filterable: [ssn, salary], to: {groups: [finders]}}
              - {name: see, tables: ["*.*.emp"], actions: [select], to: {groups: [maskeds]}}
            row_filters:
              - {name: eu, tables: ["*.*.emp"], where: "region = 'EU'", to: {groups: [local]}}
            column_masks:
              - {name: ssn-last4, columns: ["*.*.emp.ssn"], mask: {kind: partial, last: 4}}
              - {name: no-salary, columns: ["*.*.emp.salary"], mask: {kind: "null"}}
            """;

    private final List<SourceDefinition> sources = List.of(
            TestDatabases.postgres("pg"),
            TestDatabases.mariadb("my"),
            TestDatabases.h2("h2"),
            TestDatabases.duckdb("duck"));
    private TestNicol nicol;

    @BeforeAll
    void start() {
        sources.forEach(FilterableColumnsTest::fill);
        nicol = TestNicol.start(sources, USERS, POLICY);
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private static void fill(SourceDefinition definition) {
        try (Source source = new Source(definition);
                Connection connection = source.connection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE emp (id INTEGER NOT NULL PRIMARY KEY, region VARCHAR(10), salary INTEGER,"
                    + " ssn VARCHAR(20), boss INTEGER)");
            statement.execute(
                    "INSERT INTO emp VALUES (1, 'EU', 100, '111-11-1111', 2), (2, 'US', 200, '222-22-2222', 3),"
                            + " (3, 'EU', NULL, '333-33-3333', NULL)");
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** The answer of a statement, the same on all four; rows are parted by a slash. */
    private void assertRows(String user, String sql, String expected) throws SQLException {
        for (SourceDefinition source : sources) {
            String emp = source.name() + "." + TestDatabases.schema(source) + ".emp";
            List<String> rows = new ArrayList<>(nicol.rows(user, sql.replace("$emp", emp)));
            assertThat(String.join("/", rows))
                    .as(user + " on " + source.name() + ": " + sql)
                    .isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "SELECT id, ssn FROM $emp WHERE ssn = '111-11-1111'; 1|*******1111",
                "SELECT id, salary FROM $emp WHERE salary > 150; 2|null",
                "SELECT id FROM $emp WHERE salary IS NULL; 3",
                "SELECT id FROM $emp WHERE ssn IN ('111-11-1111', '222-22-2222') ORDER BY id; 1/2",
                "SELECT id FROM $emp WHERE ssn BETWEEN '2' AND '3' OR id = 3 ORDER BY id; 2/3",
                "SELECT id FROM $emp WHERE NOT (ssn = '111-11-1111' OR salary = 200) ORDER BY id; ''",
                "SELECT id FROM $emp WHERE ssn = '*******1111'; ''",
                "SELECT s FROM (SELECT ssn AS s, id FROM $emp) AS q WHERE s = '222-22-2222'; *******2222",
                "SELECT a.id, b.ssn FROM $emp a JOIN $emp b ON a.boss = b.id AND b.ssn = '222-22-2222'; 1|*******2222",
                "SELECT a.id, b.id FROM $emp a LEFT JOIN $emp b ON a.boss = b.id AND b.ssn = '222-22-2222' ORDER BY 1; 1|2/2|null/3|null",
                "SELECT a.id FROM $emp a LEFT JOIN $emp b ON a.boss = b.id WHERE a.ssn = '333-33-3333'; 3",
                "SELECT COUNT(*) FROM $emp e WHERE EXISTS (SELECT 1 FROM $emp f WHERE f.id = e.boss AND f.ssn = '222-22-2222'); 1",
                "SELECT COUNT(*) FROM $emp WHERE ssn = '111-11-1111'; 1"
            })
    void totalConditionsSeeTheStoredValue(String sql, String expected) throws SQLException {
        assertRows("fay", sql, expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "SELECT id FROM $emp WHERE ssn LIKE '111%'; ''",
                "SELECT id FROM $emp WHERE SUBSTRING(ssn FROM 1 FOR 1) = '1'; ''",
                "SELECT id FROM $emp WHERE ssn = '111-11-1111' OR ssn LIKE '222%'; ''",
                "SELECT id, ssn = '111-11-1111' FROM $emp WHERE id = 1; 1|false",
                "SELECT CASE WHEN ssn = '111-11-1111' THEN 1 ELSE 0 END FROM $emp WHERE id = 1; 0",
                "SELECT COUNT(DISTINCT salary), MAX(ssn) FROM $emp; 0|*******3333",
                "SELECT ssn, COUNT(*) FROM $emp GROUP BY ssn HAVING ssn = '111-11-1111'; ''",
                "SELECT COUNT(*) FILTER (WHERE ssn = '111-11-1111') FROM $emp; 0",
                "SELECT a.id FROM $emp a LEFT JOIN $emp b ON a.boss = b.id WHERE b.ssn = '222-22-2222'; ''",
                "SELECT a.id FROM $emp a JOIN (VALUES ('111-11-1111')) AS v(s) ON a.ssn = v.s; ''",
                "SELECT id FROM (SELECT id, ssn, COUNT(*) OVER () AS n FROM $emp) AS q WHERE ssn = '111-11-1111'; ''",
                "SELECT salary, id FROM $emp ORDER BY salary DESC, id LIMIT 1; null|1"
            })
    void allElseSeesTheMask(String sql, String expected) throws SQLException {
        assertRows("fay", sql, expected);
    }

    @Test
    void hiddenRowsStayHidden() throws SQLException {
        assertRows("fox", "SELECT id, ssn FROM $emp WHERE ssn = '111-11-1111'", "1|*******1111");
        assertRows("fox", "SELECT id FROM $emp WHERE ssn = '222-22-2222'", "");
        assertRows("fox", "SELECT n FROM (SELECT id, COUNT(*) OVER () AS n FROM $emp) AS q WHERE id = 1", "2");
    }

    @Test
    void withoutTheKeyNothingChanges() throws SQLException {
        assertRows("may", "SELECT id FROM $emp WHERE ssn = '111-11-1111'", "");
        assertRows("may", "SELECT id FROM $emp WHERE ssn = '*******1111'", "1");
        assertRows("may", "SELECT COUNT(*) FROM $emp WHERE salary IS NULL", "3");
    }

    @Test
    void theTrailAndExplainPolicyTell() throws SQLException {
        assertRows("fay", "SELECT id FROM $emp WHERE ssn = '333-33-3333'", "3");

        assertThat(nicol.rows(
                        "audra",
                        "SELECT DISTINCT c.access, c.mask, c.rule FROM nicol.audit.column_access c JOIN nicol.audit.statements s"
                                + " ON s.statement_id = c.statement_id WHERE s.user_name = 'fay' AND s.sql_text LIKE"
                                + " 'SELECT id FROM %333-33-3333%' AND LOWER(c.column_name) = 'ssn'"))
                .containsExactly("filter|null|find");
        String emp = "h2.PUBLIC.emp";
        assertThat(nicol.rows("fay", "EXPLAIN POLICY FOR SELECT ssn FROM " + emp + " WHERE ssn = '333-33-3333'"))
                .anySatisfy(row -> assertThat(row).contains("filter raw").contains("find"))
                .anySatisfy(row -> assertThat(row).contains("read masked by partial"));
    }
}
