package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.KillablePostgres;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.audit.AuditVerifier;
import dev.nicol.server.audit.StoreSettings;
import dev.nicol.server.testing.Balancer;
import dev.nicol.server.testing.ExportedChain;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Two servers over the same sources and one PostgreSQL store, as behind a load balancer. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SharedStoreServersTest {
    private static final String USERS = """
            users:
              ann: {password: "$HASH", groups: [analysts]}
              eve: {password: "$HASH", groups: [analysts]}
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              dora: {password: "$HASH", groups: [dba]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICIES = """
            grants:
              - {name: analysts, tables: ["crm.**", "virtual.**"], actions: [select], to: {groups: [analysts]}}
              - {name: stewards, tables: ["crm.**", "virtual.**"], actions: [select, insert, update, ddl], raw: ["*"], to: {groups: [stewards]}}
            guardrails:
              - {name: prices, statements: [update], action: hold, approvers: {groups: [dba]}, expires_after: 1h}
              - {name: forty, to: {users: [eve]}, budget: {statements: 40, per: hour}, action: deny}
            """;

    private final KillablePostgres postgres = KillablePostgres.started();
    private SourceDefinition crm;
    private StoreSettings store;
    private TestNicol one;
    private TestNicol two;

    @BeforeAll
    void start() {
        crm = TestDatabases.h2("crm");
        TestDatabases.execute(
                crm.url(),
                "sa",
                "",
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(20), email VARCHAR(40))",
                "INSERT INTO customers VALUES (1, 'Ann', 'ann@example.org'), (2, 'Bob', 'bob@example.org')",
                "CREATE TABLE prices (id INTEGER PRIMARY KEY, amount INTEGER)",
                "INSERT INTO prices VALUES (1, 5)",
                "CREATE TABLE notes (id INTEGER, words VARCHAR(40))");
        TestDatabases.execute(postgres.url("postgres"), "postgres", "", "CREATE DATABASE trail");
        store = TestStore.owned(postgres.url("trail"), TestDatabases.directory().resolve("keys"));
        one = TestNicol.start(List.of(crm), USERS, POLICIES, more("one", store.keys()));
        two = TestNicol.start(List.of(crm), USERS, POLICIES, more("two", store.keys()));
    }

    private String more(String name, Path keys) {
        StoreSettings other = new StoreSettings(
                store.url(), store.user(), store.password(), null, null, keys, StoreSettings.DEFAULT_SERVER);
        return "server: {port: 0, name: " + name + "}\naudit: {sinks: [{kind: file, path: '" + delivered(name)
                + "'}]}\n" + TestStore.config(other);
    }

    private final Path deliveries = TestDatabases.directory();

    private Path delivered(String name) {
        return deliveries.resolve(name + ".jsonl");
    }

    @AfterAll
    void stop() throws Exception {
        one.close();
        two.close();
        assertThat(AuditVerifier.verify(TestStore.as("one", store)).problems()).isEmpty();
        postgres.close();
    }

    @Test
    @Order(1)
    void anApprovalGivenOnOneRunsOnTheOther() throws SQLException {
        String update = "UPDATE crm.public.prices SET amount = 8 WHERE id = 1";
        String[] id = new String[1];
        assertThatThrownBy(() -> one.update("steve", update)).isInstanceOfSatisfying(SQLException.class, failure -> {
            assertThat(failure.getSQLState()).isEqualTo("NA001");
            id[0] = failure.getMessage().replaceAll("(?s).*as request (\\S+) by.*", "$1");
        });
        two.rows("dora", "CALL nicol.approve('" + id[0] + "', 'fine')");
        assertThat(two.update("steve", update)).isEqualTo(1);
        assertThatThrownBy(() -> one.update("steve", update))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("NA001"));
        assertThat(one.rows(
                        "audra",
                        "SELECT r.state, s.server FROM nicol.approval.requests r JOIN nicol.audit.statements s"
                                + " ON s.statement_id = r.executed_statement_id WHERE r.approval_id = '" + id[0] + "'"))
                .containsExactly("EXECUTED|two");
    }

    @Test
    @Order(1)
    void whatIsSpentOnOneIsSpentOnTheOther() throws SQLException {
        String query = "SELECT id FROM crm.public.prices";
        two.rows("eve", query);
        try (Connection eve = one.connect("eve");
                Statement statement = eve.createStatement()) {
            // one has seen what eve ran on two
            for (int i = 0; i < 39; i++) {
                statement.executeQuery(query).close();
            }
            assertThatThrownBy(() -> statement.executeQuery(query)).hasMessageContaining("`forty`");
        }
        // two asks again after some seconds, and eve does not get to forty there before
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofSeconds(1))
                .untilAsserted(
                        () -> assertThatThrownBy(() -> two.rows("eve", query)).hasMessageContaining("`forty`"));
    }

    @Test
    @Order(2)
    void bothChangeVirtualSchemasAndSeeTheOthersChanges() throws SQLException {
        one.update("steve", "CREATE SCHEMA virtual.sales");
        // the second's state is older, or not: neither change is lost
        two.update("steve", "CREATE SCHEMA virtual.ops");
        one.update("steve", "CREATE VIEW virtual.sales.names AS SELECT id, name FROM crm.public.customers");
        await().atMost(Duration.ofSeconds(5)).ignoreExceptions().untilAsserted(() -> assertThat(
                        two.rows("steve", "SELECT name FROM virtual.sales.names ORDER BY id"))
                .containsExactly("Ann", "Bob"));
        two.update("steve", "COMMENT ON VIEW virtual.sales.names IS 'who they are'");
        two.update("steve", "CREATE OR REPLACE VIEW virtual.sales.names AS SELECT * FROM crm.public.customers");
        two.update("steve", "ALTER VIEW virtual.sales.names RENAME TO people");
        await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> assertThat(
                        one.rows(
                                "steve",
                                "SELECT table_name, remarks, drift FROM nicol.information_schema.views WHERE table_schema = 'sales'"))
                .containsExactly("people|who they are|null"));
        two.update("steve", "DROP VIEW virtual.sales.people");
        assertThat(one.rows(
                        "steve",
                        "SELECT view_name, version, change FROM nicol.policy.view_versions WHERE view_schema = 'sales'"
                                + " ORDER BY view_name, version"))
                .containsExactly(
                        "names|1|create",
                        "names|2|replace",
                        "names|3|rename to virtual.sales.people",
                        "people|1|rename from virtual.sales.names",
                        "people|2|drop");
        two.update("steve", "DROP SCHEMA virtual.sales");
        await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> assertThat(one.rows(
                        "steve",
                        "SELECT schema_name FROM nicol.information_schema.schemata WHERE catalog_name = 'virtual'"))
                .doesNotContain("sales"));
        one.update("steve", "CREATE SCHEMA virtual.more");
        assertThatThrownBy(() -> one.update("steve", "CREATE SCHEMA virtual.ops"))
                .hasMessageContaining("exists");
    }

    @Test
    @Order(3)
    void tagsThatAWriteCarriedOnOneAreMaskedOnTheOther() throws SQLException {
        assertThat(two.rows("ann", "SELECT words FROM crm.public.notes")).isEmpty();
        one.update("steve", "INSERT INTO crm.public.notes SELECT id, email FROM crm.public.customers WHERE id = 1");
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(two.rows("ann", "SELECT words FROM crm.public.notes"))
                        .containsExactly("***"));
        assertThat(two.rows(
                        "audra",
                        "SELECT entity, origin FROM nicol.policy.classifications WHERE LOWER(column_name) = 'words'"))
                .contains("EMAIL|carried");
    }

    @Test
    @Order(4)
    void eitherShowsWhatBothRecorded() throws SQLException {
        assertThat(one.rows("audra", "SELECT DISTINCT server FROM nicol.audit.events ORDER BY server"))
                .containsExactly("one", "two");
        assertThat(two.rows("audra", "SELECT DISTINCT server FROM nicol.policy.rules ORDER BY server"))
                .containsExactly("one", "two");
        assertThat(two.rows("ann", "SELECT DISTINCT user_name FROM nicol.audit.statements"))
                .containsExactly("ann");
        assertThatThrownBy(() -> one.rows("audra", "SELECT * FROM nicol.internal.event_bytes"))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("42P01"));
    }

    @Test
    @Order(4)
    void behindABalancerAConnectionStaysOnItsServerAndBothObeyOnePolicy() throws SQLException, IOException {
        String query = "SELECT id, amount FROM crm.public.prices";
        List<Connection> clients = new ArrayList<>();
        try (Balancer balancer = new Balancer(List.of(one.url(), two.url()))) {
            for (int i = 0; i < 4; i++) {
                clients.add(TestNicol.connectTo(balancer.url(), "ann"));
            }
            for (Connection client : clients) {
                assertThat(TestNicol.rows(client, query)).containsExactly("1|8");
            }
            reload(POLICIES + """
                    column_masks:
                      - {name: amounts, columns: ["crm.*.prices.amount"], mask: {kind: "null"}}
                    """);
            for (Connection client : clients) {
                assertThat(TestNicol.rows(client, query)).containsExactly("1|null");
            }
            reload(POLICIES);
            for (Connection client : clients) {
                assertThat(TestNicol.rows(client, query)).containsExactly("1|8");
                client.close();
            }
        }
        assertThat(two.rows(
                        "audra",
                        "SELECT server, COUNT(*), COUNT(DISTINCT connection_id) FROM nicol.audit.statements"
                                + " WHERE user_name = 'ann' AND sql_text = '" + query
                                + "' GROUP BY server ORDER BY server"))
                .containsExactly("one|6|2", "two|6|2");
    }

    private void reload(String policies) throws SQLException, IOException {
        for (TestNicol server : List.of(one, two)) {
            Files.writeString(server.directory().resolve("policies/policy.yaml"), policies);
            server.rows("steve", "CALL nicol.reload()");
        }
    }

    @Test
    @Order(5)
    void aServerWithAnotherMaskKeyIsNotStarted() throws Exception {
        Path other = TestDatabases.directory();
        assertThatThrownBy(() -> TestNicol.start(List.of(crm), USERS, POLICIES, more("three", other)))
                .hasMessageContaining("is missing");
        Files.write(other.resolve("nicol.mask-key"), new byte[32]);
        assertThatThrownBy(() -> TestNicol.start(List.of(crm), USERS, POLICIES, more("three", other)))
                .hasMessageContaining("is not the mask key that this store's servers work with");
    }

    @Test
    @Order(6)
    void nothingRunsWhileTheStoreIsDown() throws SQLException {
        String select = "SELECT name FROM crm.public.customers WHERE id = 1";
        try (Connection connection = one.connect("ann");
                Statement statement = connection.createStatement()) {
            statement.executeQuery(select).close();
            postgres.kill();
            assertThatThrownBy(() -> statement.executeQuery(select))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("NT001"));
            postgres.startAgain();
            await().atMost(Duration.ofSeconds(10)).ignoreExceptions().untilAsserted(() -> assertThat(
                            TestNicol.rows(statement.executeQuery(select)))
                    .containsExactly("Ann"));
        }
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(() -> assertThat(
                        two.rows("audra", "SELECT COUNT(*) FROM nicol.policy.rules"))
                .hasSize(1));
    }

    @Test
    @Order(7)
    void eachDeliversItsOwnChainOverTheStoresEnd() throws Exception {
        assertThat(one.rows("audra", "SELECT server, name FROM nicol.audit.sinks ORDER BY server"))
                .containsExactly("one|file", "two|file");
        for (TestNicol nicol : List.of(one, two)) {
            String name = nicol == one ? "one" : "two";
            nicol.rows("ann", "SELECT name AS the_last FROM crm.public.customers");
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> Files.readString(delivered(name)).contains("the_last"));
            List<JsonNode> rows = ExportedChain.parsed(
                    Files.readAllLines(delivered(name)).stream().distinct().toList());
            ExportedChain.verify(rows);
            assertThat(rows).allMatch(row -> row.get("server").asText().equals(name));
            assertThat(rows.get(0).get("event_id").asLong()).isEqualTo(1);
        }
    }
}
