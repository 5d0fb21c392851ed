package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Views whose rows are kept: they answer whoever would read the same rows by the same plan, and nobody else. What was sent to
 * the sources, in the trail, says which happened.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MaterializedViewsTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String PLACE = "lake.main";

    private TestNicol nicol;
    private SourceDefinition crm;
    private SourceDefinition my;
    private String shop;

    @BeforeAll
    void start() throws SQLException {
        crm = TestDatabases.postgres("crm");
        execute(
                crm,
                "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, email TEXT, region VARCHAR(2))",
                "INSERT INTO people VALUES (1, 'Ann', 'ann@example.org', 'EU'), (2, 'Bob', 'bob@example.org', 'US'),"
                        + " (3, 'Cid', NULL, 'EU')");
        my = TestDatabases.mariadb("shop");
        shop = "shop." + TestDatabases.schema(my);
        execute(
                my,
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, person INTEGER, amount DECIMAL(10, 2))",
                "INSERT INTO orders VALUES (10, 1, 5.50), (11, 1, 4.50), (12, 2, 7.00)");
        nicol = TestNicol.start(
                List.of(crm, my, TestDatabases.duckdb("lake")), """
                users:
                  steve: {password: "$HASH", groups: [raw], roles: [steward, auditor]}
                  rita: {password: "$HASH", groups: [raw]}
                  mia: {password: "$HASH", groups: [masked]}
                  eva: {password: "$HASH", groups: [european]}
                  own: {password: "$HASH", groups: [personal], roles: [steward], attributes: {region: EU}}
                  low: {password: "$HASH", groups: [views]}
                """, """
                grants:
                  - {name: raw, tables: ["crm.**", "shop.**", "virtual.**", "lake.**"], actions: [select], raw: ["*"], to: {groups: [raw]}}
                  - {name: some, tables: ["crm.**", "shop.**", "virtual.**", "lake.**"], actions: [select, ddl], raw: ["*"], to: {groups: [masked, european, personal]}}
                  - {name: views, tables: ["virtual.**"], actions: [select], raw: ["*"], to: {groups: [views]}}
                row_filters:
                  - {name: eu, tables: ["crm.public.people"], where: "region = 'EU'", to: {groups: [european]}}
                  - {name: own, tables: ["crm.public.people"], where: "region = ATTRIBUTE('region')", to: {groups: [personal]}}
                column_masks:
                  - {name: mail, columns: ["crm.public.people.email"], mask: {kind: redact}, to: {groups: [masked]}}
                """, "materialized_views: {lake: main}");
        nicol.update("steve", "CREATE SCHEMA virtual.c");
        nicol.update(
                "steve",
                "CREATE MATERIALIZED VIEW virtual.c.sales AS SELECT p.id, p.name, p.email, SUM(o.amount) AS total"
                        + " FROM crm.public.people p LEFT JOIN " + shop + ".orders o ON o.person = p.id"
                        + " GROUP BY p.id, p.name, p.email");
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private static void execute(SourceDefinition source, String... statements) {
        TestDatabases.execute(source.url(), source.user(), source.password(), statements);
    }

    private List<String> sales(String user) throws SQLException {
        return nicol.rows(user, "SELECT id, name, email, total FROM virtual.c.sales ORDER BY id");
    }

    /** The sources that a user's last SELECT was answered from. */
    private String answeredFrom(String user) throws SQLException {
        return nicol.rows(
                        "steve",
                        "SELECT LISTAGG(DISTINCT source, ' ') WITHIN GROUP (ORDER BY source) FROM nicol.audit.source_queries"
                                + " WHERE statement_id = (SELECT MAX(statement_id) FROM nicol.audit.statements"
                                + " WHERE user_name = '" + user + "' AND statement_kind = 'SELECT' AND statement_id IN"
                                + " (SELECT statement_id FROM nicol.audit.source_queries WHERE source <> 'nicol'))")
                .get(0);
    }

    @Test
    void rowsAnswerWhoWouldReadTheSame() throws SQLException {
        execute(crm, "UPDATE people SET name = 'Bobby' WHERE id = 2");
        try {
            assertThat(sales("rita"))
                    .containsExactly("1|Ann|ann@example.org|10.00", "2|Bob|bob@example.org|7.00", "3|Cid|null|null");
            assertThat(answeredFrom("rita")).isEqualTo("lake");
            assertThat(nicol.rows(
                            "rita",
                            "SELECT s.name FROM virtual.c.sales s JOIN crm.public.people p ON p.id = s.id"
                                    + " WHERE s.total > 8"))
                    .containsExactly("Ann");

            assertThat(sales("mia"))
                    .as("masked")
                    .containsExactly("1|Ann|***|10.00", "2|Bobby|***|7.00", "3|Cid|null|null");
            assertThat(answeredFrom("mia")).isEqualTo("crm shop");
            assertThat(sales("eva")).as("filtered").containsExactly("1|Ann|ann@example.org|10.00", "3|Cid|null|null");
            assertThat(answeredFrom("eva")).isEqualTo("crm shop");

            assertThatThrownBy(() -> nicol.update("rita", "REFRESH MATERIALIZED VIEW virtual.c.sales"))
                    .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                            .isEqualTo("42501"));
            nicol.update("steve", "REFRESH MATERIALIZED VIEW virtual.c.sales");
            assertThat(sales("rita")).contains("2|Bobby|bob@example.org|7.00");
            assertThat(answeredFrom("rita")).isEqualTo("lake");
        } finally {
            execute(crm, "UPDATE people SET name = 'Bob' WHERE id = 2");
            nicol.update("steve", "REFRESH MATERIALIZED VIEW virtual.c.sales");
        }
    }

    /** Far longer than any test waits, until it is cancelled. */
    private static final String ENDLESS = "SELECT COUNT(*) AS n FROM crm.public.numbers a, crm.public.numbers b,"
            + " crm.public.numbers c, crm.public.numbers d WHERE a.n + b.n + c.n + d.n = -1";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "VIEW virtual.c.raced AS SELECT id FROM crm.public.people",
                "MATERIALIZED VIEW virtual.c.again AS "
            })
    void whatOthersDefineMeanwhileStaysWhereItCannotBeFilled(String meanwhile) throws Exception {
        execute(crm, "CREATE TABLE IF NOT EXISTS numbers AS SELECT n FROM generate_series(1, 20000) n");
        nicol.rows("steve", "CALL nicol.reload()");
        // a table that kept rows of one dropped before may be going at the moment
        String name = meanwhile.startsWith("MATERIALIZED") ? "again" : "raced";
        CompletableFuture<SQLException> failure = CompletableFuture.supplyAsync(() -> {
            try {
                nicol.update("steve", "CREATE MATERIALIZED VIEW virtual.c." + name + " AS " + ENDLESS);
                throw new AssertionError("it was filled");
            } catch (SQLException refused) {
                return refused;
            }
        });
        String running = "SELECT statement_id FROM nicol.audit.statements WHERE outcome = 'running' AND sql_text LIKE"
                + " 'REFRESH MATERIALIZED VIEW%WITH DATA'";
        await().atMost(Duration.ofSeconds(30))
                .until(() -> nicol.rows("steve", running).size() == 1);

        String replacing = "CREATE OR REPLACE " + meanwhile + (meanwhile.endsWith("AS ") ? ENDLESS : "");
        if (meanwhile.startsWith("MATERIALIZED")) {
            nicol.assertRefused("steve", replacing, "53300", "is being refreshed");
        } else {
            nicol.update("steve", replacing);
        }
        nicol.rows("steve", "CALL nicol.cancel('" + nicol.rows("steve", running).get(0) + "')");

        assertThat(failure.get(30, TimeUnit.SECONDS).getSQLState()).isEqualTo("57014");
        assertThat(nicol.rows(
                        "steve",
                        "SELECT table_name FROM nicol.information_schema.views WHERE table_name = '" + name + "'"))
                .containsExactly(name);
        nicol.update("steve", "DROP VIEW virtual.c." + name);
    }

    @Test
    void nobodyNamesTheTableThatRowsAreIn() throws SQLException {
        String table = nicol.rows(
                        "steve", "SELECT storage_table FROM nicol.policy.materialized_views WHERE view_name = 'sales'")
                .get(0);
        assertThat(table).startsWith("nicol_storage_");
        for (String user : List.of("steve", "mia", "eva")) {
            assertThat(nicol.rows(
                            user,
                            "SELECT table_name FROM nicol.information_schema.tables WHERE table_catalog = 'lake'"))
                    .isEmpty();
            assertThatThrownBy(() -> nicol.rows(user, "SELECT * FROM " + PLACE + "." + table))
                    .hasMessageContaining("There is no table");
        }
        assertThatThrownBy(() -> nicol.update("mia", "CREATE TABLE " + PLACE + ".nicol_storage_x (id INTEGER)"))
                .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                        .isEqualTo("42501"));
        assertThat(nicol.rows("rita", "SELECT view_name FROM nicol.policy.materialized_views"))
                .isEmpty();
    }

    @Test
    void theTrailTellsWhatTheViewReads() throws SQLException {
        assertThat(sales("rita")).hasSize(3);
        String last = "(SELECT MAX(statement_id) FROM nicol.audit.statements WHERE user_name = 'rita'"
                + " AND statement_kind = 'SELECT' AND sql_text LIKE '%ORDER BY id')";
        assertThat(nicol.rows(
                        "steve",
                        "SELECT catalog_name, table_name, column_name, access FROM nicol.audit.column_access"
                                + " WHERE statement_id = " + last + " ORDER BY 1, 2, 3"))
                .containsExactly(
                        "crm|people|email|read",
                        "crm|people|id|read",
                        "crm|people|name|read",
                        "shop|orders|amount|read",
                        "shop|orders|person|read");
        assertThat(nicol.rows(
                        "steve",
                        "SELECT DISTINCT e.source_table, e.source_column, e.target_column FROM nicol.lineage.edges e"
                                + " JOIN nicol.audit.statements s ON s.statement_id = e.statement_id"
                                + " WHERE s.statement_kind = 'FILL_MATERIALIZED_VIEW' AND s.user_name = 'steve'"
                                + " AND e.target LIKE 'lake.main.nicol_storage_%' AND e.direct AND e.target_column = 'total'"
                                + " AND s.sql_text LIKE '%\"sales\"%'"))
                .containsExactly("orders|amount|total");
    }

    @Test
    void rowsAreReadAgainInTime() throws SQLException {
        nicol.update(
                "steve",
                "CREATE MATERIALIZED VIEW virtual.c.often INTO lake REFRESH EVERY INTERVAL '1' SECOND AS"
                        + " SELECT COUNT(*) AS n FROM " + shop + ".orders WHERE amount > 100");
        assertThat(nicol.rows("rita", "SELECT n FROM virtual.c.often")).containsExactly("0");
        nicol.update("steve", "CREATE VIEW virtual.c.over_often AS SELECT n + 1 AS m FROM virtual.c.often");
        assertThat(nicol.rows("rita", "SELECT m FROM virtual.c.over_often")).containsExactly("1");
        assertThat(answeredFrom("rita")).as("by a view over it").isEqualTo("lake");
        assertThat(nicol.rows(
                        "steve",
                        "SELECT refresh_every_s FROM nicol.policy.materialized_views WHERE view_name = 'often'"))
                .containsExactly("1");
        execute(my, "INSERT INTO orders VALUES (99, NULL, 500)");
        await().atMost(SOON).untilAsserted(() -> assertThat(nicol.rows("rita", "SELECT n FROM virtual.c.often"))
                .containsExactly("1"));
        assertThat(answeredFrom("rita")).isEqualTo("lake");
        nicol.update("steve", "DROP VIEW virtual.c.over_often");
        nicol.update("steve", "DROP MATERIALIZED VIEW virtual.c.often");
        await().atMost(SOON).untilAsserted(() -> assertThat(
                        nicol.rows(
                                "steve",
                                "SELECT COUNT(*) FROM nicol.audit.events WHERE kind = 'storage_dropped' AND detail LIKE '%often'"))
                .containsExactly("1"));
    }

    @Test
    void whatCannotBeKeptIsRefusedAndNotDefined() throws SQLException {
        String view = "CREATE MATERIALIZED VIEW virtual.c.%s AS SELECT %s FROM crm.public.people";
        nicol.assertRefused("own", view.formatted("personal", "id"), "0A000", "depend on who asks");
        nicol.assertRefused("steve", view.formatted("me", "id, CURRENT_USER AS me"), "0A000", "depend on who asks");
        nicol.assertRefused("rita", view.formatted("mine", "id"), "42501", "steward");
        nicol.assertRefused(
                "steve",
                "CREATE MATERIALIZED VIEW virtual.c.x INTO crm AS SELECT 1 AS one",
                "42601",
                "INTO source.schema");
        nicol.assertRefused(
                "steve", "CREATE MATERIALIZED VIEW virtual.c.x INTO crm.public AS SELECT 1 AS one", "42501", "create");
        nicol.assertRefused(
                "steve",
                "CREATE MATERIALIZED VIEW virtual.c.x REFRESH EVERY INTERVAL '1' MONTH AS SELECT 1 AS one",
                "42601",
                "months");
        nicol.assertRefused(
                "steve",
                "CREATE MATERIALIZED VIEW virtual.c.x REFRESH EVERY 'now and then' AS SELECT 1 AS one",
                "42601",
                "no period");
        nicol.assertRefused(
                "own",
                "CREATE MATERIALIZED VIEW virtual.c.x INTO lake.nowhere AS SELECT 1 AS one",
                "42P01",
                "no schema");
        nicol.assertRefused("steve", "REFRESH MATERIALIZED VIEW virtual.c.nothing", "42P01", "no materialized view");
        nicol.update("steve", "CREATE VIEW virtual.c.plain AS SELECT 1 AS one");
        nicol.assertRefused("steve", "DROP MATERIALIZED VIEW virtual.c.plain", "42P01", "Write DROP VIEW");
        assertThat(nicol.rows("steve", "SELECT one FROM virtual.c.plain")).containsExactly("1");
        nicol.assertRefused(
                "steve",
                "CREATE MATERIALIZED VIEW virtual.c.statements AS SELECT statement_id FROM nicol.audit.statements",
                "0A000",
                "tables of the system");
        assertThat(nicol.rows(
                        "steve",
                        "SELECT table_name FROM nicol.information_schema.views WHERE table_name IN ('personal', 'me', 'x',"
                                + " 'statements')"))
                .isEmpty();
    }

    @Test
    void aGrantOnTheViewAloneShowsNothing() {
        assertThatThrownBy(() -> sales("low")).hasMessageContaining("There is no table");
    }
}
