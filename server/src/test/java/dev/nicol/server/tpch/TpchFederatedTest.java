package dev.nicol.server.tpch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * TPC-H with its tables on PostgreSQL and MariaDB, asked through Nicol, against one PostgreSQL that holds them all.
 *
 * <p>How answers compare is in {@link TpchAnswers}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TpchFederatedTest {
    private static final double SCALE = 0.01;
    private static final Duration LONGEST = Duration.ofSeconds(8);
    private static final Set<String> AT_MARIADB = Set.of("customer", "nation", "part");

    private TestNicol nicol;
    private Connection governed;
    private Connection oracle;
    private String shopSchema;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition whole = TestDatabases.postgres("whole");
        oracle = DriverManager.getConnection(whole.url(), whole.user(), whole.password());
        TpchData.load(oracle, SCALE, TpchData.TABLES);

        SourceDefinition crm = TestDatabases.postgres("crm");
        try (Connection postgres = DriverManager.getConnection(crm.url(), crm.user(), crm.password())) {
            TpchData.load(
                    postgres,
                    SCALE,
                    TpchData.TABLES.stream()
                            .filter(table -> !AT_MARIADB.contains(table))
                            .toList());
        }
        SourceDefinition shop = TestDatabases.mariadb("shop");
        try (Connection mariadb = DriverManager.getConnection(shop.url(), shop.user(), shop.password())) {
            TpchData.load(mariadb, SCALE, List.copyOf(AT_MARIADB));
            shopSchema = mariadb.getCatalog();
        }
        nicol = TestNicol.start(List.of(crm, shop), """
                users:
                  ana: {password: "$HASH", groups: [analysts], roles: [auditor]}
                """, """
                grants:
                  - {name: analysts, tables: ["crm.**", "shop.**"], actions: [select], raw: ["*"], to: {groups: [analysts]}}
                """);
        governed = nicol.connect("ana");
    }

    @AfterAll
    void stop() throws SQLException {
        if (nicol != null) {
            governed.close();
            nicol.close();
        }
        oracle.close();
    }

    static IntStream queries() {
        return IntStream.rangeClosed(1, TpchQueries.COUNT);
    }

    private String place(String table) {
        return AT_MARIADB.contains(table) ? "shop." + shopSchema + "." + table : "crm.public." + table;
    }

    @ParameterizedTest(name = "query {0}")
    @MethodSource("queries")
    void answersAsOneDatabaseThatHoldsAllTables(int number) throws SQLException {
        List<List<Object>> expected = TpchAnswers.of(oracle, TpchQueries.sql(number, table -> "public." + table));

        long started = System.nanoTime();
        List<List<Object>> rows = TpchAnswers.of(governed, TpchQueries.sql(number, this::place));
        Duration taken = Duration.ofNanos(System.nanoTime() - started);

        System.out.printf("TPC-H Q%d: %d ms, %d rows, %s%n", number, taken.toMillis(), rows.size(), way(number));
        assertThat(rows).isEqualTo(expected);
        assertThat(taken).isLessThan(LONGEST);
    }

    /** Both sources answer whole statements too, so that a federated right answer is not the only kind there is. */
    @Test
    void whatOneSourceHoldsIsComputedThere() throws SQLException {
        for (int number : new int[] {1, 4, 6, 12, 15, 18, 21}) {
            if (TpchData.TABLES.stream()
                    .noneMatch(table -> AT_MARIADB.contains(table)
                            && TpchQueries.sql(number, name -> "${" + name + "}")
                                    .contains("${" + table + "}"))) {
                assertThat(way(number)).as("query %d", number).startsWith("computed whole by source crm");
            }
        }
    }

    /** EXISTS about lineitem alone reads no more than lineitem. */
    @Test
    void subQueriesOfOneSourceStayThere() throws SQLException {
        assertThat(way(21)).startsWith("computed by 2 source queries");
    }

    /** Of 15,000 orders come as many rows as there are customers with one: 1,000. */
    @Test
    void ordersAreCountedByCustomerWhereTheyAre() throws SQLException {
        TpchAnswers.of(governed, TpchQueries.sql(13, this::place));
        try (Statement statement = governed.createStatement();
                ResultSet read = statement.executeQuery(
                        "SELECT row_count FROM nicol.audit.source_queries WHERE source = 'crm' AND statement_id ="
                                + " (SELECT MAX(statement_id) FROM nicol.audit.source_queries WHERE source = 'crm')")) {
            assertThat(read.next()).isTrue();
            assertThat(read.getLong(1)).isBetween(900L, 1_000L);
            assertThat(read.next()).isFalse();
        }
    }

    private String way(int number) throws SQLException {
        try (Statement statement = governed.createStatement();
                ResultSet plan = statement.executeQuery("EXPLAIN PLAN FOR " + TpchQueries.sql(number, this::place))) {
            plan.next();
            return plan.getString(1).lines().findFirst().orElseThrow();
        }
    }
}
