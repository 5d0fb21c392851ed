package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Masked columns that a grant makes joinable: joined by what is stored, shown by their masks, within every kind of source and
 * across any two. Two persons' numbers end in the same four digits, so that joining masks gives other rows.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JoinableColumnsTest {
    private static final String USERS = """
            users:
              joan: {password: "$HASH", groups: [joiners]}
              jim: {password: "$HASH", groups: [joiners, local]}
              may: {password: "$HASH", groups: [maskeds]}
              half: {password: "$HASH", groups: [halves]}
              will: {password: "$HASH", groups: [writers]}
              audra: {password: "$HASH", roles: [auditor]}
            agents:
              bot: {password: "$HASH", acts_for: [joan]}
            """;

    private static final String POLICY = """
            grants:
              - {name: join, tables: ["*.*.emp", "*.*.claims"], actions: [select], joinable: [ssn, code], to: {groups: [joiners]}}
              - {name: list, tables: ["*.*.list", "*.*.emp_names"], actions: [select], to: {groups: [joiners, maskeds, halves]}}
              - {name: see, tables: ["*.*.emp", "*.*.claims"], actions: [select], to: {groups: [maskeds], agents: [bot]}}
              - {name: half, tables: ["*.*.emp"], actions: [select], joinable: ["*"], to: {groups: [halves]}}
              - {name: other-half, tables: ["*.*.claims"], actions: [select], to: {groups: [halves]}}
              - {name: write, tables: ["*.*.emp"], actions: [select], joinable: ["*"], to: {groups: [writers]}}
              - {name: fill, tables: ["*.*.list"], actions: [select, insert], to: {groups: [writers]}}
            row_filters:
              - {name: eu, tables: ["*.*.emp"], where: "region = 'EU'", to: {groups: [local]}}
            column_masks:
              - {name: ssn-last4, columns: ["*.*.emp.ssn", "*.*.claims.ssn"], mask: {kind: partial, last: 4}}
              - {name: no-code, columns: ["*.*.emp.code", "*.*.claims.code"], mask: {kind: "null"}}
            """;

    private static final String[] TABLES = {
        "CREATE TABLE emp (id INTEGER NOT NULL PRIMARY KEY, region VARCHAR(10), ssn VARCHAR(20), code SMALLINT)",
        "CREATE TABLE claims (no INTEGER NOT NULL PRIMARY KEY, ssn CHAR(12), code BIGINT)",
        "CREATE TABLE list (ssn VARCHAR(40), label VARCHAR(10))",
        "INSERT INTO emp VALUES (1, 'EU', '111-11-1111', 7), (2, 'US', '222-22-2222', 8), (3, 'EU', '333-33-1111', -1),"
                + " (4, 'EU', NULL, NULL)",
        "INSERT INTO claims VALUES (10, '222-22-2222', 7), (11, '111-11-1111', 7), (12, '111-11-1111', NULL),"
                + " (13, '999-99-9999', 8), (14, NULL, -1)",
        "INSERT INTO list VALUES ('111-11-1111', 'one'), ('333-33-1111', 'three'), ('Ä', 'umlaut')"
    };

    private final List<SourceDefinition> sources = List.of(
            TestDatabases.postgres("pg"),
            TestDatabases.mariadb("my"),
            TestDatabases.h2("h2"),
            TestDatabases.duckdb("duck"));
    private TestNicol nicol;

    @BeforeAll
    void start() {
        sources.forEach(source -> TestDatabases.execute(source.url(), source.user(), source.password(), TABLES));
        nicol = TestNicol.start(sources, USERS, POLICY);
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private static String on(SourceDefinition emp, SourceDefinition others, String sql) {
        String first = emp.name() + "." + TestDatabases.schema(emp);
        String second = others.name() + "." + TestDatabases.schema(others);
        return sql.replace("$emp", first + ".emp")
                .replace("$claims", second + ".claims")
                .replace("$list", second + ".list");
    }

    /** The answer of a statement, the same on all four and across each two of them; rows are parted by a slash. */
    private void assertRows(String user, String sql, String expected) throws SQLException {
        for (int i = 0; i < sources.size(); i++) {
            for (SourceDefinition other : List.of(sources.get(i), sources.get((i + 1) % sources.size()))) {
                String there = on(sources.get(i), other, sql);
                assertThat(String.join("/", nicol.rows(user, there)))
                        .as(user + ": " + there)
                        .isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "SELECT e.id, c.no, e.ssn, c.ssn FROM $emp e JOIN $claims c ON e.ssn = c.ssn ORDER BY 1, 2; "
                        + "1|11|*******1111|*******1111/1|12|*******1111|*******1111/2|10|*******2222|*******2222",
                "SELECT e.id, c.no FROM $emp e, $claims c WHERE c.ssn = e.ssn AND c.no > 10 ORDER BY 1, 2; 1|11/1|12",
                "SELECT ssn, id, no FROM $emp JOIN $claims USING (ssn) ORDER BY id, no; *******1111|1|11/*******1111|1|12/*******2222|2|10",
                "SELECT id, no, ssn, code FROM $emp NATURAL JOIN $claims; 1|11|*******1111|null",
                "SELECT e.id, c.no FROM $emp e LEFT JOIN $claims c ON e.ssn = c.ssn ORDER BY 1, 2; 1|11/1|12/2|10/3|null/4|null",
                "SELECT e.id, c.no FROM $emp e RIGHT JOIN $claims c ON e.ssn = c.ssn ORDER BY 2; 2|10/1|11/1|12/null|13/null|14",
                "SELECT e.id, c.no FROM $emp e FULL JOIN $claims c ON e.ssn = c.ssn ORDER BY COALESCE(c.no, e.id);"
                        + " 3|null/4|null/2|10/1|11/1|12/null|13/null|14",
                "SELECT e.id, c.no FROM $emp e JOIN $claims c ON e.code = c.code ORDER BY 1, 2; 1|10/1|11/2|13/3|14",
                "SELECT e.id, e.code, c.code FROM $emp e JOIN $claims c ON e.code = c.code AND e.ssn = c.ssn; 1|null|null",
                "SELECT COUNT(*) FROM $emp a JOIN $emp b ON a.ssn = b.ssn; 3",
                "SELECT a.s, b.x FROM (SELECT ssn AS s, id FROM $emp WHERE id < 3) AS a JOIN (SELECT ssn AS x FROM $claims) AS b"
                        + " ON a.s = b.x WHERE a.id = 2; *******2222|*******2222",
                "WITH c AS (SELECT * FROM $claims) SELECT e.id, c.no FROM $emp e JOIN c ON e.ssn = c.ssn ORDER BY 1, 2; 1|11/1|12/2|10",
                "SELECT e.id, l.label FROM $emp e JOIN $list l ON l.ssn = e.ssn ORDER BY 1; 1|one/3|three",
                "SELECT e.id, c.no, l.label FROM $emp e JOIN $claims c ON e.ssn = c.ssn JOIN $list l ON c.ssn = l.ssn AND l.ssn = e.ssn"
                        + " ORDER BY 2; 1|11|one/1|12|one",
                "SELECT e.id, l.label FROM $emp e LEFT JOIN $claims c ON e.ssn = c.ssn LEFT JOIN $list l ON c.ssn = l.ssn"
                        + " WHERE c.no <> 12 ORDER BY 1; 1|one/2|null",
                "SELECT e.id FROM $emp e LEFT JOIN $claims c ON c.no = 11 WHERE e.ssn = c.ssn; 1",
                "SELECT (SELECT COUNT(*) FROM $emp e JOIN $claims c ON e.ssn = c.ssn) AS n, l.label FROM $list l WHERE label = 'one'; 3|one",
                "SELECT COUNT(*) AS n, e.ssn FROM $emp e JOIN $claims c ON e.ssn = c.ssn GROUP BY e.ssn ORDER BY 1; 1|*******2222/2|*******1111",
                "SELECT x.id FROM (SELECT e.id, c.no FROM $emp e JOIN $claims c ON e.ssn = c.ssn) AS x WHERE x.no = 12; 1",
                "SELECT id FROM $emp WHERE ssn IN (SELECT ssn FROM $claims) ORDER BY 1; 1/2",
                "SELECT id FROM $emp WHERE ssn NOT IN (SELECT ssn FROM $claims WHERE ssn IS NOT NULL) ORDER BY 1; 3",
                "SELECT id FROM $emp WHERE ssn NOT IN (SELECT ssn FROM $claims); ''",
                "SELECT no FROM $claims WHERE code IN (SELECT code FROM $emp WHERE id <> 1) AND no > 1 ORDER BY 1; 13/14",
                "SELECT e.id FROM $emp e WHERE e.ssn IN (SELECT c.ssn FROM $claims c WHERE c.no > e.id + 10); 1",
                "SELECT e.id FROM $emp e JOIN $claims c ON e.ssn = c.ssn WHERE EXISTS (SELECT 1 FROM $list l WHERE l.label = 'one'"
                        + " AND c.no > 11 + 0 * e.id); 1",
                "SELECT e.id FROM $emp e, $claims c WHERE e.ssn = c.ssn AND c.no = (SELECT MAX(d.no) FROM $claims d WHERE d.no < 10 + e.id);"
                        + " ''",
            })
    void joinsCompareWhatIsStored(String sql, String expected) throws SQLException {
        assertRows("joan", sql, expected);
    }
}
