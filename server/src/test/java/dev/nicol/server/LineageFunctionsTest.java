package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Where a column's values came from and went to, over all statements, as each user may know it. */
@ParameterizedClass
@EnumSource(TestStore.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LineageFunctionsTest {
    private static final String USERS = """
            users:
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              alice: {password: "$HASH", groups: [analysts]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICY = """
            grants:
              - {name: all, tables: ["crm.**", "lake.**"], actions: [select, insert, update, delete, create], raw: ["*"], to: {groups: [stewards]}}
              - {name: some, tables: ["crm.PUBLIC.customers", "lake.**"], actions: [select, insert], to: {groups: [analysts]}}
            row_filters:
              - {name: europe, tables: ["crm.PUBLIC.customers"], where: "region = 'EU'", to: {groups: [analysts]}}
            column_masks:
              - {name: mail, columns: ["crm.PUBLIC.customers.email"], mask: {kind: redact}, to: {groups: [analysts]}}
            """;

    @Parameter
    TestStore store;

    private TestNicol nicol;

    @BeforeParameterizedClassInvocation
    void start() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        SourceDefinition lake = TestDatabases.h2("lake");
        TestDatabases.execute(
                crm.url(),
                "sa",
                "",
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40), email VARCHAR(40), region VARCHAR(40))",
                "INSERT INTO customers VALUES (1, 'Ann', 'ann@example.com', 'EU'), (2, 'Bob', 'b@example.com', 'US')");
        TestDatabases.execute(
                lake.url(),
                "sa",
                "",
                "CREATE TABLE firsts (who VARCHAR(40), mail VARCHAR(40))",
                "CREATE TABLE seconds (mail VARCHAR(40))",
                "CREATE TABLE ring (a VARCHAR(40), b VARCHAR(40))",
                "CREATE TABLE gear (a VARCHAR(40), b VARCHAR(40))",
                "CREATE TABLE theirs (mail VARCHAR(40))",
                "CREATE TABLE \"Twin\" (v VARCHAR(40))",
                "CREATE TABLE \"TWIN\" (v VARCHAR(40))");
        nicol = TestNicol.start(
                List.of(crm, lake), USERS, POLICY, "classification: {mask_by_default: false}\n" + store.config());
        nicol.update(
                "steve",
                "INSERT INTO lake.PUBLIC.firsts (who, mail) SELECT name, LOWER(email) FROM crm.PUBLIC.customers"
                        + " WHERE id > 0");
        nicol.update(
                "steve",
                "INSERT INTO lake.PUBLIC.firsts (who, mail) SELECT name, LOWER(email) FROM crm.PUBLIC.customers"
                        + " WHERE id > 0");
        nicol.update("steve", "INSERT INTO lake.PUBLIC.seconds (mail) SELECT mail FROM lake.PUBLIC.firsts");
        nicol.update("alice", "INSERT INTO lake.PUBLIC.theirs (mail) SELECT email FROM crm.PUBLIC.customers");
    }

    @AfterParameterizedClassInvocation
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    @Test
    void aCopyOfACopyLeadsBackToItsOrigin() throws SQLException {
        assertThat(flows("audra", "upstream('lake.PUBLIC.seconds.mail')", "direct"))
                .containsExactly(
                        "1 lake.public.firsts.mail -> lake.public.seconds.mail IDENTITY x1",
                        "2 crm.public.customers.email -> lake.public.firsts.mail TRANSFORMATION x2");
        assertThat(flows("audra", "downstream('crm.PUBLIC.customers.email')", "direct AND target_table <> 'result'"))
                .containsExactlyInAnyOrder(
                        "1 crm.public.customers.email -> lake.public.firsts.mail TRANSFORMATION x2",
                        "1 crm.public.customers.email -> lake.public.theirs.mail TRANSFORMATION masked x1",
                        "2 lake.public.firsts.mail -> lake.public.seconds.mail IDENTITY x1");
    }

    @Test
    void whatOnlyHadASayIsToldAndNotFollowed() throws SQLException {
        assertThat(flows("steve", "upstream('lake.public.seconds')", "TRUE"))
                .containsExactly(
                        "1 lake.public.firsts.mail -> lake.public.seconds.mail IDENTITY x1",
                        "2 crm.public.customers.email -> lake.public.firsts.mail TRANSFORMATION x2",
                        "2 crm.public.customers.id -> lake.public.firsts FILTER x2");
    }

    @Test
    void theNameIsReadInAnyCaseAndTheFunctionUnderBothNames() throws SQLException {
        List<String> expected = flows("audra", "upstream('lake.PUBLIC.SECONDS.MAIL')", "TRUE");

        assertThat(expected).hasSize(3);
        assertThat(nicol.rows("audra", "SELECT COUNT(*) FROM TABLE(lineage.upstream('LAKE.public.seconds.Mail'))"))
                .containsExactly("3");
        assertThat(nicol.rows("audra", "SELECT COUNT(*) FROM lineage.upstream('lake.public.seconds.mail')"))
                .containsExactly("3");
        assertThat(nicol.rows(
                        "audra", "SELECT COUNT(*) FROM NICOL.LINEAGE.UPSTREAM('\"lake\".public.\"seconds\".mail')"))
                .containsExactly("3");
    }

    @Test
    void othersSeeWhatTheirOwnStatementsMoved() throws SQLException {
        assertThat(flows("alice", "upstream('lake.PUBLIC.theirs.mail')", "TRUE"))
                .containsExactly("1 crm.public.customers.email -> lake.public.theirs.mail TRANSFORMATION masked x1");
        assertThat(flows("alice", "upstream('lake.PUBLIC.seconds.mail')", "TRUE"))
                .isEmpty();
        // a policy reads the region; the auditor is told
        assertThat(flows("audra", "upstream('lake.PUBLIC.theirs.mail')", "NOT direct"))
                .containsExactly("1 crm.public.customers.region -> lake.public.theirs POLICY_FILTER x1");
        assertThat(flows("steve", "upstream('lake.PUBLIC.theirs.mail')", "TRUE"))
                .isEmpty();
    }

    @Test
    void whatIsNotThereAndWhatIsHiddenAnswersAlike() throws SQLException {
        assertThat(flows("alice", "upstream('no.such.table')", "TRUE")).isEmpty();
        assertThat(flows("alice", "downstream('crm.PUBLIC.customers.nothing')", "TRUE"))
                .isEmpty();
        assertThat(flows("alice", "downstream('lake.PUBLIC.seconds')", "TRUE")).isEmpty();
    }

    @Test
    void circlesEnd() throws SQLException {
        nicol.update("steve", "INSERT INTO lake.PUBLIC.ring (a, b) SELECT b, a FROM lake.PUBLIC.ring");
        nicol.update("steve", "INSERT INTO lake.PUBLIC.gear (a) SELECT a FROM lake.PUBLIC.ring");
        nicol.update("steve", "INSERT INTO lake.PUBLIC.ring (a) SELECT a FROM lake.PUBLIC.gear");

        assertThat(flows("audra", "upstream('lake.PUBLIC.ring.a')", "TRUE"))
                .containsExactly(
                        "1 lake.public.gear.a -> lake.public.ring.a IDENTITY x1",
                        "1 lake.public.ring.b -> lake.public.ring.a IDENTITY x1",
                        "2 lake.public.ring.a -> lake.public.gear.a IDENTITY x1",
                        "2 lake.public.ring.a -> lake.public.ring.b IDENTITY x1");
        assertThat(flows("audra", "downstream('lake.PUBLIC.ring')", "TRUE")).hasSize(4);
    }

    @Test
    void namesThatDifferInCaseStayApart() throws SQLException {
        nicol.update("steve", "INSERT INTO lake.PUBLIC.\"Twin\" (v) SELECT name FROM crm.PUBLIC.customers");
        nicol.update("steve", "INSERT INTO lake.PUBLIC.\"TWIN\" (v) SELECT region FROM crm.PUBLIC.customers");

        assertThat(flows("audra", "upstream('lake.PUBLIC.Twin.V')", "TRUE"))
                .containsExactly("1 crm.public.customers.name -> lake.public.twin.v IDENTITY x1");
        assertThat(flows("audra", "upstream('lake.PUBLIC.twin')", "TRUE")).hasSize(2);
    }

    @Test
    void itCanBeJoinedWithTheTrailAndHasInstants() throws SQLException {
        assertThat(nicol.rows(
                        "audra",
                        "SELECT s.user_name, f.statements, f.first_at < f.last_at, f.last_at = s.started_at"
                                + " FROM TABLE(nicol.lineage.upstream('lake.PUBLIC.firsts.mail')) AS f"
                                + " JOIN nicol.audit.statements AS s ON s.statement_id = f.statement_id"
                                + " WHERE f.source_column = 'EMAIL' OR f.source_column = 'email'"))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("steve|2|true|");
    }

    @Test
    void explainingMovesNothing() throws SQLException {
        nicol.rows("steve", "EXPLAIN PLAN FOR SELECT name AS only_explained FROM crm.PUBLIC.customers");

        assertThat(flows("audra", "downstream('crm.PUBLIC.customers.name')", "target_column = 'only_explained'"))
                .isEmpty();
    }

    @Test
    void aNameIsATextOfThreeOrFourParts() {
        for (String name : List.of("", "customers", "crm.customers", "a.b.c.d.e", "a..b", "a.b.c.", "a.\"b.c")) {
            assertThatThrownBy(() -> flows("audra", "upstream('" + name + "')", "TRUE"))
                    .as(name)
                    .hasMessageContaining("names no table and no column");
        }
        assertThatThrownBy(() -> flows("audra", "upstream('a.b.' || 'c')", "TRUE"))
                .isInstanceOf(SQLException.class);
        assertThatThrownBy(() -> flows("audra", "upstream(NULL)", "TRUE")).isInstanceOf(SQLException.class);
    }

    /** The functions know the system's own rule on edges, and no other. */
    @Test
    void whereAPolicySaysMoreOfEdgesThereAreNoFunctions() throws SQLException {
        String more = POLICY.replace(
                "column_masks:",
                "  - {name: few, tables: [\"nicol.lineage.edges\"], where: \"direct\", to: {groups: [analysts]}}\ncolumn_masks:");
        SourceDefinition crm = TestDatabases.h2("crm");
        TestDatabases.execute(
                crm.url(),
                "sa",
                "",
                "CREATE TABLE customers (id INTEGER, name VARCHAR(40), email VARCHAR(40), region VARCHAR(40))");
        SourceDefinition lake = TestDatabases.h2("lake");
        TestDatabases.execute(lake.url(), "sa", "", "CREATE TABLE firsts (who VARCHAR(40))");
        try (TestNicol other = TestNicol.start(List.of(crm, lake), USERS, more)) {
            String call = "SELECT * FROM TABLE(nicol.lineage.upstream('crm.public.customers'))";
            assertThat(other.rows("steve", call)).isEmpty();
            assertThatThrownBy(() -> other.rows("alice", call)).hasMessageContaining("There is no function");
        }
    }

    /** Told in lower case: H2 spells unquoted names so, others not. */
    private List<String> flows(String user, String call, String where) throws SQLException {
        String source = "source_catalog || '.' || source_schema || '.' || source_table || '.' || source_column";
        String target = "COALESCE(target_catalog || '.' || target_schema || '.', '') || target_table"
                + " || COALESCE('.' || target_column, '')";
        return nicol.rows(
                user,
                "SELECT CAST(depth AS VARCHAR) || ' ' || LOWER(" + source + ") || ' -> ' || LOWER(" + target
                        + ") || ' ' ||"
                        + " kind || CASE WHEN masked THEN ' masked' ELSE '' END || ' x' || CAST(statements AS VARCHAR) AS f"
                        + " FROM TABLE(nicol.lineage." + call + ") WHERE " + where + " ORDER BY depth, f");
    }
}
