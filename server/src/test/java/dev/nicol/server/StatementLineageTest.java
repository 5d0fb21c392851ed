package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.Source;
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

/** What an auditor finds of where a statement's values came from and went: as it was asked, and as it ran. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StatementLineageTest {
    private static final String USERS = """
            users:
              steve: {password: "$HASH", groups: [stewards]}
              alice: {password: "$HASH", groups: [analysts]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICY = """
            grants:
              - {name: all, tables: ["crm.**", "lake.**"], actions: [select, insert, update, delete, create], raw: ["*"], to: {groups: [stewards]}}
              - {name: some, tables: ["crm.**", "lake.**"], actions: [select, insert], to: {groups: [analysts]}}
            row_filters:
              - {name: europe, tables: ["crm.PUBLIC.customers"], where: "region = 'EU'", to: {groups: [analysts]}}
            column_masks:
              - {name: mail, columns: ["crm.PUBLIC.customers.email"], mask: {kind: redact}, to: {groups: [analysts]}}
              - {name: notes, columns: ["crm.PUBLIC.customers.note"], mask: {kind: redact_text}, to: {groups: [analysts]}}
            """;

    private TestNicol nicol;

    @BeforeAll
    void start() {
        SourceDefinition crm = TestDatabases.h2("crm");
        SourceDefinition lake = TestDatabases.duckdb("lake");
        fill(
                crm,
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40), email VARCHAR(40), region VARCHAR(40),"
                        + " note VARCHAR(40))",
                "INSERT INTO customers VALUES (1, 'Ann', 'ann@example.com', 'EU', 'x'), (2, 'Bob', 'b@example.com', 'US', 'y')");
        fill(
                lake,
                "CREATE TABLE orders (id INTEGER, customer_id INTEGER, amount DECIMAL(10, 2))",
                "INSERT INTO orders VALUES (1, 1, 10.00), (2, 2, 5.00)",
                "CREATE TABLE copies (who VARCHAR, mail VARCHAR)");
        nicol = TestNicol.start(List.of(crm, lake), USERS, POLICY, "classification: {mask_by_default: false}");
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private static void fill(SourceDefinition definition, String... statements) {
        try (Source source = new Source(definition);
                Connection connection = source.connection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
            if (!connection.getAutoCommit()) {
                connection.commit();
            }
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    @Test
    void whatOneSourceComputesRunsAsItWasAsked() throws SQLException {
        String asked = "SELECT name AS who, email FROM crm.PUBLIC.customers WHERE id > 0";
        List<String> edges = List.of(
                "result.who <- customers.name IDENTITY",
                "result.email <- customers.email TRANSFORMATION masked",
                "result <- customers.id FILTER",
                "result <- customers.region POLICY_FILTER");

        nicol.rows("alice", asked);

        assertThat(edges("alice", "asked")).containsExactlyInAnyOrderElementsOf(edges);
        assertThat(edges("alice", "ran")).containsExactlyInAnyOrderElementsOf(edges);
    }

    @Test
    void whatTheEngineJoinsRunsWithinWhatWasAsked() throws SQLException {
        nicol.rows(
                "steve",
                "SELECT c.name, SUM(o.amount) AS total FROM crm.PUBLIC.customers AS c JOIN lake.main.orders AS o"
                        + " ON o.customer_id = c.id WHERE c.region = 'EU' GROUP BY c.name");

        assertThat(edges("steve", "asked"))
                .containsExactlyInAnyOrder(
                        "result.name <- customers.name IDENTITY",
                        "result.total <- orders.amount AGGREGATION",
                        "result <- customers.id JOIN",
                        "result <- orders.customer_id JOIN",
                        "result <- customers.region FILTER",
                        "result <- customers.name GROUP_BY");
        // the engine's sum of nothing is NULL by a count of the same column; each customer's orders are added up at
        // their source
        assertThat(edges("steve", "ran"))
                .containsExactlyInAnyOrder(
                        "result.name <- customers.name IDENTITY",
                        "result.total <- orders.amount AGGREGATION",
                        "result.total <- orders.amount CONDITIONAL",
                        "result <- customers.id JOIN",
                        "result <- orders.customer_id JOIN",
                        "result <- customers.region FILTER",
                        "result <- customers.name GROUP_BY",
                        "result <- orders.customer_id GROUP_BY");
    }

    @Test
    void kindsMayChangeAndColumnsMayNot() throws SQLException {
        nicol.rows(
                "steve",
                "SELECT c.name FROM crm.PUBLIC.customers AS c WHERE c.id IN (SELECT o.customer_id FROM lake.main.orders AS o)");

        assertThat(edges("steve", "asked"))
                .containsExactlyInAnyOrder(
                        "result.name <- customers.name IDENTITY",
                        "result <- customers.id FILTER",
                        "result <- orders.customer_id FILTER");
        assertThat(edges("steve", "ran"))
                .contains(
                        "result.name <- customers.name IDENTITY",
                        "result <- customers.id JOIN",
                        "result <- orders.customer_id JOIN");
    }

    /** The engine joins by a column that the statement computes and does not show. */
    @Test
    void whatIsComputedAndNotShownMayDecideRows() throws SQLException {
        assertThat(nicol.rows(
                        "steve",
                        "SELECT 'X' AS x FROM crm.PUBLIC.customers AS c LEFT JOIN LATERAL (SELECT c.id AS i FROM lake.main.orders AS o)"
                                + " AS l ON TRUE"))
                .containsExactly("X", "X", "X", "X");
    }

    @Test
    void aMaskThatTheEngineComputesIsAMaskInWhatRan() throws SQLException {
        nicol.rows("alice", "SELECT note FROM crm.PUBLIC.customers");

        assertThat(edges("alice", "ran"))
                .containsExactlyInAnyOrder(
                        "result.note <- customers.note TRANSFORMATION masked",
                        "result <- customers.region POLICY_FILTER");
    }

    @Test
    void anInsertFillsColumnsOfItsTable() throws SQLException {
        nicol.update(
                "alice",
                "INSERT INTO lake.main.copies (mail, who) SELECT email, UPPER(name) FROM crm.PUBLIC.customers");

        List<String> edges = List.of(
                "lake.main.copies.mail <- customers.email TRANSFORMATION masked",
                "lake.main.copies.who <- customers.name TRANSFORMATION",
                "lake.main.copies <- customers.region POLICY_FILTER");
        assertThat(edges("alice", "asked")).containsExactlyInAnyOrderElementsOf(edges);
        assertThat(edges("alice", "ran")).containsExactlyInAnyOrderElementsOf(edges);
    }

    @Test
    void aTableMadeOfAQueryIsItsTarget() throws SQLException {
        nicol.update(
                "steve", "CREATE TABLE lake.main.kept AS SELECT amount AS price FROM lake.main.orders WHERE id = 1");

        assertThat(edges("steve", "ran"))
                .containsExactlyInAnyOrder(
                        "lake.main.kept.price <- orders.amount IDENTITY", "lake.main.kept <- orders.id FILTER");
    }

    @Test
    void updatesAndDeletesNameWhatTheyChange() throws SQLException {
        nicol.update("steve", "UPDATE crm.PUBLIC.customers SET note = region WHERE id = 2");
        assertThat(edges("steve", "asked"))
                .containsExactlyInAnyOrder(
                        "crm.public.customers.note <- customers.region IDENTITY",
                        "crm.public.customers <- customers.id FILTER");

        nicol.update("steve", "DELETE FROM crm.PUBLIC.customers WHERE id = 99");
        assertThat(edges("steve", "ran")).containsExactly("crm.public.customers <- customers.id FILTER");
    }

    @Test
    void whatIsNotRunHasNoPlan() throws SQLException {
        nicol.rows("steve", "EXPLAIN PLAN FOR SELECT name FROM crm.PUBLIC.customers");

        assertThat(edges("steve", "asked")).containsExactly("result.name <- customers.name IDENTITY");
        assertThat(edges("steve", "ran")).isEmpty();
    }

    /** Of the user's last statement, as an auditor reads them. */
    private List<String> edges(String user, String phase) throws SQLException {
        return nicol.rows(
                "audra",
                "SELECT LOWER(e.target || COALESCE('.' || e.target_column, '')) || ' <- ' || LOWER(e.source_table || '.' ||"
                        + " e.source_column) || ' ' || e.kind || TRIM(TRAILING FROM CASE WHEN e.masked THEN ' masked' ELSE '' END)"
                        + " FROM nicol.lineage.edges AS e WHERE e.phase = '" + phase + "' AND e.statement_id ="
                        + " (SELECT MAX(s.statement_id) FROM nicol.audit.statements AS s WHERE s.user_name = '" + user
                        + "')");
    }
}
