package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where rows are not told apart sources are sent what they were sent before there was such a thing. */
class RowsNotTouchedTest {
    private static final String QUERY = "SELECT email FROM crm.public.customers WHERE id = 1";
    private static final String UPDATE = "UPDATE crm.public.customers SET email = 'x' WHERE id = 1";

    /** What is sent: of the query, whether it carries a key, and of the update, whether keys are asked for. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            '' ; false
            'audit: {rows_touched: {tables: ["crm.public.others"]}}' ; false
            'audit: {rows_touched: {tags: [PHONE]}}' ; false
            'audit: {rows_touched: {tags: ["*"]}}' ; true
            """)
    void whatIsSent(String config, boolean counts) throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(40))",
                "INSERT INTO customers VALUES (1, 'ann@example.org'), (2, 'bob@example.org')");
        try (TestNicol nicol = TestNicol.start(List.of(crm), """
                users:
                  ann: {password: "$HASH", groups: [stewards]}
                  audra: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: all, tables: ["**"], actions: [select, update], raw: ["*"], to: {groups: [stewards]}}
                """, config)) {
            assertThat(nicol.rows("ann", QUERY)).containsExactly("ann@example.org");
            assertThat(nicol.update("ann", UPDATE)).isEqualTo(1);
            List<String> sent = nicol.rows(
                    "audra",
                    "SELECT q.sql_sent FROM nicol.audit.source_queries AS q JOIN nicol.audit.statements AS s ON"
                            + " s.statement_id = q.statement_id WHERE s.user_name = 'ann' AND q.source = 'crm'");
            if (counts) {
                assertThat(sent).hasSize(3).anyMatch(sql -> sql.contains("row_key"));
            } else {
                assertThat(TestNicol.uncommented(sent))
                        .containsExactlyInAnyOrder(
                                "SELECT \"EMAIL\" AS \"email\" FROM \"PUBLIC\".\"CUSTOMERS\" AS \"s0\" WHERE \"ID\" = ?",
                                "UPDATE \"PUBLIC\".\"CUSTOMERS\" SET \"EMAIL\" = 'x' WHERE (\"CUSTOMERS\".\"ID\" = 1)");
            }
            assertThat(nicol.rows("audra", "SELECT DISTINCT access FROM nicol.audit.rows_touched ORDER BY 1"))
                    .isEqualTo(counts ? List.of("read", "update") : List.of());
        }
    }
}
