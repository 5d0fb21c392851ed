package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The statements of docs/guides/auditing.md, run as they stand there after a few acts, with answers stated by hand. */
@ParameterizedClass
@EnumSource(TestStore.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditorsQuestionsTest {
    private static final Pattern QUESTION =
            Pattern.compile("## \\d+\\. [^\\n]*\\n\\n```sql\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern INSTANT = Pattern.compile("\\d{4}-\\d\\d-\\d\\d[ T][\\d:.]+(Z|[+ ][\\w:]+)?");

    private static final String USERS = """
            users:
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              alice: {password: "$HASH", groups: [analysts]}
              dora: {password: "$HASH", groups: [dba]}
              audra: {password: "$HASH", roles: [auditor]}
            agents:
              robot: {password: "$HASH", groups: [analysts], acts_for: [alice], purposes: [reporting]}
            """;

    private static final String POLICY = """
            grants:
              - {name: all, tables: ["crm.**", "lake.**"], actions: [select, insert, update, delete], raw: ["*"], to: {groups: [stewards]}}
              - {name: some, tables: ["crm.PUBLIC.CUSTOMERS", "lake.**"], actions: [select, insert], to: {groups: [analysts]}}
            column_masks:
              - {name: mail, columns: ["crm.PUBLIC.CUSTOMERS.EMAIL"], mask: {kind: redact}, to: {groups: [analysts]}}
            guardrails:
              - {name: updates, statements: [update], action: hold, approvers: {groups: [dba]}, expires_after: 1h}
            """;

    private final List<String> questions = new ArrayList<>();

    @Parameter
    TestStore store;

    private TestNicol nicol;

    @BeforeParameterizedClassInvocation
    void start() throws SQLException {
        Matcher question = QUESTION.matcher(TidyTest.text(TidyTest.ROOT.resolve("docs/guides/auditing.md")));
        questions.clear();
        while (question.find()) {
            questions.add(question.group(1));
        }
        SourceDefinition crm = TestDatabases.h2("crm");
        SourceDefinition lake = TestDatabases.h2("lake");
        TestDatabases.execute(
                crm.url(),
                "sa",
                "",
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(40), region VARCHAR(40))",
                "INSERT INTO customers VALUES (1, 'ann@example.com', 'EU'), (2, 'bob@example.com', 'US')",
                "CREATE TABLE secrets (id INTEGER)");
        TestDatabases.execute(
                lake.url(),
                "sa",
                "",
                "CREATE TABLE staged (contact VARCHAR(40), region VARCHAR(40))",
                "CREATE TABLE scores (contact VARCHAR(40), score INTEGER)");
        nicol = TestNicol.start(
                List.of(crm, lake),
                USERS,
                POLICY,
                store.config() + "audit: {rows_touched: {tables: ['crm.public.customers']}}\n");
        run(
                "steve",
                "SET model = 'churn-3'",
                "SET job = 'nightly'",
                "SET purpose = 'churn'",
                "SELECT email FROM crm.public.customers");
        run(
                "alice",
                "SET model = 'spam-1'",
                "SET purpose = 'spam'",
                "SELECT LOWER(email), region FROM crm.public.customers");
        run("steve", "INSERT INTO lake.public.staged (contact, region) SELECT email, region FROM crm.public.customers");
        run(
                "steve",
                "SET purpose = 'scoring'",
                "INSERT INTO lake.public.scores (contact, score) SELECT contact, 1 FROM lake.public.staged");
        run("steve", "SET model = 'reach-2'", "SET purpose = 'reach'", "SELECT contact FROM lake.public.scores");
        try (Connection robot = nicol.connect("robot", "on_behalf_of", "alice", "purpose", "reporting");
                Statement statement = robot.createStatement()) {
            statement.execute("SELECT region FROM crm.public.customers");
        }
        assertThatThrownBy(() -> nicol.rows("alice", "SELECT * FROM crm.public.secrets"));
        String update = "UPDATE lake.public.scores SET score = 2 WHERE score = 1";
        assertThatThrownBy(() -> nicol.update("steve", update));
        String id = nicol.rows("audra", "SELECT approval_id FROM nicol.approval.requests")
                .get(0);
        nicol.rows("dora", "CALL nicol.approve('" + id + "', 'agreed')");
        nicol.update("steve", update);
    }

    @AfterParameterizedClassInvocation
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private void run(String user, String... statements) throws SQLException {
        try (Connection connection = nicol.connect(user);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
                if (statement.getResultSet() != null) {
                    TestNicol.rows(statement.getResultSet());
                }
            }
        }
    }

    /** Nothing stands between an auditor's conditions and the store's indexes: no filter, no fence, no cast. */
    @Test
    void anAuditorsConditionsReachTheStoreAsTheyAre() throws SQLException {
        answer(4);
        assertThat(
                        nicol.rows(
                                "audra",
                                "SELECT sql_sent FROM nicol.audit.source_queries WHERE statement_id = (SELECT MAX(statement_id)"
                                        + " FROM nicol.audit.statements WHERE user_name = 'audra' AND sql_text LIKE 'SELECT e.source_table%')"))
                .singleElement()
                .asString()
                .contains("LIKE 'lake.%'")
                .doesNotContain("OFFSET", "user_name\" =", "own", "CAST(\"");
    }

    /** As an auditor reads it; instants, which the clock makes, as a word. */
    private List<String> answer(int question) throws SQLException {
        return nicol.rows("audra", questions.get(question - 1)).stream()
                .map(row -> INSTANT.matcher(row).replaceAll("when"))
                .toList();
    }

    @Test
    void thereAreEleven() {
        assertThat(questions).hasSize(11);
    }

    @Test
    void modelsTrainedOnMail() throws SQLException {
        assertThat(answer(1))
                .containsExactly(
                        "churn-3|steve|nightly|churn|true|when|when|2", "spam-1|alice|null|spam|false|when|when|2");
        assertThat(answer(2)).containsExactly("reach-2|steve|SCORES|CONTACT|2");
    }

    @Test
    void whoSawIt() throws SQLException {
        assertThat(answer(3)).containsExactly("alice|redact|read|1|when", "steve|raw|read|2|when");
    }

    @Test
    void whatLeftForWhere() throws SQLException {
        assertThat(answer(4))
                .containsExactly(
                        "CUSTOMERS|EMAIL|lake.PUBLIC.STAGED|CONTACT|false|steve|2",
                        "CUSTOMERS|REGION|lake.PUBLIC.STAGED|REGION|false|steve|2");
        assertThat(answer(5))
                .containsExactly(
                        "1|lake|STAGED|CONTACT|SCORES|CONTACT|false", "2|crm|CUSTOMERS|EMAIL|STAGED|CONTACT|false");
    }

    @Test
    void whatWasRefusedAndApproved() throws SQLException {
        assertThat(answer(6)).hasSize(1).first().asString().startsWith("alice|SELECT * FROM crm.public.secrets|42P01|");
        assertThat(answer(7))
                .containsExactly(
                        "steve|UPDATE lake.public.scores SET score = 2 WHERE score = 1|updates|EXECUTED|dora|agreed|2");
    }

    @Test
    void whatAgentsDid() throws SQLException {
        assertThat(answer(8)).containsExactly("robot|alice|reporting|1|2");
    }

    @Test
    void whoReadRawWithoutPurposeAndWhoWrote() throws SQLException {
        assertThat(answer(9)).containsExactly("steve|CUSTOMERS|EMAIL|EMAIL|1");
        assertThat(answer(10))
                .containsExactly(
                        "steve|INSERT|lake|SCORES|1", "steve|INSERT|lake|STAGED|1", "steve|UPDATE|lake|SCORES|1");
    }

    /** Robot's regions and steve's two reads; alice's were hers; what was copied is not told apart. */
    @Test
    void whoSawThisCustomer() throws SQLException {
        assertThat(answer(11))
                .containsExactly(
                        "alice|read|true|succeeded|2|when",
                        "steve|read|false|succeeded|1|when",
                        "steve|read|true|succeeded|1|when");
    }

    /** Not an auditor: what they did themselves. */
    @Test
    void othersAskAboutThemselves() throws SQLException {
        assertThat(nicol.rows("alice", questions.get(2)))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("alice|redact|read|1|");
        assertThat(nicol.rows("alice", questions.get(4))).isEmpty();
    }
}
