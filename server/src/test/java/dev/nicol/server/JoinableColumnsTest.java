package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.Test;
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
              mac: {password: "$HASH", groups: [joiners, makers]}
              stew: {password: "$HASH", groups: [stewards], roles: [steward]}
              audra: {password: "$HASH", roles: [auditor]}
            agents:
              bot: {password: "$HASH", acts_for: [joan], groups: [joiners], purposes: [support]}
            """;

    private static final String POLICY = """
            grants:
              - {name: join, tables: ["*.*.emp", "*.*.claims"], actions: [select], joinable: [ssn, code], to: {groups: [joiners]}}
              - {name: list, tables: ["*.*.list"], actions: [select], raw: ["*"], to: {groups: [joiners, maskeds, halves]}}
              - {name: see, tables: ["*.*.emp", "*.*.claims"], actions: [select], to: {groups: [maskeds]}}
              - {name: half, tables: ["*.*.emp"], actions: [select], joinable: ["*"], to: {groups: [halves]}}
              - {name: other-half, tables: ["*.*.claims"], actions: [select], to: {groups: [halves]}}
              - {name: write, tables: ["*.*.emp"], actions: [select], joinable: ["*"], to: {groups: [writers]}}
              - {name: fill, tables: ["*.*.list"], actions: [select, insert], raw: ["*"], to: {groups: [writers]}}
              - {name: make, tables: ["*.*.copy", "*.*.pairs"], actions: [select, insert, create], to: {groups: [makers]}}
              - {name: zero, tables: ["my.*.zero"], actions: [select], raw: ["*"], to: {groups: [joiners]}}
              - {name: views, tables: ["virtual.**"], actions: [select], joinable: ["*"], to: {groups: [joiners]}}
              - {name: stew, tables: ["**"], actions: [select], to: {groups: [stewards]}}
            row_filters:
              - {name: eu, tables: ["*.*.emp"], where: "region = 'EU'", to: {groups: [local]}}
            column_masks:
              - {name: ssn-last4, columns: ["*.*.emp.ssn", "*.*.claims.ssn"], mask: {kind: partial, last: 4}}
              - {name: region-text, columns: ["*.*.emp.region"], mask: {kind: redact_text}, to: {groups: [local]}}
              - {name: view-ssn, columns: ["virtual.j.ruled.ssn"], mask: {kind: partial, last: 4}}
              - {name: no-code, columns: ["*.*.emp.code", "*.*.claims.code"], mask: {kind: "null"}}
            """;

    private static final String[] TABLES = {
        "CREATE TABLE emp (id INTEGER NOT NULL PRIMARY KEY, region VARCHAR(10), ssn VARCHAR(20), code SMALLINT)",
        "CREATE TABLE claims (nr INTEGER NOT NULL PRIMARY KEY, ssn VARCHAR(30), code BIGINT)",
        "CREATE TABLE list (ssn CHAR(12), label VARCHAR(10))",
        "CREATE TABLE pairs (id INTEGER, nr INTEGER)",
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
        SourceDefinition my = sources.get(1);
        TestDatabases.execute(
                my.url(),
                my.user(),
                my.password(),
                "CREATE TABLE zero (code INT(5) UNSIGNED ZEROFILL)",
                "INSERT INTO zero VALUES (7), (9)");
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
                .replace("$list", second + ".list")
                .replace("$pairs", second + ".pairs")
                .replace("$copy", second + ".copy");
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
                "SELECT e.id, c.nr, e.ssn, c.ssn FROM $emp e JOIN $claims c ON e.ssn = c.ssn ORDER BY 1, 2; "
                        + "1|11|*******1111|*******1111/1|12|*******1111|*******1111/2|10|*******2222|*******2222",
                "SELECT e.id, c.nr FROM $emp e, $claims c WHERE c.ssn = e.ssn AND c.nr > 10 ORDER BY 1, 2; 1|11/1|12",
                "SELECT ssn, id, nr FROM $emp JOIN $claims USING (ssn) ORDER BY id, nr; *******1111|1|11/*******1111|1|12/*******2222|2|10",
                "SELECT id, nr, ssn, code FROM $emp NATURAL JOIN $claims; 1|11|*******1111|null",
                "SELECT e.id, c.nr FROM $emp e LEFT JOIN $claims c ON e.ssn = c.ssn ORDER BY 1, 2; 1|11/1|12/2|10/3|null/4|null",
                "SELECT e.id, c.nr FROM $emp e RIGHT JOIN $claims c ON e.ssn = c.ssn ORDER BY 2; 2|10/1|11/1|12/null|13/null|14",
                "SELECT e.id, c.nr FROM $emp e FULL JOIN $claims c ON e.ssn = c.ssn ORDER BY COALESCE(c.nr, e.id);"
                        + " 3|null/4|null/2|10/1|11/1|12/null|13/null|14",
                "SELECT e.id, c.nr FROM $emp e JOIN $claims c ON e.code = c.code ORDER BY 1, 2; 1|10/1|11/2|13/3|14",
                "SELECT e.id, e.code, c.code FROM $emp e JOIN $claims c ON e.code = c.code AND e.ssn = c.ssn; 1|null|null",
                "SELECT COUNT(*) FROM $emp a JOIN $emp b ON a.ssn = b.ssn; 3",
                "SELECT a.s, b.x FROM (SELECT ssn AS s, id FROM $emp WHERE id < 3) AS a JOIN (SELECT ssn AS x FROM $claims) AS b"
                        + " ON a.s = b.x WHERE a.id = 2; *******2222|*******2222",
                "WITH c AS (SELECT * FROM $claims) SELECT e.id, c.nr FROM $emp e JOIN c ON e.ssn = c.ssn ORDER BY 1, 2; 1|11/1|12/2|10",
                "SELECT e.id, l.label FROM $emp e JOIN $list l ON l.ssn = e.ssn ORDER BY 1; 1|one/3|three",
                "SELECT e.id, c.nr, l.label FROM $emp e JOIN $claims c ON e.ssn = c.ssn JOIN $list l ON c.ssn = l.ssn AND l.ssn = e.ssn"
                        + " ORDER BY 2; 1|11|one/1|12|one",
                "SELECT e.id, l.label FROM $emp e LEFT JOIN $claims c ON e.ssn = c.ssn LEFT JOIN $list l ON c.ssn = l.ssn"
                        + " WHERE c.nr <> 12 ORDER BY 1; 1|one/2|null",
                "SELECT e.id FROM $emp e LEFT JOIN $claims c ON c.nr = 11 WHERE e.ssn = c.ssn; 1",
                "SELECT (SELECT COUNT(*) FROM $emp e JOIN $claims c ON e.ssn = c.ssn) AS n, l.label FROM $list l WHERE label = 'one'; 3|one",
                "SELECT COUNT(*) AS n, e.ssn FROM $emp e JOIN $claims c ON e.ssn = c.ssn GROUP BY e.ssn ORDER BY 1; 1|*******2222/2|*******1111",
                "SELECT x.id FROM (SELECT e.id, c.nr FROM $emp e JOIN $claims c ON e.ssn = c.ssn) AS x WHERE x.nr = 12; 1",
                "SELECT id FROM $emp WHERE ssn IN (SELECT ssn FROM $claims) ORDER BY 1; 1/2",
                "SELECT id FROM $emp WHERE ssn NOT IN (SELECT ssn FROM $claims WHERE ssn IS NOT NULL) ORDER BY 1; 3",
                "SELECT id FROM $emp WHERE ssn NOT IN (SELECT ssn FROM $claims); ''",
                "SELECT nr FROM $claims WHERE code IN (SELECT code FROM $emp WHERE id <> 1) AND nr > 1 ORDER BY 1; 13/14",
                "SELECT e.id FROM $emp e WHERE e.ssn IN (SELECT c.ssn FROM $claims c WHERE c.nr > e.id + 10); 1",
                "SELECT e.id FROM $emp e JOIN $claims c ON e.ssn = c.ssn WHERE EXISTS (SELECT 1 FROM $list l WHERE l.label = 'one'"
                        + " AND c.nr > 11 + 0 * e.id); 1",
                "SELECT e.id FROM $emp e, $claims c WHERE e.ssn = c.ssn AND c.nr = (SELECT MAX(d.nr) FROM $claims d WHERE d.nr < 10 + e.id);"
                        + " ''",
            })
    void joinsCompareWhatIsStored(String sql, String expected) throws SQLException {
        assertRows("joan", sql, expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "SELECT COUNT(*) FROM $emp e JOIN $claims c ON e.ssn <> c.ssn; 7",
                "SELECT COUNT(*) FROM $emp e JOIN $claims c ON NOT (e.ssn = c.ssn); 7",
                "SELECT COUNT(*) FROM $emp e JOIN $claims c ON e.ssn = c.ssn OR e.id = 99; 5",
                "SELECT COUNT(*) FROM $emp e JOIN $claims c ON UPPER(e.ssn) = c.ssn; 5",
                "SELECT COUNT(*) FROM $emp e JOIN $claims c ON e.ssn || '' = c.ssn; 5",
                "SELECT COUNT(*) FROM $emp e JOIN $claims c ON e.ssn IS NOT DISTINCT FROM c.ssn; 6",
                "SELECT e.ssn = c.ssn FROM $emp e JOIN $claims c ON e.id = 3 AND c.nr = 11; true",
                "SELECT COUNT(*) FROM $emp e JOIN (SELECT ssn FROM $claims GROUP BY ssn) AS g ON e.ssn = g.ssn; 3",
                "SELECT COUNT(*) FROM $emp e JOIN (SELECT DISTINCT ssn FROM $claims) AS g ON e.ssn = g.ssn; 3",
                "SELECT COUNT(*) FROM $emp e JOIN (SELECT ssn FROM $claims ORDER BY nr LIMIT 5) AS g ON e.ssn = g.ssn; 5",
                "SELECT COUNT(*) FROM $emp e JOIN (SELECT ssn, COUNT(*) OVER () AS n FROM $claims) AS g ON e.ssn = g.ssn; 5",
                "SELECT COUNT(*) FROM $emp e JOIN (SELECT ssn FROM $claims UNION ALL SELECT ssn FROM $claims WHERE nr = 99) AS g"
                        + " ON e.ssn = g.ssn; 5",
                "SELECT COUNT(*) FROM $emp e JOIN (VALUES ('111-11-1111')) AS v(s) ON e.ssn = v.s; 0",
                "SELECT COUNT(*) FROM $emp e JOIN (VALUES ('*******1111')) AS v(s) ON e.ssn = v.s; 2",
                "SELECT COUNT(*) FROM $emp e JOIN (SELECT '111-11-1111' AS s FROM $claims) AS v ON e.ssn = v.s; 0",
                "SELECT COUNT(*) FROM $emp e JOIN (SELECT ssn || '' AS s FROM $list) AS v ON e.ssn = v.s; 0",
                "SELECT COUNT(*) FROM $emp e JOIN (SELECT COALESCE(ssn, 'x') AS s FROM $list) AS v ON e.ssn = v.s; 0",
                "SELECT COUNT(*) FROM $emp e WHERE e.ssn = '111-11-1111'; 0",
                "SELECT COUNT(*) FROM $emp e WHERE e.ssn IN (VALUES ('111-11-1111')); 0",
                "SELECT COUNT(*) FROM $emp e WHERE e.ssn IN (SELECT ssn FROM $claims GROUP BY ssn); 3",
                "SELECT COUNT(*) FROM $emp e WHERE e.ssn IN (SELECT ssn FROM $claims) OR e.id = 99; 3",
                "SELECT COUNT(*) FROM $emp e WHERE EXISTS (SELECT 1 FROM $claims c WHERE c.ssn = e.ssn); 3",
                "SELECT COUNT(*) FROM $emp e WHERE e.ssn = (SELECT MAX(c.ssn) FROM $claims c WHERE c.nr = 11); 2",
                "SELECT COUNT(*) FROM $emp e JOIN $claims c ON e.ssn = c.ssn AND e.ssn = '111-11-1111'; 0",
                "SELECT COUNT(*) FROM $emp e JOIN $claims c ON CAST(e.code AS VARCHAR(10)) = c.ssn; 0",
            })
    void allElseSeesTheMask(String sql, String expected) throws SQLException {
        assertRows("joan", sql, expected);
    }

    private static final String PAIRS = "SELECT e.id, c.nr FROM $emp e JOIN $claims c ON e.ssn = c.ssn ORDER BY 1, 2";

    @Test
    void withoutTheGrantMasksAreJoined() throws SQLException {
        assertRows("may", PAIRS, "1|11/1|12/2|10/3|11/3|12");
        assertRows("half", PAIRS, "1|11/1|12/2|10/3|11/3|12");
        assertRows("half", "SELECT e.id FROM $emp e JOIN $list l ON e.ssn = l.ssn ORDER BY 1", "1/3");
        assertRows("may", "SELECT COUNT(*) FROM $emp e JOIN $claims c ON e.code = c.code", "0");
        assertRows("may", "SELECT COUNT(*) FROM $emp e JOIN $list l ON e.ssn = l.ssn", "0");
    }

    /** Whoever fills one side chooses what is compared. */
    @Test
    void aTableThatTheSubjectFillsIsNotCompared() throws SQLException {
        assertRows("will", "SELECT COUNT(*) FROM $emp e JOIN $list l ON e.ssn = l.ssn", "0");
        assertRows("will", "SELECT COUNT(*) FROM $list l WHERE l.ssn IN (SELECT ssn FROM $emp)", "0");
        assertRows("will", "SELECT COUNT(*) FROM $emp a JOIN $emp b ON a.ssn = b.ssn", "3");
        try (Connection connection = nicol.connect("joan", "job", "111-11-1111");
                Statement statement = connection.createStatement()) {
            for (String on : List.of("e.ssn = s.job", "s.job = e.ssn AND s.user_name = 'joan'")) {
                String sql = "SELECT COUNT(*) FROM h2.PUBLIC.emp e JOIN nicol.audit.statements s ON " + on;
                try (ResultSet rows = statement.executeQuery(sql)) {
                    assertThat(TestNicol.rows(rows)).as(sql).containsExactly("0");
                }
            }
        }
    }

    @Test
    void agentsJoinMasks() throws SQLException {
        try (Connection connection = nicol.connect("bot", "on_behalf_of", "joan", "purpose", "support");
                Statement statement = connection.createStatement()) {
            for (SourceDefinition source : sources) {
                try (ResultSet rows = statement.executeQuery(on(source, source, PAIRS))) {
                    assertThat(TestNicol.rows(rows)).containsExactly("1|11", "1|12", "2|10", "3|11", "3|12");
                }
            }
        }
    }

    /** The source itself writes 00007. */
    @Test
    void aNumberIsItsDigitsHoweverItsSourceWritesIt() throws SQLException {
        String zero = "my." + TestDatabases.schema(sources.get(1)) + ".zero";
        assertRows("joan", "SELECT e.id FROM $emp e JOIN " + zero + " z ON z.code = e.code", "1");
    }

    /** The engine computes one mask of the filtered table, its source the key. */
    @Test
    void hiddenRowsStayHidden() throws SQLException {
        assertRows("jim", PAIRS, "1|11/1|12");
        assertRows(
                "jim",
                "SELECT c.nr, e.id FROM $claims c LEFT JOIN $emp e ON e.ssn = c.ssn ORDER BY 1",
                "10|null/11|1/12|1/13|null/14|null");
        assertRows(
                "jim",
                "SELECT nr FROM $claims WHERE ssn NOT IN (SELECT ssn FROM $emp WHERE ssn IS NOT NULL) ORDER BY 1",
                "10/13");
        assertRows(
                "jim",
                "SELECT e.id FROM $emp e JOIN $claims c ON e.ssn = c.ssn WHERE 10 / (e.id - 2) <> 0 AND c.nr = 11 ORDER BY 1",
                "1");
    }

    @Test
    void viewsWithoutRulesOfTheirOwnArePassed() throws SQLException {
        nicol.update("stew", "CREATE SCHEMA virtual.j");
        for (SourceDefinition source : sources) {
            String view = on(source, source, "CREATE OR REPLACE VIEW virtual.j.%s AS SELECT id AS n, ssn FROM $emp");
            nicol.update("stew", view.formatted("plain"));
            nicol.update("stew", view.formatted("ruled"));
            String pairs = on(
                    source,
                    source,
                    "SELECT v.n, c.nr FROM virtual.j.%s v JOIN $claims c ON v.ssn = c.ssn ORDER BY 1, 2");

            assertThat(nicol.rows("joan", pairs.formatted("plain"))).containsExactly("1|11", "1|12", "2|10");
            assertThat(nicol.rows("joan", pairs.formatted("ruled")))
                    .containsExactly("1|11", "1|12", "2|10", "3|11", "3|12");
        }
    }

    /** INSERT … SELECT reads masks; CREATE TABLE AS is a query. */
    @Test
    void writesOfJoinedRows() throws SQLException {
        for (SourceDefinition source : sources) {
            nicol.update("mac", on(source, source, "INSERT INTO $pairs " + PAIRS.replace(" ORDER BY 1, 2", "")));
            assertThat(nicol.rows("mac", on(source, source, "SELECT * FROM $pairs ORDER BY 1, 2")))
                    .as(source.name())
                    .containsExactly("1|11", "1|12", "2|10", "3|11", "3|12");
            nicol.update("mac", on(source, source, "CREATE TABLE $copy AS " + PAIRS.replace(" ORDER BY 1, 2", "")));
            assertThat(nicol.rows("mac", on(source, source, "SELECT * FROM $copy ORDER BY 1, 2")))
                    .as(source.name())
                    .containsExactly("1|11", "1|12", "2|10");
        }
    }

    @Test
    void noColumnIsAdded() throws SQLException {
        for (SourceDefinition source : sources) {
            String sql = on(
                    source,
                    source,
                    "SELECT * FROM $emp e JOIN $claims c ON e.ssn = c.ssn WHERE c.nr > ? ORDER BY 5, 1");
            try (Connection connection = nicol.connect("joan");
                    PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setInt(1, 10);
                try (ResultSet rows = statement.executeQuery()) {
                    assertThat(rows.getMetaData().getColumnCount()).isEqualTo(7);
                    assertThat(TestNicol.rows(rows))
                            .containsExactly(
                                    "1|EU|*******1111|null|11|*******1111|null",
                                    "1|EU|*******1111|null|12|*******1111|null");
                }
            }
        }
    }

    @Test
    void theTrailAndExplainPolicyTell() throws SQLException {
        String sql = "SELECT e.id AS told FROM $emp e JOIN $claims c ON e.ssn = c.ssn JOIN $list l ON e.ssn = l.ssn";
        assertRows("joan", sql, "1/1");

        String own = " FROM nicol.audit.%s c JOIN nicol.audit.statements s ON s.statement_id = c.statement_id"
                + " WHERE s.user_name = 'joan' AND s.sql_text LIKE 'SELECT e.id AS told%%'";
        assertThat(nicol.rows(
                        "audra",
                        "SELECT DISTINCT c.access, c.mask, c.rule, LOWER(c.table_name)" + own.formatted("column_access")
                                + " AND LOWER(c.column_name) = 'ssn' ORDER BY 1, 4"))
                .containsExactly(
                        "join|null|join|claims",
                        "join|null|join|emp",
                        "read|partial|ssn-last4|claims",
                        "read|partial|ssn-last4|emp",
                        "read|null|null|list");
        assertThat(nicol.rows("audra", "SELECT c.sql_sent" + own.formatted("source_queries")))
                .isNotEmpty()
                .allSatisfy(sent -> assertThat(sent)
                        // a key has more digits; the id of a connection has 32
                        .doesNotContainPattern("[0-9a-fA-F]{33}")
                        .doesNotContain("111-11"));
        assertThat(nicol.rows(
                        "audra",
                        "SELECT DISTINCT c.kind, c.masked, LOWER(c.source_table)"
                                + own.formatted("edges").replace("audit.edges", "lineage.edges")
                                + " AND LOWER(c.source_column) = 'ssn' AND c.phase = 'asked' ORDER BY 3"))
                .containsExactly("JOIN|true|claims", "JOIN|true|emp", "JOIN|false|list");
        SourceDefinition h2 = sources.get(2);
        assertThat(nicol.rows("joan", "EXPLAIN POLICY FOR " + on(h2, h2, sql)))
                .anySatisfy(row -> assertThat(row).contains("|SSN|").contains("join raw"))
                .anySatisfy(row ->
                        assertThat(row).contains("read masked by partial").contains("joins may compare"));
        assertThat(String.join("\n", nicol.rows("joan", "EXPLAIN PLAN FOR " + on(h2, h2, sql))))
                .doesNotContainPattern("[0-9a-fA-F]{32}")
                .doesNotContain("NICOL_HASH");
    }
}
