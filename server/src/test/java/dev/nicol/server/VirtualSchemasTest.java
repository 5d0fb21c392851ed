package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Views over sources, grants by action, defaults of a session, approvals: what needs no particular kind of source. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VirtualSchemasTest {
    private TestNicol nicol;

    @BeforeAll
    void start() {
        SourceDefinition crm = TestDatabases.h2("crm");
        SourceDefinition shop = TestDatabases.h2("shop");
        TestDatabases.execute(
                crm.url(),
                "sa",
                "",
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(20), email VARCHAR(40), region VARCHAR(2))",
                "INSERT INTO customers VALUES (1, 'Ann', 'ann@x.org', 'EU'), (2, 'Bob', 'bob@x.org', 'US')",
                "CREATE TABLE inbox (id INTEGER, note VARCHAR(20))",
                "CREATE TABLE tickets (id INTEGER PRIMARY KEY, region VARCHAR(2))",
                "INSERT INTO tickets VALUES (1, 'EU'), (2, 'US')",
                "CREATE TABLE desks (usr VARCHAR(20), region VARCHAR(2))",
                "INSERT INTO desks VALUES ('ann', 'EU'), ('nora', 'US')");
        TestDatabases.execute(
                shop.url(),
                "sa",
                "",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, amount DECIMAL(10, 2))",
                "INSERT INTO orders VALUES (10, 1, 5.50), (11, 1, 4.50), (12, 2, 7.00)");
        nicol = TestNicol.start(List.of(crm, shop), """
                users:
                  ann: {password: "$HASH", groups: [analysts], attributes: {region: EU}}
                  nora: {password: "$HASH", groups: [others]}
                  steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                  dora: {password: "$HASH", groups: [dba]}
                  audra: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: analysts, tables: ["crm.*.customers", "crm.*.tickets", "shop.**", "virtual.sales.*", "virtual.chain.*"], actions: [select], to: {groups: [analysts]}}
                  - {name: others, tables: ["virtual.sales.*"], actions: [select], to: {groups: [others]}}
                  - {name: writers, tables: ["crm.*.inbox", "crm.*.tickets"], actions: [insert, update, delete], to: {groups: [analysts]}}
                  - {name: stewards, tables: ["crm.**", "shop.**", "virtual.**"], actions: [select, update, ddl], raw: ["*"], to: {groups: [stewards]}}
                row_filters:
                  - {name: own-region, tables: ["crm.*.customers"], to: {groups: [analysts]}, where: "region = ATTRIBUTE('region')"}
                  - {name: own-desk, tables: ["crm.*.tickets"], to: {groups: [analysts]}, where: "EXISTS (SELECT 1 FROM crm.public.desks d WHERE d.region = tickets.region AND d.usr = CURRENT_USER)"}
                column_masks:
                  - {name: mail, columns: ["crm.*.customers.email"], to: {groups: [analysts]}, mask: {kind: redact}}
                guardrails:
                  - {name: prices, statements: [update], action: hold, approvers: {groups: [dba]}, expires_after: 1h}
                """);
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @Test
    void aViewIsGovernedByItsReader() throws SQLException {
        nicol.update("steve", "CREATE SCHEMA virtual.sales");
        nicol.update(
                "steve",
                "CREATE VIEW virtual.sales.totals AS SELECT c.name, c.email, SUM(o.amount) AS total FROM"
                        + " crm.public.customers c JOIN shop.public.orders o ON o.customer_id = c.id GROUP BY c.name, c.email");

        assertThat(nicol.rows("ann", "SELECT * FROM virtual.sales.totals")).containsExactly("Ann|***|10.00");
        assertThat(nicol.rows("steve", "SELECT name, email FROM virtual.sales.totals ORDER BY name"))
                .containsExactly("Ann|ann@x.org", "Bob|bob@x.org");
        assertCode("nora", "SELECT * FROM virtual.sales.totals", "42P01");
        assertCode("ann", "CREATE VIEW virtual.sales.mine AS SELECT 1 AS one", "42501");
        assertCode("steve", "CREATE VIEW virtual.sales.totals AS SELECT 1 AS one", "42P07");
        assertCode("steve", "CREATE VIEW virtual.sales.broken AS SELECT nothing FROM crm.public.customers", "42703");
        assertCode("steve", "DROP SCHEMA virtual.sales", "42501");
        assertThat(nicol.rows(
                        "ann", "SELECT table_name FROM nicol.information_schema.views WHERE table_schema = 'sales'"))
                .containsExactly("totals");

        nicol.update("steve", "CREATE OR REPLACE VIEW virtual.sales.totals AS SELECT name FROM crm.public.customers");
        assertThat(nicol.rows("ann", "SELECT * FROM virtual.sales.totals")).containsExactly("Ann");
        nicol.update("steve", "DROP VIEW virtual.sales.totals");
        assertCode("ann", "SELECT * FROM virtual.sales.totals", "42P01");
    }

    @Test
    void aChainOfTenViewsIsGovernedByItsReader() throws SQLException {
        nicol.update("steve", "CREATE SCHEMA virtual.chain");
        String last;
        try (Connection steve = nicol.connect("steve")) {
            last = ViewChain.create(steve, "virtual.chain", "crm.public", "shop.public");
        }

        String sql = "SELECT id, name, email, kind, place, home FROM " + last + " ORDER BY id";
        assertThat(nicol.rows("steve", sql)).containsExactly("1|ANN|ann@x.org|often|1|EU", "2|BOB|bob@x.org|once|1|-");
        assertThat(nicol.rows("ann", sql)).containsExactly("1|ANN|***|often|1|EU");
        assertThat(nicol.rows("steve", "SELECT first_amount FROM " + last + " WHERE kind = 'often'"))
                .containsExactly("5.50");
    }

    @Test
    void aGrantToWriteShowsNothing() throws SQLException {
        assertThat(nicol.update("ann", "INSERT INTO crm.public.inbox VALUES (1, 'x')"))
                .isEqualTo(1);
        assertCode("ann", "SELECT * FROM crm.public.inbox", "42501");
        assertCode("ann", "DELETE FROM crm.public.inbox WHERE note = 'y'", "42501");
        assertCode("ann", "INSERT INTO crm.public.inbox SELECT * FROM crm.public.inbox", "42501");
    }

    @Test
    void anUnknownNameIsQuotedAsWritten() {
        assertThatThrownBy(() -> nicol.rows("nora", "SELECT 1 FROM\n  crm.public.customers"))
                .hasMessageContaining("There is no table `crm.public.customers` (line 2, column 3)")
                .message()
                .doesNotContain("Did you mean");
        assertThatThrownBy(() -> nicol.rows("ann", "SELECT 1 FROM crm.public.custmers"))
                .hasMessageContaining("Did you mean `crm.PUBLIC.CUSTOMERS`?");
        assertThatThrownBy(() -> nicol.rows("ann", "SELECT nam FROM crm.public.customers"))
                .hasMessageContaining("There is no column `nam`")
                .hasMessageContaining("`NAME`");
    }

    @Test
    void aFailedLoginIsInTheTrail() throws SQLException {
        assertThatThrownBy(() -> DriverManager.getConnection("jdbc:avatica:remote:url=" + nicol.url()
                                + ";authentication=BASIC;avatica_user=mallory;avatica_password=guess")
                        .createStatement())
                .hasMessageContaining("not valid");

        assertThat(nicol.rows(
                        "audra",
                        "SELECT DISTINCT user_name, detail FROM nicol.audit.events WHERE kind = 'login_failed'"))
                .containsExactly("mallory|from 127.0.0.1: wrong user name or password");
    }

    @Test
    void aRowFilterMayBeCorrelated() throws SQLException {
        assertThat(nicol.rows("ann", "SELECT id FROM crm.public.tickets")).containsExactly("1");
        assertThat(nicol.rows(
                        "ann", "SELECT t.id FROM crm.public.tickets t JOIN shop.public.orders o ON o.id = t.id + 9"))
                .containsExactly("1");
        assertThat(nicol.update("ann", "DELETE FROM crm.public.tickets WHERE id = 2"))
                .isZero();
        assertCode("ann", "INSERT INTO crm.public.tickets VALUES (3, 'US')", "42501");
    }

    @Test
    void aSessionHasADefaultSchema() throws SQLException {
        try (Connection connection = nicol.connect("ann");
                Statement statement = connection.createStatement()) {
            statement.execute("SET schema = 'crm.nowhere'");
            assertThatThrownBy(() -> statement.executeQuery("SELECT name FROM customers"))
                    .hasMessageContaining(
                            "There is no table `customers` (line 1, column 18): it is looked for in schema"
                                    + " `crm.nowhere`, and there is none that you can see.");
            statement.execute("SET schema = 'crm.PUBLIC'");
            try (ResultSet rows = statement.executeQuery("SELECT name FROM customers")) {
                assertThat(TestNicol.rows(rows)).containsExactly("Ann");
            }
        }
    }

    @Test
    void anIntervalKeepsItsFraction() throws SQLException {
        assertThat(nicol.rows("ann", "SELECT INTERVAL '1 02:03:04.567' DAY TO SECOND, INTERVAL '4.5' SECOND(2, 1)"))
                .containsExactly("+1 02:03:04.567|+4.5");
    }

    @Test
    void aPreparedStatementTakesParameters() throws SQLException {
        try (Connection connection = nicol.connect("steve");
                PreparedStatement statement = connection.prepareStatement(
                        "SELECT c.name FROM crm.public.customers c JOIN shop.public.orders o ON o.customer_id = c.id"
                                + " WHERE o.amount > ? AND c.region = ?")) {
            statement.setBigDecimal(1, new BigDecimal("5.00"));
            statement.setString(2, "EU");
            try (ResultSet rows = statement.executeQuery()) {
                assertThat(TestNicol.rows(rows)).containsExactly("Ann");
            }
            statement.setString(2, "US");
            try (ResultSet rows = statement.executeQuery()) {
                assertThat(TestNicol.rows(rows)).containsExactly("Bob");
            }
        }
    }

    @Test
    void aHeldStatementRunsOnceWhenApproved() throws SQLException {
        String update = "UPDATE shop.public.orders SET amount = 8.00 WHERE id = 12";
        String id = held("steve", update);

        assertCode("steve", "CALL nicol.approve('" + id + "', 'my own')", "42501");
        assertCode("ann", "CALL nicol.approve('" + id + "', 'not mine to decide')", "42501");
        nicol.rows("dora", "CALL nicol.approve('" + id + "', 'fine')");

        assertThat(nicol.update("steve", update)).isEqualTo(1);
        assertThat(held("steve", update)).isNotEqualTo(id);
    }

    private String held(String user, String sql) {
        String[] id = new String[1];
        assertThatThrownBy(() -> nicol.update(user, sql)).isInstanceOfSatisfying(SQLException.class, failure -> {
            assertThat(failure.getSQLState()).as(failure.getMessage()).isEqualTo("NA001");
            id[0] = failure.getMessage().replaceAll("(?s).*as request (\\S+) by.*", "$1");
        });
        return id[0];
    }

    private void assertCode(String user, String sql, String sqlState) {
        assertThatThrownBy(() -> nicol.update(user, sql))
                .as(sql)
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .as(failure.getMessage())
                        .isEqualTo(sqlState));
    }
}
