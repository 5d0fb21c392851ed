package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.SqlCases;
import dev.nicol.server.testing.TestNicol;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Statements over PostgreSQL, MariaDB, DuckDB and H2 at once answer as one database that holds all their rows would. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FederationTest {
    private static final String USERS = """
            users:
              ana: {password: "$HASH", groups: [readers]}
              lim: {password: "$HASH", groups: [limited]}
              wil: {password: "$HASH", groups: [writers]}
            """;
    private static final String POLICIES = """
            grants:
              - {name: readers, tables: ["crm.**", "shop.**", "lake.**", "box.**"], actions: [select], raw: ["*"], to: {groups: [readers]}}
              - {name: limited, tables: ["crm.**", "shop.**", "lake.**"], actions: [select], to: {groups: [limited]}}
              - {name: writers, tables: ["crm.**", "shop.**", "lake.**"], actions: [select, insert], raw: ["*"], to: {groups: [writers]}}
            row_filters:
              - {name: only-eu, tables: ["crm.public.customers"], to: {groups: [limited]}, where: "region = 'EU'"}
            column_masks:
              - {name: names, columns: ["crm.public.customers.name"], to: {groups: [limited]}, mask: {kind: partial, last: 2, with: "*"}}
              - {name: places, columns: ["lake.main.visits.place"], to: {groups: [limited]}, mask: {kind: redact, with: "*nn"}}
              - {name: amounts, columns: ["shop.*.orders.amount"], to: {groups: [limited]}, mask: {kind: "null"}}
            """;

    private TestNicol nicol;
    private Connection reader;
    private String shop;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition crm = TestDatabases.postgres("crm");
        execute(
                crm,
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40), region CHAR(4), credit NUMERIC(10, 2),"
                        + " joined DATE, points NUMERIC)",
                "INSERT INTO customers VALUES (1, 'Ann', 'EU', 100.50, '2020-01-01', 1.5),"
                        + " (2, 'Bob', 'US', 200.00, '2020-02-29', 2.50), (3, 'Cid', 'EU', NULL, '2021-06-30', NULL),"
                        + " (4, 'Dee', NULL, 0.25, NULL, 3), (5, 'Eve', 'AP', 100.50, '2020-01-01', 1.50)",
                "CREATE TABLE bigs (id INTEGER PRIMARY KEY, big INTEGER NOT NULL)",
                "INSERT INTO bigs VALUES (1, 2147483647), (2, 2147483647), (3, 2147483647)");
        SourceDefinition orders = TestDatabases.mariadb("shop");
        execute(
                orders,
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, amount DECIMAL(12, 4), placed DATE,"
                        + " region CHAR(4))",
                "INSERT INTO orders VALUES (10, 1, 50.25, '2020-01-01', 'EU'), (11, 1, 100.5, '2021-01-01', 'EU'),"
                        + " (12, 2, 200, '2020-02-29', 'US'), (13, NULL, 7, '2020-03-01', NULL),"
                        + " (14, 9, 1, NULL, 'XX'), (15, 3, 0.25, '2021-06-30', 'EU')",
                "CREATE TABLE archive (id INTEGER PRIMARY KEY, name VARCHAR(40), credit DECIMAL(10, 2), joined DATE)");
        SourceDefinition lake = TestDatabases.duckdb("lake");
        execute(
                lake,
                "CREATE TABLE visits (id BIGINT, customer_id BIGINT, \"day\" DATE, score DOUBLE, place VARCHAR)",
                "INSERT INTO visits VALUES (100, 1, '2020-01-01', 0.5, 'EU'), (101, 2, '2020-02-29', 1.5, 'US'),"
                        + " (102, 2, '2020-03-01', NULL, NULL), (103, NULL, '2020-01-01', 2.5, 'nn'),"
                        + " (104, 5, '2021-06-30', 3.5, '*nn')");
        SourceDefinition box = TestDatabases.h2("box");
        execute(
                box,
                "CREATE TABLE regions (code CHAR(4), label VARCHAR(20))",
                "INSERT INTO regions VALUES ('EU', 'Europe'), ('US', 'States'), ('AP', 'Asia'), (NULL, 'Nowhere')");
        nicol = TestNicol.start(
                List.of(crm, orders, lake, box),
                USERS,
                POLICIES,
                "limits: {max_rows_in_memory: 5000, join_keys_from_rows: 0}");
        reader = nicol.connect("ana");
        shop = "shop." + orders.url().replaceAll(".*/([^/?]+).*", "$1");
    }

    @AfterAll
    void stop() throws SQLException {
        if (nicol != null) {
            reader.close();
            nicol.close();
        }
    }

    private static void execute(SourceDefinition source, String... statements) {
        TestDatabases.execute(source.url(), source.user(), source.password(), statements);
    }

    static Stream<SqlCases> cases() {
        return Stream.of("joins", "subqueries", "aggregates", "sets", "values")
                .flatMap(name -> SqlCases.read("/federation/" + name + ".txt").stream());
    }

    private String located(String sql) {
        return sql.replace("$shop", shop);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void answersAsOneDatabase(SqlCases expected) throws SQLException {
        try (Statement statement = reader.createStatement()) {
            if (expected.sqlState() != null) {
                assertThatThrownBy(() -> SqlCases.rows(statement.executeQuery(located(expected.sql()))))
                        .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                                .as(failure.getMessage())
                                .isEqualTo(expected.sqlState()));
                return;
            }
            try (ResultSet rows = statement.executeQuery(located(expected.sql()))) {
                assertThat(SqlCases.rows(rows)).isEqualTo(expected.rows());
            }
        }
    }

    @Test
    void parametersStandAnywhere() throws SQLException {
        String sql = located("SELECT c.id, o.id FROM crm.public.customers c JOIN $shop.orders o ON o.customer_id = c.id"
                + " AND o.amount > ? AND c.joined = ? AND o.amount * CAST(? AS DECIMAL(10, 2)) < c.credit"
                + " + CAST(? AS INTEGER) ORDER BY 2");
        try (PreparedStatement statement = reader.prepareStatement(sql)) {
            statement.setBigDecimal(1, new BigDecimal("0.01"));
            statement.setDate(2, Date.valueOf("2020-01-01"));
            statement.setBigDecimal(3, new BigDecimal("1.5"));
            statement.setInt(4, 50);
            assertThat(SqlCases.rows(statement.executeQuery())).containsExactly("1|10");

            statement.setInt(4, 51);
            assertThat(SqlCases.rows(statement.executeQuery())).containsExactly("1|10", "1|11");

            statement.setDate(2, null);
            assertThat(SqlCases.rows(statement.executeQuery())).isEmpty();
        }
    }

    @Test
    void parametersLimitToo() throws SQLException {
        String sql = located("SELECT o.id FROM crm.public.customers c JOIN $shop.orders o ON o.customer_id = c.id"
                + " ORDER BY o.id LIMIT ? OFFSET ?");
        try (PreparedStatement statement = reader.prepareStatement(sql)) {
            statement.setInt(1, 2);
            statement.setInt(2, 1);
            assertThat(SqlCases.rows(statement.executeQuery())).containsExactly("11", "12");
        }
    }

    @Test
    void filtersAndMasksHoldWithinAJoin() throws SQLException {
        assertThat(limited("SELECT c.name, o.id FROM crm.public.customers c JOIN $shop.orders o ON o.customer_id = c.id"
                        + " ORDER BY o.id"))
                .containsExactly("*nn|10", "*nn|11", "*id|15");
        assertThat(limited("SELECT o.id, c.id FROM $shop.orders o LEFT JOIN crm.public.customers c"
                        + " ON o.customer_id = c.id ORDER BY o.id"))
                .containsExactly("10|1", "11|1", "12|null", "13|null", "14|null", "15|3");
        assertThat(limited("SELECT c.id FROM crm.public.customers c WHERE NOT EXISTS"
                        + " (SELECT 1 FROM $shop.orders o WHERE o.customer_id = c.id AND o.amount > 0) ORDER BY 1"))
                .containsExactly("1", "3");
        assertThat(limited("SELECT COUNT(*), SUM(o.amount), MAX(c.name) FROM crm.public.customers c, $shop.orders o"))
                .containsExactly("12|null|*nn");
    }

    @Test
    void maskedKeysJoinOnTheirMasks() throws SQLException {
        assertThat(limited("SELECT c.id, v.id FROM crm.public.customers c JOIN lake.main.visits v ON c.name = v.place"
                        + " ORDER BY 1, 2"))
                .containsExactly("1|100", "1|101", "1|103", "1|104");
        assertThat(limited("SELECT c.id FROM crm.public.customers c WHERE c.name IN (SELECT v.place FROM"
                        + " lake.main.visits v) ORDER BY 1"))
                .containsExactly("1");
        assertThat(limited("SELECT c.id FROM crm.public.customers c JOIN $shop.orders o ON c.credit = o.amount"))
                .isEmpty();
    }

    private List<String> limited(String sql) throws SQLException {
        return nicol.rows("lim", located(sql));
    }

    @Test
    void insertsFromOneSourceIntoAnother() throws SQLException {
        int written = nicol.update(
                "wil",
                located("INSERT INTO $shop.archive SELECT c.id, c.name, c.credit, c.joined FROM crm.public.customers c"
                        + " JOIN lake.main.visits v ON v.customer_id = c.id WHERE v.score IS NOT NULL"));

        assertThat(written).isEqualTo(3);
        assertThat(nicol.rows("wil", located("SELECT * FROM $shop.archive ORDER BY id")))
                .containsExactly("1|Ann|100.50|2020-01-01", "2|Bob|200.00|2020-02-29", "5|Eve|100.50|2020-01-01");
        assertThat(nicol.rows("ana", "SELECT COUNT(*) FROM crm.public.customers"))
                .containsExactly("5");
    }

    @Test
    void joinsThatHoldTooManyRowsAreRefused() {
        String many =
                "(SELECT a.id FROM lake.main.visits a, lake.main.visits b, lake.main.visits c, lake.main.visits d,"
                        + " lake.main.visits e, lake.main.visits f)";
        assertThatThrownBy(() -> nicol.rows(
                        "ana", located("SELECT m.id FROM " + many + " AS m JOIN $shop.orders o ON o.id + 90 = m.id")))
                .isInstanceOfSatisfying(SQLException.class, failure -> {
                    assertThat(failure.getSQLState()).isEqualTo("53200");
                    assertThat(failure.getMessage()).contains("5000 rows").contains("limits.max_rows_in_memory");
                });
        String crossed = "FROM $shop.orders o, lake.main.visits a, lake.main.visits b, crm.public.customers c,"
                + " crm.public.customers d, crm.public.customers e";
        assertThatThrownBy(() -> nicol.rows("ana", located("SELECT c.id " + crossed + " ORDER BY o.id * c.id")))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("53200"));
    }

    /** Rows that only pass are not held: 6 * 5 * 5 * 5 * 5 * 5 of them. */
    @Test
    void joinsWhoseRowsPassAreNotRefused() throws SQLException {
        assertThat(nicol.rows(
                        "ana",
                        located("SELECT COUNT(*) FROM $shop.orders o, lake.main.visits a, lake.main.visits b,"
                                + " crm.public.customers c, crm.public.customers d, crm.public.customers e")))
                .containsExactly("18750");
    }

    @Test
    void aRefusedJoinLeavesNothingBehind() throws SQLException {
        for (int i = 0; i < 12; i++) {
            joinsThatHoldTooManyRowsAreRefused();
        }
        assertThat(nicol.rows(
                        "ana", located("SELECT COUNT(*) FROM $shop.orders o JOIN lake.main.visits v ON v.id = o.id")))
                .containsExactly("0");
    }
}
