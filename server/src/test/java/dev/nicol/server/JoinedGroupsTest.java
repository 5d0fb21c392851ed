package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Aggregates that one source joins with tables of its own, in statements over two sources: only groups that are joined are added
 * up, and rows are those of one PostgreSQL. Both sources have all tables; a statement reads lines and parts of one and tags
 * of the other.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JoinedGroupsTest {
    private static final String[] TABLES = {
        "CREATE TABLE part_lines (id INTEGER PRIMARY KEY, part INTEGER, kind INTEGER, qty NUMERIC(12, 2), day DATE, note VARCHAR(10))",
        "CREATE TABLE parts (id INTEGER PRIMARY KEY, part INTEGER, brand INTEGER, name VARCHAR(10))",
        "CREATE TABLE tags (id INTEGER PRIMARY KEY, part INTEGER, label VARCHAR(10))",
        "INSERT INTO tags VALUES (0, 5, 'zero'), (1, 17, 'one'), (2, 17, 'two'), (3, NULL, NULL), (4, 900, 'four'), (5, 40, 'five')"
    };
    private static final String SERIES =
            " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)";

    /** Parts 1 to 60, some twice and some not known; lines of parts 0 to 89 and of none. */
    private static final String[] ROWS = {
        "INSERT INTO part_lines" + SERIES + " SELECT i, CASE WHEN i % 13 = 0 THEN NULL ELSE i % 90 END, i % 4,"
                + " CASE WHEN i % 17 = 0 THEN NULL ELSE (i % 50) * 1.25 END, DATE '2020-01-01', 'n' FROM n",
        "INSERT INTO parts" + SERIES
                + " SELECT i, CASE WHEN i % 11 = 0 THEN NULL ELSE i END, i % 6, CASE WHEN i % 2 = 0 THEN 'even'"
                + " ELSE 'odd' END FROM n WHERE i <= 60",
        "INSERT INTO parts VALUES (101, 17, 5, 'again'), (102, 5, 5, NULL), (103, 5, NULL, 'none'), (104, 500, 1, 'alone')",
        "INSERT INTO part_lines VALUES (901, 7, 9, 1, NULL, NULL), (902, NULL, 9, 2, NULL, NULL)"
    };

    private static final String SUMS =
            "(SELECT part, SUM(qty) AS total, COUNT(*) AS n, COUNT(qty) AS known, AVG(kind) AS kinds FROM {l} GROUP BY part)";

    private TestNicol nicol;
    private TestNicol byEstimates;
    private Connection ana;
    private Connection oracle;
    private String my;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition pg = TestDatabases.postgres("pg");
        SourceDefinition shop = TestDatabases.mariadb("my");
        my = "my." + TestDatabases.schema(shop) + ".";
        for (SourceDefinition source : List.of(pg, shop)) {
            execute(source, TABLES);
            execute(source, ROWS);
        }
        execute(
                pg,
                "CREATE TABLE many_lines AS SELECT i AS id, i % 500 AS part, i % 7 AS qty FROM generate_series(1, 5000) i",
                "CREATE TABLE many_parts AS SELECT i AS part, i % 50 AS brand, 'p' || i AS name FROM generate_series(1, 600) i",
                "ANALYZE",
                "CREATE TABLE uncounted WITH (autovacuum_enabled = false) AS SELECT * FROM many_lines");
        execute(shop, "ANALYZE TABLE part_lines, parts, tags");
        oracle = DriverManager.getConnection(pg.url(), pg.user(), pg.password());
        String users = """
                users:
                  ana: {password: "$HASH", groups: [readers], roles: [auditor]}
                  lim: {password: "$HASH", groups: [limited], roles: [auditor]}
                  cov: {password: "$HASH", groups: [covered], roles: [auditor]}
                """;
        String policies = """
                grants:
                  - {name: all, tables: ["pg.**", "my.**"], actions: [select], raw: ["*"], to: {groups: [readers, limited, covered]}}
                row_filters:
                  - {name: lines, tables: ["*.*.part_lines"], where: "kind <> 9 AND id <= 700", to: {groups: [limited]}}
                  - {name: parts, tables: ["*.*.parts"], where: "brand <> 0", to: {groups: [limited]}}
                column_masks:
                  - {name: quantities, columns: ["*.*.part_lines.qty"], to: {groups: [limited]}, mask: {kind: constant, value: 2}}
                  - {name: keys, columns: ["*.*.parts.part"], to: {groups: [covered]}, mask: {kind: constant, value: 17}}
                """;
        nicol = TestNicol.start(List.of(pg, shop), users, policies);
        byEstimates = TestNicol.start(List.of(pg, shop), users, policies, "limits: {join_keys_from_rows: 1000}");
        ana = nicol.connect("ana");
    }

    @AfterAll
    void stop() throws SQLException {
        if (byEstimates != null) {
            ana.close();
            oracle.close();
            nicol.close();
            byEstimates.close();
        }
    }

    private static void execute(SourceDefinition source, String... statements) {
        TestDatabases.execute(source.url(), source.user(), source.password(), statements);
    }

    private static String named(String sql, String lines, String tags) {
        return sql.replace("{s}", SUMS)
                .replace("{l}", lines + "part_lines")
                .replace("{p}", lines + "parts")
                .replace("{t}", tags + "tags");
    }

    /** Numbers by value, rows in any order. */
    private static List<String> plain(List<String> rows) {
        return rows.stream()
                .map(row -> Arrays.stream(row.split("\\|", -1))
                        .map(JoinedGroupsTest::plain)
                        .collect(Collectors.joining("|")))
                .sorted()
                .toList();
    }

    private static String plain(String value) {
        return value.matches("-?\\d+(\\.\\d+)?")
                ? new BigDecimal(value)
                        .setScale(6, RoundingMode.HALF_UP)
                        .stripTrailingZeros()
                        .toPlainString()
                : value;
    }

    private List<String> sent(Connection connection) throws SQLException {
        return TestNicol.uncommented(TestNicol.rows(
                connection,
                "SELECT source, sql_sent FROM nicol.audit.source_queries WHERE statement_id ="
                        + " (SELECT MAX(statement_id) FROM nicol.audit.source_queries WHERE source IN ('pg', 'my'))"
                        + " ORDER BY source DESC"));
    }

    /** The same whichever source has which tables. */
    private void assertAnswered(Connection connection, String sql, String atOracle) throws SQLException {
        List<String> expected = plain(TestNicol.rows(oracle, named(atOracle, "", "")));
        assertThat(plain(TestNicol.rows(connection, named(sql, my, "pg.public."))))
                .as(sql)
                .isEqualTo(expected);
        assertThat(plain(TestNicol.rows(connection, named(sql, "pg.public.", my))))
                .as(sql)
                .isEqualTo(expected);
    }

    private static final String IN = " IN (SELECT \"part\"";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT p.id, t.label, s.total, s.n FROM {p} p JOIN {s} s ON s.part = p.part JOIN {t} t ON t.id = p.brand WHERE p.name = 'odd'",
                "SELECT p.id, t.label, s.total, s.n, s.known, s.kinds FROM {p} p LEFT JOIN {s} s ON s.part = p.part JOIN {t} t"
                        + " ON t.id = p.brand WHERE p.id > 40",
                "SELECT p.id, t.label, s.n FROM {s} s RIGHT JOIN {p} p ON s.part = p.part AND s.n > 9 JOIN {t} t ON t.id = p.brand",
                "SELECT p.id, t.label, (SELECT COUNT(*) FROM {l} l WHERE l.part = p.part), (SELECT SUM(qty) FROM {l} l WHERE l.part = p.part"
                        + " AND l.kind = 1) FROM {p} p JOIN {t} t ON t.id = p.brand WHERE p.name = 'even'",
                "SELECT t.label, SUM(l.qty) / 7.0 FROM {l} l JOIN {p} p ON p.part = l.part JOIN {t} t ON t.id = p.brand WHERE p.name = 'odd'"
                        + " AND l.qty < (SELECT 0.7 * AVG(m.qty) FROM {l} m WHERE m.part = p.part) GROUP BY t.label",
                "SELECT t.id, p.part FROM {t} t JOIN {p} p ON p.brand = t.id WHERE p.part IN (SELECT l.part FROM {l} l GROUP BY l.part"
                        + " HAVING COUNT(*) > 9)",
                "SELECT p.id, t.label, s.n FROM {p} p JOIN {s} s ON s.part = p.part JOIN {t} t ON t.id = p.brand WHERE p.name = 'nobody'",
                "SELECT t.id, x.n FROM {t} t LEFT JOIN (SELECT p.brand, s.n FROM {p} p JOIN {s} s ON s.part = p.part AND p.id < 0) x"
                        + " ON x.brand = t.id",
                "SELECT p.id, t.label, s.total FROM {p} p JOIN (SELECT part, kind, SUM(qty) AS total FROM {l} WHERE id < 600"
                        + " GROUP BY part, kind HAVING SUM(qty) > 3) s ON s.part = p.part AND s.kind = p.brand JOIN {t} t ON t.id = p.brand",
                "SELECT p.id, t.label, s.most FROM {p} p JOIN (SELECT part, MAX(total) AS most, COUNT(*) AS kinds FROM (SELECT part, kind,"
                        + " SUM(qty) AS total FROM {l} GROUP BY part, kind) x GROUP BY part) s ON s.part = p.part JOIN {t} t ON t.id = p.brand",
                "SELECT p.id, t.label, s.n FROM (SELECT DISTINCT part, brand, id FROM {p} WHERE id < 30) p JOIN (SELECT part, COUNT(*) AS n FROM"
                        + " (SELECT part FROM {l} UNION ALL SELECT part FROM {p}) u GROUP BY part) s ON s.part = p.part JOIN {t} t ON t.id = p.brand",
                "SELECT p.id, q.id, t.label, s.n FROM {p} p JOIN {p} q ON q.part = p.part AND q.id > 100 JOIN {s} s ON s.part = p.part"
                        + " JOIN {t} t ON t.id = p.brand",
                "SELECT t.label, p.part, s.n FROM (SELECT part, brand FROM {p} ORDER BY id LIMIT 7) p JOIN {s} s ON s.part = p.part"
                        + " JOIN {t} t ON t.id = p.brand",
                "SELECT t.label, s.part, s.n FROM {s} s JOIN {t} t ON t.part = s.part WHERE NOT EXISTS (SELECT 1 FROM {p} p WHERE p.part = s.part"
                        + " AND p.name = 'odd')",
                "SELECT t.label, a.n, b.n FROM {p} p JOIN {s} a ON a.part = p.part LEFT JOIN {s} b ON b.part = a.part AND b.n > 10 JOIN {t} t"
                        + " ON t.id = p.brand WHERE p.name = 'odd'",
                "SELECT p.id, s.part, s.n, t.label FROM {p} p FULL JOIN {s} s ON s.part = p.part LEFT JOIN {t} t ON t.id = p.brand",
                "SELECT p.id, s.n, t.label FROM {p} p JOIN (SELECT part, kind, COUNT(*) AS n FROM {l} GROUP BY ROLLUP(part, kind)) s"
                        + " ON s.part = p.part JOIN {t} t ON t.id = p.brand",
                "SELECT p.id, s.n, t.label FROM {p} p JOIN (SELECT part + 1 AS later, COUNT(*) AS n FROM {l} GROUP BY part + 1) s"
                        + " ON s.later = p.part JOIN {t} t ON t.id = p.brand",
                "SELECT p.id, s.n, t.label FROM {p} p JOIN (SELECT part, COUNT(*) AS n, RANK() OVER (ORDER BY COUNT(*), part) AS place FROM {l}"
                        + " GROUP BY part) s ON s.part = p.part JOIN {t} t ON t.id = p.brand AND t.id < s.place WHERE p.name = 'odd'",
                "SELECT p.id, s.n, t.label FROM {p} p JOIN {s} s ON s.part = p.part OR s.n = p.brand JOIN {t} t ON t.id = p.brand",
                "SELECT p.id, s.n, t.label FROM {t} t JOIN {p} p ON p.part = t.part JOIN {s} s ON s.part = p.part",
                "SELECT p.id, s.n, t.label FROM {t} t JOIN {p} p ON p.part = t.part LEFT JOIN {s} s ON s.part = p.part AND s.n > 9",
                "SELECT p.id, s.n, t.label FROM {t} t LEFT JOIN ({p} p JOIN {s} s ON s.part = p.part) ON p.part = t.part"
            })
    void answersAreThoseOfOneDatabase(String sql) throws SQLException {
        assertAnswered(ana, sql, sql);
    }

    @Test
    void onlyGroupsThatAreJoinedAreAddedUp() throws SQLException {
        String join =
                "SELECT p.id, s.n FROM {p} p %s {s} s ON s.part = p.part JOIN {t} t ON t.id = p.brand WHERE p.name = 'odd'";
        for (String type : List.of("JOIN", "LEFT JOIN")) {
            TestNicol.rows(ana, named(String.format(join, type), "pg.public.", my));
            assertThat(sent(ana))
                    .first()
                    .asString()
                    .contains(IN)
                    .containsPattern(" IN \\(SELECT .* WHERE \"name\" = \\?\\) GROUP BY");
        }
        TestNicol.rows(
                ana,
                named("SELECT p.id, s.n, t.id FROM {p} p FULL JOIN {s} s ON s.part = p.part, {t} t", "pg.public.", my));
        assertThat(sent(ana)).noneMatch(sql -> sql.contains(IN));
        TestNicol.rows(
                ana,
                named(
                        "SELECT p.id, s.n FROM {p} p JOIN (SELECT note, COUNT(*) AS n FROM {l} GROUP BY note) s ON s.note = p.name"
                                + " JOIN {t} t ON t.id = p.brand",
                        "pg.public.",
                        my));
        assertThat(sent(ana)).noneMatch(sql -> sql.contains(" IN (SELECT"));
    }

    /** The tags' parts are told to the aggregate too, which the parts are joined with. */
    @Test
    void keysOfAnotherSourceReachTheAggregate() throws SQLException {
        String sql =
                "SELECT x.id, x.n, t.label FROM {t} t JOIN (SELECT p.id, p.part, s.n FROM {p} p %s {s} s ON s.part = p.part) x ON x.part = t.part";
        for (String type : List.of("JOIN", "LEFT JOIN")) {
            TestNicol.rows(ana, named(String.format(sql, type), "pg.public.", my));
            assertThat(sent(ana).get(0)).containsPattern("(?s)= ANY .*= ANY .*GROUP BY");
        }
    }

    @Test
    void policiesStandBelow() throws SQLException {
        String sql =
                "SELECT p.id, s.total, s.n, t.label FROM {p} p LEFT JOIN {s} s ON s.part = p.part JOIN {t} t ON t.id = p.brand WHERE p.name = 'even'";
        String lines =
                "(SELECT id, part, kind, CASE WHEN qty IS NULL THEN NULL ELSE 2 END AS qty FROM part_lines WHERE kind <> 9 AND id <= 700) x";
        String parts = "(SELECT * FROM parts WHERE brand <> 0)";
        try (Connection lim = nicol.connect("lim");
                Connection cov = nicol.connect("cov")) {
            assertAnswered(
                    lim, sql, sql.replace("{s}", SUMS.replace("{l}", lines)).replace("{p}", parts));
            assertThat(sent(lim).get(0)).contains(IN);
            assertAnswered(
                    cov,
                    sql,
                    sql.replace(
                            "{p}",
                            "(SELECT id, CASE WHEN part IS NULL THEN NULL ELSE 17 END AS part, brand, name FROM parts)"));
        }
    }

    /** Neither rows of the aggregate nor those with its keys may fail where a filter hides them. */
    @Test
    void whatFailsOnHiddenRowsDoesNotShowThem() throws SQLException {
        String sql =
                "SELECT p.id, s.n, t.label FROM {p} p JOIN (SELECT part, SUM(qty / (kind - 9)) AS n FROM {l} WHERE 7 / (kind - 9) < 1"
                        + " GROUP BY part) s ON s.part = p.part JOIN {t} t ON t.id = p.brand WHERE 10 / p.brand > p.id - 1000";
        String atOracle = sql.replace(
                        "{l}",
                        "(SELECT id, part, kind, CASE WHEN qty IS NULL THEN NULL ELSE 2.0 END AS qty FROM part_lines WHERE kind <> 9 AND id <= 700 OFFSET 0) x")
                .replace("{p}", "(SELECT * FROM parts WHERE brand <> 0 OFFSET 0)");
        try (Connection lim = nicol.connect("lim")) {
            assertAnswered(lim, sql, atOracle);
        }
    }

    @Test
    void statisticsDecide() throws SQLException {
        String sql =
                "SELECT p.name, s.n, t.label FROM pg.public.many_parts p JOIN (SELECT part, SUM(qty) AS n FROM pg.public.%s GROUP BY part)"
                        + " s ON s.part = p.part JOIN " + my + "tags t ON t.id = p.brand %s";
        try (Connection connection = byEstimates.connect("ana")) {
            assertThat(TestNicol.rows(connection, String.format(sql, "many_lines", "WHERE p.brand = 3")))
                    .hasSize(10);
            assertThat(sent(connection)).first().asString().contains(IN);
            TestNicol.rows(connection, String.format(sql, "many_lines", "WHERE p.brand >= 0"));
            assertThat(sent(connection)).noneMatch(query -> query.contains(IN));
            assertThat(TestNicol.rows(connection, String.format(sql, "uncounted", "WHERE p.brand = 3")))
                    .hasSize(10);
            assertThat(sent(connection)).noneMatch(query -> query.contains(IN));
        }
    }
}
