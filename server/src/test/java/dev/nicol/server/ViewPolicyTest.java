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
import org.junit.jupiter.params.provider.ValueSource;

/** Rules on a view itself, on top of those on what it reads; over one source and over two. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ViewPolicyTest {
    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition crm = TestDatabases.postgres("crm");
        SourceDefinition shop = TestDatabases.h2("shop");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(20), mail VARCHAR(40), region VARCHAR(2))",
                "INSERT INTO customers VALUES (1, 'Ann', 'ann@x.org', 'EU'), (2, 'Bob', 'bob@x.org', 'US'),"
                        + " (3, 'Cid', 'cid@x.org', 'EU'), (4, 'Dee', 'dee@x.org', 'EU')",
                "CREATE TABLE desks (usr VARCHAR(20), customer INTEGER)",
                "INSERT INTO desks VALUES ('ann', 1), ('ann', 2), ('ann', 3)");
        TestDatabases.execute(
                shop.url(),
                "sa",
                "",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, amount DECIMAL(10, 2))",
                "INSERT INTO orders VALUES (10, 1, 5.50), (11, 1, 4.50), (12, 2, 7.00), (13, 3, 1.00), (14, 4, 2.00)");
        nicol = TestNicol.start(List.of(crm, shop), """
                users:
                  ann: {password: "$HASH", groups: [analysts]}
                  steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                """, """
                grants:
                  - {name: analysts, tables: ["crm.*.customers", "shop.**"], actions: [select], to: {groups: [analysts]}}
                  - {name: views, tables: ["virtual.**"], actions: [select], columns: {deny: [secret]}, to: {groups: [analysts]}}
                  - {name: stewards, tables: ["crm.**", "shop.**", "virtual.**"], actions: [select], raw: ["*"], to: {groups: [stewards]}}
                row_filters:
                  - {name: europe, tables: ["crm.*.customers"], to: {groups: [analysts]}, where: "region = 'EU'"}
                  - {name: not-three, tables: ["virtual.sales.*"], to: {groups: [analysts]}, where: "id <> 3"}
                  - {name: own-desk, tables: ["virtual.sales.*"], to: {groups: [analysts]}, where: "id IN (SELECT d.customer FROM crm.public.desks d WHERE d.usr = CURRENT_USER)"}
                column_masks:
                  - {name: mail, columns: ["crm.*.customers.mail"], to: {groups: [analysts]}, mask: {kind: partial, last: 5}}
                  - {name: view-mail, columns: ["virtual.sales.*.contact"], to: {groups: [analysts]}, mask: {kind: partial, last: 4, with: "#"}}
                  - {name: view-name, columns: ["virtual.sales.*.name"], to: {groups: [analysts]}, mask: {kind: redact}}
                """, "classification: {mask_by_default: false}");
        nicol.update("steve", "CREATE SCHEMA virtual.sales");
        nicol.update(
                "steve",
                "CREATE VIEW virtual.sales.people AS SELECT id, name, mail AS contact, region AS secret FROM"
                        + " crm.public.customers");
        nicol.update(
                "steve",
                "CREATE VIEW virtual.sales.totals AS SELECT c.id, c.name, c.mail AS contact, SUM(o.amount) AS secret,"
                        + " COUNT(*) AS orders FROM crm.public.customers c JOIN shop.public.orders o ON o.customer_id = c.id"
                        + " GROUP BY c.id, c.name, c.mail");
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @Test
    void rulesOfTheViewComeOnTopOfThoseOfItsTables() throws SQLException {
        assertThat(nicol.rows("ann", "SELECT * FROM virtual.sales.people")).containsExactly("1|***|#####.org");
        assertThat(nicol.rows("ann", "SELECT * FROM virtual.sales.totals")).containsExactly("1|***|#####.org|2");
        assertThat(nicol.rows("steve", "SELECT id, contact, secret FROM virtual.sales.people ORDER BY id"))
                .containsExactly("1|ann@x.org|EU", "2|bob@x.org|US", "3|cid@x.org|EU", "4|dee@x.org|EU");
        assertThat(nicol.rows("steve", "SELECT id, secret FROM virtual.sales.totals ORDER BY id"))
                .containsExactly("1|10.00", "2|7.00", "3|1.00", "4|2.00");
    }

    @ParameterizedTest
    @ValueSource(strings = {"people", "totals"})
    void nothingOfAHiddenRowIsEvaluated(String view) throws SQLException {
        String from = " FROM virtual.sales." + view;
        assertThat(nicol.rows("ann", "SELECT 1 / (id - 3)" + from)).containsExactly("0");
        assertThat(nicol.rows("ann", "SELECT id" + from + " WHERE 1 / (id - 4) = 0"))
                .containsExactly("1");
        assertThat(nicol.rows("ann", "SELECT COUNT(*), MIN(id), MAX(id)" + from))
                .containsExactly("1|1|1");
        assertThat(nicol.rows("ann", "SELECT id" + from + " WHERE name = 'Ann'"))
                .isEmpty();
        assertThat(nicol.rows("ann", "SELECT id" + from + " WHERE contact LIKE '#%org'"))
                .containsExactly("1");
        assertThat(nicol.rows("ann", "SELECT id" + from + " WHERE id IN (1, 2, 3, 4)"))
                .containsExactly("1");
        assertThat(
                        nicol.rows(
                                "ann",
                                "SELECT v.id, o.amount" + from
                                        + " v JOIN shop.public.orders o ON o.customer_id = v.id WHERE o.amount / (v.id - 3) < 0 ORDER BY 2"))
                .containsExactly("1|4.50", "1|5.50");
        assertThat(nicol.rows(
                        "ann", "SELECT id" + from + " a WHERE EXISTS (SELECT 1" + from + " b WHERE b.id <= a.id)"))
                .containsExactly("1");
        assertCode("SELECT secret" + from, "42703");
    }

    @Test
    void aViewMayBeOrderedByWhatItDoesNotShow() throws SQLException {
        nicol.update("steve", "CREATE SCHEMA virtual.ranked");
        nicol.update(
                "steve",
                "CREATE VIEW virtual.ranked.two AS SELECT name FROM crm.public.customers ORDER BY id DESC LIMIT 2");
        nicol.update(
                "steve", "CREATE VIEW virtual.ranked.whole AS SELECT name FROM crm.public.customers ORDER BY mail");
        nicol.update(
                "steve",
                "CREATE VIEW virtual.ranked.mine AS SELECT id, CURRENT_USER AS reader FROM crm.public.customers");

        assertThat(nicol.rows("steve", "SELECT * FROM virtual.ranked.two")).containsExactlyInAnyOrder("Dee", "Cid");
        assertThat(nicol.rows("ann", "SELECT * FROM virtual.ranked.two")).containsExactlyInAnyOrder("Dee", "Cid");
        assertThat(nicol.rows("ann", "SELECT COUNT(*) FROM virtual.ranked.whole"))
                .containsExactly("3");
        assertThat(nicol.rows("ann", "SELECT * FROM virtual.ranked.mine WHERE id = 1"))
                .containsExactly("1|ann");
    }

    @Test
    void lineageNamesTheTablesAndTheirMasks() throws SQLException {
        nicol.rows("ann", "SELECT contact AS lineage_of_contact FROM virtual.sales.people");

        assertThat(nicol.rows(
                        "ann",
                        "SELECT DISTINCT e.source_catalog, e.source_column, e.direct, e.masked FROM nicol.lineage.edges e WHERE"
                                + " e.target_column = 'lineage_of_contact' AND e.direct"))
                .containsExactlyInAnyOrder("crm|mail|true|true", "virtual|contact|true|true");
    }

    @Test
    void explainPolicyTellsOfBoth() throws SQLException {
        assertThat(String.join("\n", nicol.rows("ann", "EXPLAIN POLICY FOR SELECT contact FROM virtual.sales.people")))
                .contains("virtual|sales|people|contact|view-mail|read masked by partial")
                .contains("crm|public|customers|mail|mail|read masked by partial")
                .contains("row_filter|virtual|sales|people|null|own-desk")
                .contains("row_filter|crm|public|customers|null|europe");
    }

    private void assertCode(String sql, String code) {
        assertThatThrownBy(() -> nicol.rows("ann", sql))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo(code));
    }
}
