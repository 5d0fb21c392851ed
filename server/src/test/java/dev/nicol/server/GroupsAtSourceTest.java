package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a source is sent for sums: all its processors may work on them, and no filter is mixed with what may fail. */
final class GroupsAtSourceTest {
    private static TestNicol nicol;
    private static String stock;

    @BeforeAll
    static void start() {
        SourceDefinition postgres = TestDatabases.postgres("pg");
        TestDatabases.execute(
                postgres.url(),
                "postgres",
                "",
                "CREATE TABLE sales (id INTEGER PRIMARY KEY, shop VARCHAR(10), price NUMERIC(10, 2), discount NUMERIC(4, 2),"
                        + " amount INTEGER, wide NUMERIC(38, 0))",
                "INSERT INTO sales SELECT i, 'shop' || i % 3, i, 0.25, 2, 7 FROM generate_series(1, 3000) AS i",
                // what doubles does not fit, and nobody sees the row
                "INSERT INTO sales VALUES (0, 'hidden', 1, 0, 2147483647, 9)",
                "ANALYZE sales",
                "CREATE TABLE grown (id INTEGER PRIMARY KEY, shop VARCHAR(10)) WITH (autovacuum_enabled = false)",
                "INSERT INTO grown SELECT i, 'shop' || i % 3 FROM generate_series(1, 3000) AS i",
                "ANALYZE grown",
                "INSERT INTO grown SELECT i, 'new' || i FROM generate_series(3001, 8000) AS i");
        SourceDefinition mariadb = TestDatabases.mariadb("shop");
        stock = "shop." + mariadb.user() + ".stock";
        TestDatabases.execute(
                mariadb.url(),
                mariadb.user(),
                "pass " + mariadb.user(),
                "CREATE TABLE stock (id INTEGER PRIMARY KEY, kept BIGINT UNSIGNED)",
                // less than nothing does not fit, and nobody sees the row
                "INSERT INTO stock VALUES (0, 0), (1, 10), (2, 20)");
        nicol = TestNicol.start(List.of(postgres, mariadb), """
                users:
                  ann: {password: "$HASH", groups: [readers]}
                  audra: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: all, tables: ["pg.**", "shop.**"], actions: [select], to: {groups: [readers]}}
                row_filters:
                  - {name: shown, tables: ["pg.public.sales"], where: "shop <> 'hidden'"}
                  - {name: kept, tables: ["shop.*.stock"], where: "id > 0"}
                """, "classification: {mask_by_default: false}");
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    private static List<String> sent(String sql) throws SQLException {
        return nicol.rows(
                "audra",
                "SELECT q.sql_sent FROM nicol.audit.source_queries AS q JOIN nicol.audit.statements AS s"
                        + " ON s.statement_id = q.statement_id WHERE s.sql_text = '" + sql.replace("'", "''") + "'");
    }

    @Test
    void fewGroupsNeedNoCursor() throws SQLException {
        String sql = "SELECT shop, COUNT(*) AS sales FROM pg.public.sales GROUP BY shop ORDER BY shop";
        assertThat(nicol.rows("ann", sql)).containsExactly("shop0|1000", "shop1|1000", "shop2|1000");
        assertThat(sent(sql)).singleElement().asString().contains("LIMIT 1000");
    }

    @Test
    void moreGroupsThanStatisticsSayAreAllThere() throws SQLException {
        String sql = "SELECT shop, COUNT(*) AS sales FROM pg.public.grown GROUP BY shop";
        List<String> expected = IntStream.rangeClosed(3001, 8000)
                .mapToObj(i -> "new" + i + "|1")
                .collect(java.util.stream.Collectors.toList());
        expected.addAll(List.of("shop0|1000", "shop1|1000", "shop2|1000"));
        assertThat(nicol.rows("ann", sql)).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(sent(sql))
                .hasSize(2)
                .filteredOn(text -> text.contains("LIMIT"))
                .hasSize(1);
    }

    /** Three quarters of 3 + 6 + … + 3000, of 1 + 4 + … + 2998 and of 2 + 5 + … + 2999. */
    @Test
    void decimalsWithRoomForTheirProductsNeedNoFence() throws SQLException {
        String sql =
                "SELECT shop, SUM(price * (1 - discount)) AS revenue FROM pg.public.sales GROUP BY shop ORDER BY shop";
        assertThat(nicol.rows("ann", sql))
                .containsExactly("shop0|1126125.0000", "shop1|1124625.0000", "shop2|1125375.0000");
        assertThat(sent(sql)).singleElement().asString().doesNotContain("OFFSET");
    }

    @Test
    void whatMayOverflowIsNotComputedOfHiddenRows() throws SQLException {
        String doubled =
                "SELECT shop, SUM(amount * 2) AS doubled FROM pg.public.sales WHERE amount * 2 > 0 GROUP BY shop";
        assertThat(nicol.rows("ann", doubled)).containsExactlyInAnyOrder("shop0|4000", "shop1|4000", "shop2|4000");
        assertThat(sent(doubled)).singleElement().asString().contains("OFFSET 0");
        String wide = "SELECT MAX(wide + 1) FROM pg.public.sales";
        assertThat(nicol.rows("ann", wide)).containsExactly("8");
        assertThat(sent(wide)).singleElement().asString().contains("OFFSET 0");
    }

    /** An unsigned number is a decimal here and an integer there. */
    @Test
    void unsignedNumbersOfHiddenRowsAreNotMadeNegative() throws SQLException {
        String sql = "SELECT SUM(kept - 5) FROM " + stock;
        assertThat(nicol.rows("ann", sql)).containsExactly("20");
        assertThat(sent(sql)).singleElement().asString().contains("OFFSET 0");
    }
}
