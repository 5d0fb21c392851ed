package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a policy reads for its own sake, hidden columns too, is told to auditors and stewards and to nobody it governs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PolicyReadsTest {
    private static final String READ = "SELECT id, note FROM hr.PUBLIC.emp";

    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition hr = TestDatabases.h2("hr");
        SourceDefinition rights = TestDatabases.duckdb("rights");
        TestDatabases.execute(
                hr.url(),
                hr.user(),
                hr.password(),
                "CREATE TABLE emp (id INTEGER, note VARCHAR(20), tenant VARCHAR(20), secret VARCHAR(20), region VARCHAR(9))",
                "INSERT INTO emp VALUES (1, 'n1', 'own', 'x', 'EU'), (2, 'n2', 'own', 'y', 'EU'), (3, 'n3', 'other', 'x', 'EU')");
        TestDatabases.execute(
                rights.url(),
                rights.user(),
                rights.password(),
                "CREATE TABLE g (region VARCHAR)",
                "INSERT INTO g VALUES ('EU'), ('US'), ('AP')");
        nicol = TestNicol.start(List.of(hr, rights), """
                users:
                  alice: {password: "$HASH", groups: [analysts]}
                  audra: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: analysts, tables: ["hr.*.emp"], columns: {deny: [secret, tenant]}, actions: [select], to: {groups: [analysts]}}
                row_filters:
                  - {name: own, tables: ["hr.*.emp"], where: "tenant = 'own' AND region IN (SELECT g.region FROM rights.main.g g)"}
                column_masks:
                  - {name: note, columns: ["hr.*.emp.note"], mask: {kind: custom, sql: "CASE WHEN secret = 'x' THEN 'hidden' ELSE note END"}}
                """, "classification: {mask_by_default: false}");
        assertThat(nicol.rows("alice", READ)).containsExactly("1|hidden", "2|n2");
        assertThat(nicol.rows("alice", READ + " WHERE region = 'EU'")).hasSize(2);
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    @Test
    void theTrailTellsThemToAuditorsOnly() throws SQLException {
        String accesses = "SELECT DISTINCT LOWER(c.column_name), c.access FROM nicol.audit.column_access c JOIN"
                + " nicol.audit.statements s ON s.statement_id = c.statement_id WHERE s.sql_text = '" + READ
                + "' ORDER BY 1";
        assertThat(nicol.rows("alice", accesses)).containsExactly("id|read", "note|read");
        assertThat(nicol.rows("audra", accesses))
                .containsExactly("id|read", "note|read", "region|policy", "secret|policy", "tenant|policy");
    }

    @Test
    void lineageTellsThemToAuditorsOnly() throws SQLException {
        String edges = "SELECT DISTINCT LOWER(source_column) FROM nicol.lineage.edges WHERE source_catalog <> 'nicol'"
                + " ORDER BY 1";
        String consumers = edges.replace("edges", "consumers");
        assertThat(nicol.rows("alice", edges)).containsExactly("id", "note", "region");
        assertThat(nicol.rows("alice", consumers)).containsExactly("id", "note");
        assertThat(nicol.rows("audra", edges)).containsExactly("id", "note", "region", "secret", "tenant");
        assertThat(nicol.rows("audra", consumers)).containsExactly("id", "note", "secret");
        String usage = edges.replace("edges", "usage");
        assertThat(nicol.rows("alice", usage)).containsExactly("id", "note", "region");
        assertThat(nicol.rows("audra", usage)).containsExactly("id", "note", "region", "secret", "tenant");
        String columns = edges.replace("lineage.edges", "audit.column_usage")
                .replace("source_catalog", "catalog_name")
                .replace("source_column", "column_name");
        assertThat(nicol.rows("alice", columns)).containsExactly("id", "note", "region");
        assertThat(nicol.rows("audra", columns)).containsExactly("id", "note", "region", "secret", "tenant");
    }

    /** What others did is neither counted nor shown. */
    @Test
    void usagesAreOnesOwn() throws SQLException {
        for (String table : List.of("audit.usage", "audit.column_usage", "lineage.usage")) {
            String users = "SELECT DISTINCT user_name FROM nicol." + table;
            nicol.rows("audra", users);
            assertThat(nicol.rows("alice", users)).as(table).containsExactly("alice");
            assertThat(nicol.rows("audra", users)).as(table).contains("alice", "audra");
        }
    }

    @Test
    void explainPolicyTellsThemToAuditorsOnly() throws SQLException {
        assertThat(nicol.rows("alice", "EXPLAIN POLICY FOR " + READ))
                .noneSatisfy(row -> assertThat(row).containsIgnoringCase("secret"))
                .noneSatisfy(row -> assertThat(row).containsIgnoringCase("tenant"))
                .noneSatisfy(row -> assertThat(row).contains("rights"));
        assertThat(nicol.rows("audra", "EXPLAIN POLICY FOR " + READ + " AS USER 'alice'"))
                .anySatisfy(row -> assertThat(row).contains("|SECRET|").contains("read by policy"))
                .anySatisfy(row -> assertThat(row).contains("|TENANT|").contains("read by policy"))
                .anySatisfy(row -> assertThat(row).contains("source_sql|rights"));
    }
}
