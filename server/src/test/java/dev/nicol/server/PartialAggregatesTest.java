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

/** Aggregates over joins across sources, of which sources compute parts: rows are those of one PostgreSQL that holds all. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PartialAggregatesTest {
    private static final String[] ORDERS = {
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, cust INTEGER, status INTEGER, total NUMERIC(12, 2), disc NUMERIC(4, 2),"
                + " qty INTEGER, big BIGINT, day DATE, note VARCHAR(20), rough DOUBLE PRECISION)",
        "INSERT INTO orders SELECT i, CASE WHEN i % 11 = 0 THEN NULL ELSE i % 13 END, i % 3, i * 1.25, (i % 10) / 100.0, i % 7,"
                + " 4000000000000000000 + i, DATE '2020-01-01' + i * 9, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'A' END, i / 8.0"
                + " FROM generate_series(1, 500) i",
        "INSERT INTO orders VALUES (1001, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
                + " (1002, 99, 1, 5, 0.5, 1, 1, DATE '1999-12-31', 'x', 1), (1003, 12, NULL, NULL, 0, NULL, NULL, NULL, 'y', 0)"
    };
    private static final String[] DAYS = {
        "CREATE TABLE days AS SELECT i AS a, i AS b, i % 7 AS cust, i % 2 AS odd, DATE '2000-01-01' + i AS day FROM generate_series(1, 5000) i",
        "CREATE TABLE pairs AS SELECT a, b FROM days"
    };
    private static final String[] CUSTOMERS = {
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, nation INTEGER, name VARCHAR(20))",
        "INSERT INTO customers VALUES (0, 1, 'Ann'), (1, 1, 'Bob'), (2, 2, NULL), (3, 2, 'Dee'), (4, NULL, 'Eve'),"
                + " (5, NULL, NULL), (6, 3, 'Guy'), (50, 3, 'Ida'), (51, 4, 'Jan'), (12, 5, 'Kay')",
        "CREATE TABLE visits (cust INTEGER, place VARCHAR(10), n INTEGER)",
        "INSERT INTO visits VALUES (1, 'x', 1), (1, 'X', 2), (1, 'x', NULL), (2, 'y', 4), (2, 'y', 4), (NULL, 'z', 5), (3, NULL, 6),"
                + " (77, 'w', 7)"
    };

    private TestNicol nicol;
    private TestNicol byEstimates;
    private Connection ana;
    private Connection oracle;
    private String my;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition whole = TestDatabases.postgres("whole");
        execute(whole, ORDERS);
        execute(whole, CUSTOMERS);
        execute(whole, DAYS);
        oracle = DriverManager.getConnection(whole.url(), whole.user(), whole.password());
        SourceDefinition pg = TestDatabases.postgres("pg");
        execute(pg, ORDERS);
        execute(pg, DAYS);
        execute(pg, "ANALYZE");
        SourceDefinition shop = TestDatabases.mariadb("my");
        my = "my." + TestDatabases.schema(shop);
        execute(shop, CUSTOMERS);
        execute(shop, "ALTER TABLE visits MODIFY place VARCHAR(10) COLLATE utf8mb4_general_ci");
        execute(shop, "ANALYZE TABLE customers, visits");
        String users = """
                users:
                  ana: {password: "$HASH", groups: [readers], roles: [auditor]}
                  lim: {password: "$HASH", groups: [limited], roles: [auditor]}
                """;
        String policies = """
                grants:
                  - {name: all, tables: ["pg.**", "my.**"], actions: [select], raw: ["*"], to: {groups: [readers, limited]}}
                row_filters:
                  - {name: few, tables: ["pg.public.orders"], where: "id <= 100", to: {groups: [limited]}}
                column_masks:
                  - {name: quantities, columns: ["pg.public.orders.qty"], to: {groups: [limited]}, mask: {kind: constant, value: 2}}
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

    private String named(String sql) {
        return sql.replace("{o}", "pg.public.orders")
                .replace("{c}", my + ".customers")
                .replace("{v}", my + ".visits");
    }

    private static String atOracle(String sql) {
        return sql.replace("{o}", "orders").replace("{c}", "customers").replace("{v}", "visits");
    }

    /** Numbers by value, rows in any order. */
    private static List<String> plain(List<String> rows) {
        return inOrder(rows).stream().sorted().toList();
    }

    private static List<String> inOrder(List<String> rows) {
        return rows.stream()
                .map(row -> Arrays.stream(row.split("\\|", -1))
                        .map(PartialAggregatesTest::plain)
                        .collect(Collectors.joining("|")))
                .toList();
    }

    private static String plain(String value) {
        if (value.equals("t") || value.equals("f")) {
            return value.equals("t") ? "true" : "false";
        }
        return value.matches("-?\\d+(\\.\\d+)?")
                ? new BigDecimal(value)
                        .setScale(9, RoundingMode.HALF_UP)
                        .stripTrailingZeros()
                        .toPlainString()
                : value;
    }

    private List<String> sent(Connection connection) throws SQLException {
        return TestNicol.uncommented(TestNicol.rows(
                connection,
                "SELECT source, row_count, sql_sent FROM nicol.audit.source_queries WHERE statement_id ="
                        + " (SELECT MAX(statement_id) FROM nicol.audit.source_queries WHERE source IN ('pg', 'my'))"
                        + " ORDER BY source DESC"));
    }

    private void assertAnswered(String sql) throws SQLException {
        assertThat(plain(TestNicol.rows(ana, named(sql))))
                .as(sql)
                .isEqualTo(plain(TestNicol.rows(oracle, atOracle(sql))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT c.nation, SUM(o.total), COUNT(*), MIN(o.qty), MAX(o.day) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation",
                "SELECT c.nation, AVG(o.total), AVG(o.qty), COUNT(o.qty), SUM(o.qty), SUM(o.big) FROM {o} o JOIN {c} c"
                        + " ON o.cust = c.id GROUP BY c.nation",
                "SELECT SUM(o.total * (1 - o.disc)), COUNT(*), AVG(o.total - o.disc) FROM {o} o JOIN {c} c ON o.cust = c.id",
                "SELECT v.place IS NULL, SUM(o.total), COUNT(*), COUNT(v.n), COUNT(v.place), MAX(v.n), COUNT(o.status) FROM {o} o JOIN {v} v"
                        + " ON o.cust = v.cust GROUP BY v.place IS NULL",
                "SELECT c.id, COUNT(o.id), COUNT(*), SUM(o.qty), MIN(o.total), AVG(o.total) FROM {c} c LEFT JOIN {o} o ON o.cust = c.id"
                        + " GROUP BY c.id",
                "SELECT n, COUNT(*) FROM (SELECT c.id, COUNT(o.id) AS n FROM {c} c LEFT JOIN {o} o ON o.cust = c.id AND o.status > 0"
                        + " GROUP BY c.id) x GROUP BY n",
                "SELECT c.name, COUNT(*), SUM(o.total), COUNT(c.name) FROM {o} o LEFT JOIN {c} c ON o.cust = c.id GROUP BY c.name",
                "SELECT c.nation, o.status, COUNT(*), SUM(o.qty) FROM {o} o FULL JOIN {c} c ON o.cust = c.id GROUP BY c.nation, o.status",
                "SELECT COUNT(*), SUM(o.total), MIN(o.id), AVG(o.qty), COUNT(o.qty) FROM {o} o JOIN {c} c ON o.cust = c.id WHERE c.id < 0",
                "SELECT c.nation, COUNT(*), SUM(o.total) FROM {o} o JOIN {c} c ON o.cust = c.id WHERE c.id < 0 GROUP BY c.nation",
                "SELECT COUNT(*), SUM(o.total) FROM {o} o JOIN {c} c ON o.cust = c.id WHERE o.id < 0",
                "SELECT c.nation, EXTRACT(YEAR FROM o.day), SUM(o.total) FROM {o} o JOIN {c} c ON o.cust = c.id"
                        + " GROUP BY c.nation, EXTRACT(YEAR FROM o.day)",
                "SELECT c.id, EXTRACT(YEAR FROM o.day), COUNT(*) FROM {c} c LEFT JOIN {o} o ON o.cust = c.id"
                        + " GROUP BY c.id, EXTRACT(YEAR FROM o.day)",
                "SELECT DISTINCT c.nation, o.status FROM {o} o JOIN {c} c ON o.cust = c.id",
                "SELECT o.status, COUNT(*) FROM {o} o JOIN {c} c ON o.cust = c.id AND o.status < c.nation GROUP BY o.status",
                "SELECT o.status + c.nation, COUNT(*), SUM(o.qty) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY o.status + c.nation",
                "SELECT c.nation, SUM(o.qty) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation HAVING COUNT(*) > 50 AND MIN(o.total) < 3",
                "SELECT c.nation, v.cust, COUNT(*), SUM(o.total) FROM {o} o JOIN {c} c ON o.cust = c.id JOIN {v} v ON v.cust = o.cust"
                        + " GROUP BY c.nation, v.cust",
                "SELECT o.status, COUNT(*), SUM(o.qty) FROM {o} o WHERE EXISTS (SELECT 1 FROM {v} v WHERE v.cust = o.cust) GROUP BY o.status",
                "SELECT o.status, COUNT(*), SUM(o.qty) FROM {o} o WHERE NOT EXISTS (SELECT 1 FROM {v} v WHERE v.cust = o.cust) GROUP BY o.status",
                "SELECT c.id, x.k, COUNT(*), COUNT(x.k) FROM {c} c LEFT JOIN (SELECT cust, 1 AS k FROM {o}) x ON x.cust = c.id GROUP BY c.id, x.k",
                "SELECT c.id, SUM(CASE WHEN o.id IS NULL THEN 1 ELSE 0 END), COUNT(*) FROM {c} c LEFT JOIN {o} o ON o.cust = c.id GROUP BY c.id",
                "SELECT a.cust, COUNT(*), SUM(a.s) FROM (SELECT cust, status, SUM(total) AS s FROM {o} GROUP BY cust, status) a JOIN {v} v"
                        + " ON v.cust = a.cust GROUP BY a.cust",
                "SELECT COUNT(*), SUM(o.total) FROM {o} o CROSS JOIN {v} v",
                "SELECT o.note, COUNT(*) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY o.note",
                "SELECT v.place, COUNT(*), SUM(v.n) FROM {v} v JOIN {o} o ON o.cust = v.cust GROUP BY v.place",
                "SELECT c.nation, COUNT(DISTINCT o.status), SUM(o.qty) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation",
                "SELECT c.nation, SUM(o.qty) FILTER (WHERE o.status = 1) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation",
                "SELECT c.nation, MIN(o.note), SUM(o.rough) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation",
                "SELECT c.nation, o.status, SUM(o.qty) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY ROLLUP(c.nation, o.status)",
                "SELECT c.id, (SELECT COUNT(*) FROM {o} o WHERE o.cust = c.id), (SELECT SUM(o.total) FROM {o} o WHERE o.cust = c.id) FROM {c} c"
            })
    void answersAreThoseOfOneDatabase(String sql) throws SQLException {
        assertAnswered(sql);
    }

    @Test
    void aSourceAddsUpItsSide() throws SQLException {
        assertAnswered(
                "SELECT c.nation, SUM(o.total), COUNT(*) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation");
        assertThat(sent(ana).get(0)).startsWith("pg|8|").contains("SUM(", "COUNT(*)", "GROUP BY \"cust\"");
        assertAnswered("SELECT c.id, COUNT(o.id) FROM {c} c LEFT JOIN {o} o ON o.cust = c.id GROUP BY c.id");
        assertThat(sent(ana).get(0)).contains("COUNT(", "GROUP BY \"cust\"");
    }

    /** Where a part of the keys is text, a source may hold different ones to be equal; approximate sums depend on their order. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT o.note, COUNT(*) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY o.note",
                "SELECT c.nation, SUM(o.rough) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation",
                "SELECT c.nation, MIN(o.note) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation",
                "SELECT c.nation, COUNT(DISTINCT o.status) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation",
                "SELECT c.nation, SUM(1 / (o.qty + 100)) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation"
            })
    void whatIsNotTheSameEverywhereIsAddedUpHere(String sql) throws SQLException {
        assertAnswered(sql);
        try (Connection connection = byEstimates.connect("ana")) {
            assertThat(plain(TestNicol.rows(connection, named(sql))))
                    .isEqualTo(plain(TestNicol.rows(oracle, atOracle(sql))));
            assertThat(sent(connection)).noneMatch(query -> query.contains("GROUP BY"));
        }
    }

    /** A quotient is computed of rows only that have a partner. */
    @Test
    void whatMayFailIsNotComputedBeforeTheJoin() throws SQLException {
        assertAnswered(
                "SELECT c.nation, SUM(o.qty / (o.cust - 99)) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT o.id, o.status, c.name FROM {o} o LEFT JOIN {c} c ON c.id = o.cust ORDER BY o.status NULLS FIRST, o.id DESC LIMIT 7",
                "SELECT o.id, o.qty FROM {o} o LEFT JOIN {v} v ON v.cust = o.cust ORDER BY o.id LIMIT 5 OFFSET 2",
                "SELECT o.total, c.name FROM {c} c RIGHT JOIN {o} o ON c.id = o.cust ORDER BY o.total DESC NULLS LAST, o.id LIMIT 3",
                "SELECT o.id, c.name, v.cust FROM {o} o LEFT JOIN {c} c ON c.id = o.cust LEFT JOIN {v} v ON v.cust = c.id AND v.n > 3"
                        + " ORDER BY o.id LIMIT 4"
            })
    void theFirstRowsNeedNoMoreOfTheSideThatOrdersThem(String sql) throws SQLException {
        assertThat(inOrder(TestNicol.rows(ana, named(sql)))).isEqualTo(inOrder(TestNicol.rows(oracle, atOracle(sql))));
        assertThat(sent(ana).get(0)).matches("(?s)pg\\|[3-7]\\|.*(LIMIT|FETCH NEXT).*");
    }

    /** Of the others a join loses rows, or more come first, or the order is one of text. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT o.id, c.name FROM {o} o JOIN {c} c ON c.id = o.cust ORDER BY o.id LIMIT 3",
                "SELECT o.id, c.name FROM {c} c LEFT JOIN {o} o ON c.id = o.cust ORDER BY o.id NULLS LAST, c.id LIMIT 3",
                "SELECT o.id, o.note FROM {o} o LEFT JOIN {c} c ON c.id = o.cust ORDER BY o.note, o.id LIMIT 3",
                "SELECT o.id, v.n FROM {o} o LEFT JOIN {v} v ON v.cust = o.cust WHERE v.n > 1 ORDER BY o.id, v.n LIMIT 3"
            })
    void otherwiseAllRowsAreJoinedFirst(String sql) throws SQLException {
        assertThat(TestNicol.rows(ana, named(sql))).hasSize(3);
        assertThat(sent(ana)).noneMatch(query -> query.contains("LIMIT") || query.contains("FETCH NEXT"));
    }

    @Test
    void policiesStandBelow() throws SQLException {
        String sql =
                "SELECT c.nation, SUM(o.qty), COUNT(*), SUM(o.total) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation";
        try (Connection lim = nicol.connect("lim")) {
            assertThat(plain(TestNicol.rows(lim, named(sql))))
                    .isEqualTo(plain(TestNicol.rows(
                            oracle,
                            "SELECT c.nation, 2 * COUNT(*), COUNT(*), SUM(o.total) FROM orders o JOIN customers c ON o.cust = c.id"
                                    + " WHERE o.id <= 100 GROUP BY c.nation")));
            assertThat(sent(lim).get(0)).contains("GROUP BY", "<= 100");
        }
    }

    /** 503 rows have 12 customers, and as many days as rows. */
    @Test
    void estimatesDecide() throws SQLException {
        try (Connection connection = byEstimates.connect("ana")) {
            TestNicol.rows(
                    connection,
                    named("SELECT c.nation, SUM(o.total) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY c.nation"));
            assertThat(sent(connection).get(0)).contains("GROUP BY \"cust\"");
            TestNicol.rows(
                    connection,
                    named("SELECT o.day, SUM(o.total) FROM {o} o JOIN {c} c ON o.cust = c.id GROUP BY o.day"));
            assertThat(sent(connection)).noneMatch(query -> query.contains("GROUP BY"));
        }
    }

    /** 7 customers and 14 years; of the days every second one is odd, and each pair of keys is one day's. */
    @Test
    void yearsAreFewAndPairsOfKeysAreNoMoreThanRows() throws SQLException {
        String sql =
                "SELECT c.nation, EXTRACT(YEAR FROM d.day), COUNT(*) FROM {d} d JOIN {p} p ON p.a = d.a AND p.b = d.b"
                        + " JOIN {c} c ON c.id = d.cust WHERE d.odd = 1 GROUP BY c.nation, EXTRACT(YEAR FROM d.day)";
        String governed = sql.replace("{d}", "pg.public.days").replace("{p}", "pg.public.pairs");
        try (Connection connection = byEstimates.connect("ana")) {
            assertThat(plain(TestNicol.rows(connection, named(governed))))
                    .isEqualTo(plain(TestNicol.rows(
                            oracle, atOracle(sql.replace("{d}", "days").replace("{p}", "pairs")))));
            assertThat(sent(connection).get(0)).contains("GROUP BY");
        }
    }
}
