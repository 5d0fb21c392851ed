package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.SqlCases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every case of statement-lineage.txt: a statement that writes or defines, or reads a view, and its edges stated by hand. A
 * title begins with the user; steve sees all, alice is masked and filtered. Queries alone are in the corpus of the lineage
 * module.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StatementLineageCorpusTest {
    private static final String USERS = """
            users:
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              alice: {password: "$HASH", groups: [analysts]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICY = """
            grants:
              - {name: all, tables: ["crm.**", "lake.**", "virtual.**"], actions: [select, insert, update, delete, create], raw: ["*"], to: {groups: [stewards]}}
              - {name: some, tables: ["crm.PUBLIC.customers", "lake.**", "virtual.**"], actions: [select, insert], to: {groups: [analysts]}}
            row_filters:
              - {name: europe, tables: ["crm.PUBLIC.customers"], where: "region = 'EU'", to: {groups: [analysts]}}
            column_masks:
              - {name: mail, columns: ["crm.PUBLIC.customers.email"], mask: {kind: redact}, to: {groups: [analysts]}}
            """;

    private TestNicol nicol;
    private Connection auditor;

    static List<SqlCases> cases() {
        return SqlCases.read("statement-lineage.txt");
    }

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        SourceDefinition lake = TestDatabases.duckdb("lake");
        fill(
                crm,
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40), email VARCHAR(40), region VARCHAR(40),"
                        + " note VARCHAR(90))",
                "INSERT INTO customers VALUES (1, 'Ann', 'ann@example.com', 'EU', 'x'), (2, 'Bob', 'b@example.com', 'US', 'y')",
                "CREATE TABLE kept (n INTEGER, who VARCHAR(40))",
                "INSERT INTO kept VALUES (1, 'a')");
        fill(
                lake,
                "CREATE TABLE orders (id INTEGER, customer_id INTEGER, amount DECIMAL(10, 2), status VARCHAR)",
                "INSERT INTO orders VALUES (1, 1, 10.00, 'open'), (2, 2, 5.00, 'done')",
                "CREATE TABLE copies (who VARCHAR, mail VARCHAR, n INTEGER)");
        nicol = TestNicol.start(List.of(crm, lake), USERS, POLICY, "classification: {mask_by_default: false}");
        auditor = nicol.connect("audra");
        nicol.update("steve", "CREATE SCHEMA virtual.s");
        nicol.update(
                "steve", "CREATE VIEW virtual.s.mails AS SELECT id, LOWER(email) AS mail FROM crm.PUBLIC.customers");
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

    @ParameterizedTest
    @MethodSource("cases")
    void lineageIsAsStated(SqlCases given) throws SQLException {
        String user = given.title().substring(0, given.title().indexOf(':'));
        try (Connection connection = nicol.connect(user);
                Statement statement = connection.createStatement()) {
            statement.execute(given.sql());
        }
        String last = "'"
                + audited("SELECT MAX(s.statement_id) FROM nicol.audit.statements AS s WHERE s.user_name = '" + user
                                + "'" + " AND s.statement_kind NOT IN ('COMMIT', 'ROLLBACK')")
                        .get(0)
                + "'";

        assertThat(audited(
                        "SELECT LOWER(e.target || COALESCE('.' || e.target_column, '')) || ' <- ' || LOWER(e.source_catalog ||"
                                + " '.' || e.source_table || '.' || e.source_column) || ' ' || e.kind || TRIM(TRAILING FROM"
                                + " CASE WHEN e.masked THEN ' masked' ELSE '' END) FROM nicol.lineage.edges AS e WHERE e.phase ="
                                + " 'asked' AND e.statement_id = " + last))
                .containsExactlyInAnyOrderElementsOf(given.rows());
        assertThat(audited(
                        "SELECT s.outcome, l.complete FROM nicol.audit.statements AS s JOIN nicol.lineage.statements AS l"
                                + " ON l.statement_id = s.statement_id WHERE s.statement_id = " + last))
                .containsExactly("succeeded|true");
        // optimisation may leave columns out, and reads no others
        assertThat(audited(
                        "SELECT r.source_column FROM nicol.lineage.edges AS r WHERE r.phase = 'ran' AND r.statement_id = "
                                + last
                                + " AND NOT EXISTS (SELECT 1 FROM nicol.lineage.edges AS a WHERE a.phase = 'asked' AND"
                                + " a.statement_id = r.statement_id AND a.source_catalog = r.source_catalog AND"
                                + " a.source_schema = r.source_schema AND a.source_table = r.source_table AND"
                                + " a.source_column = r.source_column AND (r.masked OR NOT a.masked))"))
                .isEmpty();
    }

    private List<String> audited(String sql) throws SQLException {
        try (Statement statement = auditor.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return TestNicol.rows(rows);
        }
    }

    @Test
    void theCorpusIsLarge() {
        assertThat(cases()).hasSizeGreaterThanOrEqualTo(40);
    }
}
