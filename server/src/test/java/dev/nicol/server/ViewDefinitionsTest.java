package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a view's definition may be, and what becomes of it when what it reads changes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ViewDefinitionsTest {
    private SourceDefinition crm;
    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        crm = TestDatabases.postgres("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(20))",
                "INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob')",
                "CREATE SCHEMA private",
                "CREATE TABLE private.hidden (id INTEGER, name VARCHAR(20))",
                "CREATE TABLE accounts (id INTEGER, balance DECIMAL(10, 2), iban VARCHAR(34), secret VARCHAR(9))",
                "INSERT INTO accounts VALUES (1, 5.50, 'x', 's')",
                "CREATE TABLE visits (id INTEGER)");
        nicol = TestNicol.start(List.of(crm), """
                users:
                  ann: {password: "$HASH", groups: [analysts]}
                  nora: {password: "$HASH", groups: [others]}
                  steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                  sue: {password: "$HASH", groups: [analysts], roles: [steward]}
                  audra: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: analysts, tables: ["crm.public.*", "virtual.**"], actions: [select], columns: {deny: [secret]}, to: {groups: [analysts]}}
                  - {name: others, tables: ["virtual.**"], actions: [select], to: {groups: [others]}}
                  - {name: stewards, tables: ["crm.**", "virtual.**"], actions: [select], raw: ["*"], to: {groups: [stewards]}}
                """, "classification: {mask_by_default: false}");
        steward("CREATE SCHEMA virtual.Sales");
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @Test
    void aViewNeverReadsItself() throws SQLException {
        steward("CREATE VIEW virtual.sales.one AS SELECT * FROM crm.public.customers");
        steward("CREATE VIEW virtual.sales.two AS SELECT * FROM virtual.sales.one");

        assertRefused(
                "CREATE OR REPLACE VIEW virtual.sales.one AS SELECT * FROM virtual.sales.one", "0A000", "read itself");
        assertRefused(
                "CREATE OR REPLACE VIEW virtual.sales.ONE AS SELECT * FROM virtual.sales.two", "0A000", "read itself");
        assertThat(nicol.rows("ann", "SELECT name FROM virtual.sales.two WHERE id = 1"))
                .containsExactly("Ann");
    }

    @Test
    void whatOthersReadIsNotDropped() throws SQLException {
        steward("CREATE VIEW virtual.sales.base AS SELECT id FROM crm.public.customers");
        steward("CREATE VIEW virtual.sales.top AS SELECT * FROM virtual.sales.base");
        steward(
                "CREATE VIEW virtual.sales.\"top 2\" AS SELECT b.id FROM crm.public.customers c JOIN virtual.sales.base b ON b.id = c.id");

        String usage =
                "SELECT view_name, table_catalog, table_name FROM nicol.information_schema.view_table_usage WHERE"
                        + " view_name IN ('base', 'top', 'top 2')";
        assertThat(nicol.rows("steve", usage))
                .containsExactlyInAnyOrder(
                        "base|crm|customers", "top|virtual|base", "top 2|crm|customers", "top 2|virtual|base");
        assertThat(nicol.rows("nora", usage)).isEmpty();
        assertRefused(
                "DROP VIEW virtual.sales.base", "42501", "read by `virtual.Sales.top`, `virtual.Sales.top 2`. Drop");
        assertThat(nicol.rows("ann", "SELECT COUNT(*) FROM virtual.sales.top")).containsExactly("2");
        assertRefused("ALTER VIEW virtual.sales.base RENAME TO ground", "42501", "read by `virtual.Sales.top`");
        assertRefused("ALTER VIEW virtual.sales.top RENAME TO BASE", "42P07", "`virtual.Sales.BASE` exists");
        assertRefused("ALTER VIEW virtual.sales.nothing RENAME TO thing", "42P01", "no view");
        assertThatThrownBy(() -> nicol.update("ann", "ALTER VIEW virtual.sales.top RENAME TO mine"))
                .hasMessageContaining("for stewards");
        steward("ALTER VIEW virtual.sales.top RENAME TO \"to.p\"");
        assertThat(nicol.rows("ann", "SELECT COUNT(*) FROM virtual.sales.\"to.p\""))
                .containsExactly("2");
        assertThatThrownBy(() -> nicol.rows("ann", "SELECT * FROM virtual.sales.top"))
                .hasMessageContaining("no table");
        steward("ALTER VIEW virtual.sales.\"to.p\" RENAME TO top");
        steward("DROP VIEW virtual.sales.top");
        steward("DROP VIEW virtual.sales.\"top 2\"");
        steward("DROP VIEW virtual.sales.base");
    }

    @Test
    void badDefinitionsAreRefused() throws SQLException {
        String from = " FROM crm.public.customers";
        assertRefused("CREATE VIEW virtual.sales.bad AS SELECT id, name AS ID" + from, "42701", "are called `ID`");
        assertRefused(
                "CREATE VIEW virtual.sales.bad AS SELECT a.id, b.id" + from + " a, crm.public.customers b",
                "42701",
                "called `id`");
        steward("CREATE VIEW virtual.sales.twice AS SELECT *" + from + " a JOIN crm.public.customers b ON a.id = b.id");
        assertThat(nicol.rows("ann", "SELECT id0, name0 FROM virtual.sales.twice WHERE id = 1"))
                .containsExactly("1|Ann");
        assertRefused("CREATE VIEW virtual.sales.bad AS SELECT id" + from + " WHERE id = ?", "42000", "no parameters");
        assertThatThrownBy(
                        () -> nicol.update("sue", "CREATE VIEW virtual.sales.bad AS SELECT id FROM crm.private.hidden"))
                .hasMessageContaining("There is no table `crm.private.hidden`");
        assertThatThrownBy(() ->
                        nicol.update("sue", "CREATE VIEW virtual.sales.bad AS SELECT secret FROM crm.public.accounts"))
                .hasMessageContaining("There is no column `secret`");
        try (Connection connection = nicol.connect("steve");
                Statement statement = connection.createStatement()) {
            statement.execute("SET schema = 'crm.public'");
            assertThatThrownBy(() -> statement.execute("CREATE VIEW virtual.sales.bad AS SELECT id FROM customers"))
                    .hasMessageContaining("There is no table `customers`");
        }
    }

    @Test
    void namesAreKeptApartAndSpelledOnce() throws SQLException {
        steward("CREATE SCHEMA virtual.\"a.b\"");
        steward("CREATE SCHEMA virtual.a");
        steward("CREATE VIEW virtual.\"a.b\".c AS SELECT 1 AS x");
        steward("CREATE VIEW virtual.a.\"b.c\" AS SELECT 2 AS x");
        assertThat(nicol.rows("ann", "SELECT x FROM virtual.\"a.b\".c")).containsExactly("1");
        assertThat(nicol.rows("ann", "SELECT x FROM virtual.a.\"b.c\"")).containsExactly("2");

        steward("CREATE VIEW virtual.SALES.spelled AS SELECT 3 AS x");
        String odd = "\"q\"\"uote ü 漢字 'x" + "v".repeat(128) + "\"";
        steward("CREATE VIEW virtual.A." + odd + " AS SELECT id AS " + odd + " FROM crm.public.customers");
        assertThat(nicol.rows("ann", "SELECT " + odd + " FROM virtual.a." + odd + " WHERE " + odd + " = 2"))
                .containsExactly("2");
        assertRefused("CREATE SCHEMA virtual.Crm", "42P07", "`Crm` is the name of a source");
        assertThat(
                        nicol.rows(
                                "ann",
                                "SELECT DISTINCT table_schema FROM nicol.information_schema.tables WHERE LOWER(table_schema) IN ('a', 'sales')"))
                .containsExactlyInAnyOrder("a", "Sales");
        steward("DROP VIEW virtual.a." + odd);
        nicol = nicol.restart();
        assertThat(nicol.rows("ann", "SELECT x FROM virtual.a.\"b.c\"")).containsExactly("2");
    }

    @Test
    void aBrokenViewSaysWhichColumnIsMissing() throws SQLException {
        steward("CREATE SCHEMA virtual.bank");
        steward("CREATE VIEW virtual.bank.ibans AS SELECT id, iban FROM crm.public.accounts");
        steward("CREATE VIEW virtual.bank.above AS SELECT id FROM virtual.bank.ibans");
        steward("CREATE VIEW virtual.bank.secrets AS SELECT id, secret FROM crm.public.accounts");
        steward("CREATE VIEW virtual.bank.visits AS SELECT id FROM crm.public.visits");
        assertThat(nicol.rows("ann", "SELECT * FROM virtual.bank.above")).containsExactly("1");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "ALTER TABLE accounts DROP COLUMN iban, DROP COLUMN secret",
                "DROP TABLE visits");
        nicol.rows("steve", "CALL nicol.reload()");

        assertBroken("ann", "SELECT id FROM virtual.bank.ibans", "There is no column `iban` in `crm.public.accounts`.");
        assertBroken(
                "ann",
                "SELECT id FROM virtual.bank.above",
                "View `virtual.bank.ibans`, which it reads, does not hold.");
        assertBroken("ann", "SELECT id FROM virtual.bank.visits", "There is no table `crm.public.visits`.");
        assertBroken(
                "steve",
                "SELECT id FROM virtual.bank.secrets",
                "There is no column `secret` in `crm.public.accounts`.");
        // who could not read it before is told nothing
        for (String sql : List.of("SELECT id FROM virtual.bank.secrets", "SELECT id FROM virtual.bank.nothing")) {
            assertThatThrownBy(() -> nicol.rows("ann", sql))
                    .hasMessageContaining("There is no table")
                    .hasMessageNotContaining("secret`");
        }
        assertThatThrownBy(() -> nicol.rows("nora", "SELECT id FROM virtual.bank.ibans"))
                .hasMessageContaining("There is no table")
                .hasMessageNotContaining("iban`");
        await().untilAsserted(() -> assertThat(
                        nicol.rows("audra", "SELECT detail FROM nicol.audit.events WHERE kind = 'view_broken'"))
                .containsExactlyInAnyOrder(
                        "virtual.bank.ibans: There is no column `iban` in `crm.public.accounts`.",
                        "virtual.bank.above: View `virtual.bank.ibans`, which it reads, does not hold.",
                        "virtual.bank.secrets: There is no column `secret` in `crm.public.accounts`.",
                        "virtual.bank.visits: There is no table `crm.public.visits`."));

        String facts =
                "SELECT table_name, owner, problem FROM nicol.information_schema.views WHERE table_schema = 'bank'"
                        + " AND table_name IN ('above', 'ibans')";
        assertThat(nicol.rows("sue", facts))
                .containsExactlyInAnyOrder(
                        "above|steve|View `virtual.bank.ibans`, which it reads, does not hold.",
                        "ibans|steve|There is no column `iban` in `crm.public.accounts`.");
        assertThat(nicol.rows("ann", facts)).isEmpty();

        steward("CREATE OR REPLACE VIEW virtual.bank.ibans AS SELECT id FROM crm.public.accounts");
        assertThat(nicol.rows("ann", "SELECT * FROM virtual.bank.above")).containsExactly("1");
        await().untilAsserted(() -> assertThat(
                        nicol.rows("audra", "SELECT detail FROM nicol.audit.events WHERE kind = 'view_holds'"))
                .containsExactlyInAnyOrder("virtual.bank.ibans", "virtual.bank.above"));
    }

    private void steward(String sql) throws SQLException {
        nicol.update("steve", sql);
    }

    private void assertRefused(String sql, String code, String text) {
        nicol.assertRefused("steve", sql, code, text);
    }

    private void assertBroken(String user, String sql, String text) {
        assertThatThrownBy(() -> nicol.rows(user, sql))
                .as(sql)
                .hasMessageContaining("does not hold any more. " + text)
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("42P17"));
    }
}
