package dev.nicol.server.identity;

import static dev.nicol.server.identity.TokenLoginTest.isRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Personal access tokens, on both stores. */
@ParameterizedClass
@EnumSource(TestStore.class)
class AccessTokensTest {
    private static final String USERS = """
            users:
              ann: {password: "$HASH", groups: [analysts], purposes: [reporting, support]}
              bob: {password: "$HASH", groups: [analysts]}
              cid: {password: "$HASH", groups: [analysts]}
              olga: {password: "$HASH", roles: [operator]}
              audra: {password: "$HASH", roles: [auditor]}
            agents:
              bot: {password: "$HASH", acts_for: [bob], purposes: [reporting], groups: [analysts]}
            """;
    private static final String POLICIES = """
            grants:
              - {name: analysts, tables: ["crm.*.customers"], actions: [select], to: {groups: [analysts]}}
              - {name: supporters, tables: ["crm.*.tickets"], actions: [select], to: {purposes: [support]}}
            """;
    private static final String QUERY = "SELECT COUNT(*) FROM crm.PUBLIC.customers";

    private static TestNicol nicol;

    @Parameter
    TestStore store;

    @BeforeParameterizedClassInvocation
    static void start(TestStore kind) {
        SourceDefinition crm = TestDatabases.h2("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE customers (id INTEGER PRIMARY KEY)",
                "CREATE TABLE tickets (id INTEGER PRIMARY KEY)");
        nicol = TestNicol.start(
                List.of(crm), USERS, POLICIES, TestStore.config(kind.settings(TestDatabases.directory())));
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        nicol.close();
    }

    private String created(String user, String rest) throws SQLException {
        return nicol.rows(user, "CREATE TOKEN " + rest).get(0);
    }

    private List<String> rows(String user, String token, String sql, String... properties) throws SQLException {
        try (Connection connection = nicol.connectWithPassword(user, token, properties);
                Statement statement = connection.createStatement()) {
            return TestNicol.rows(statement.executeQuery(sql));
        }
    }

    @Test
    void aTokenIsAPasswordForItsPurposesUntilItIsDropped() throws Exception {
        String token = created("ann", "nightly PURPOSE 'reporting' EXPIRES '30d'");
        assertThat(token).matches("nicol_pat_[A-Za-z0-9_-]{43}");
        assertThat(rows("ann", token, QUERY)).containsExactly("0");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT purpose FROM nicol.audit.statements WHERE user_name = 'ann' AND sql_text = '" + QUERY
                                + "' ORDER BY started_at DESC LIMIT 1"))
                .containsExactly("reporting");
        isRefused(() -> rows("ann", token, QUERY, "purpose", "support"), "42501", "`support` is not declared");
        isRefused(() -> rows("bob", token, QUERY), "28000", "not valid");
        isRefused(() -> rows("nobody", token, QUERY), "28000", "not valid");
        assertThat(nicol.rows(
                        "ann",
                        "SELECT user_name, name, purposes, revoked_at FROM nicol.policy.tokens WHERE name = 'nightly'"))
                .containsExactly("ann|nightly|reporting|null");
        assertThat(nicol.rows("bob", "SELECT * FROM nicol.policy.tokens WHERE name = 'nightly'"))
                .isEmpty();

        assertThat(nicol.update("ann", "DROP TOKEN nightly")).isZero();
        isRefused(() -> rows("ann", token, QUERY), "28000", "not valid");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT kind, user_name FROM nicol.audit.events WHERE kind LIKE 'token%' AND detail LIKE '%`nightly`%'"
                                + " ORDER BY event_id"))
                .containsExactly("token_created|ann", "token_revoked|ann");
    }

    @Test
    void theSecretIsNowhere() throws Exception {
        String token = created("bob", "hidden EXPIRES '12h'");
        assertThat(rows("bob", token, QUERY)).containsExactly("0");
        assertThat(nicol.rows("audra", "SELECT COALESCE(detail, '') FROM nicol.audit.events")
                                .toString()
                        + nicol.rows("audra", "SELECT sql_text FROM nicol.audit.statements")
                        + nicol.rows("audra", "SELECT * FROM nicol.policy.tokens"))
                .contains("CREATE TOKEN hidden")
                .doesNotContain(token)
                .doesNotContain(token.substring(AccessTokens.PREFIX.length()));
    }

    @Test
    void aTokenOfSeveralPurposesWantsOneStated() throws Exception {
        String token = created("ann", "twain PURPOSE 'reporting', 'support' EXPIRES '1d'");
        isRefused(() -> rows("ann", token, QUERY), "42501", "[reporting, support]");
        assertThat(rows("ann", token, QUERY, "purpose", "support")).containsExactly("0");
    }

    /** A batch is one request: what it sets first holds for what it runs next. */
    @Test
    void aTokenIsNotWithoutItsPurposeInABatch() throws Exception {
        String token = created("ann", "batched PURPOSE 'reporting' EXPIRES '1d'");
        try (Connection connection = nicol.connectWithPassword("ann", token);
                Statement statement = connection.createStatement()) {
            statement.addBatch("SET purpose = NULL");
            statement.addBatch("DELETE FROM crm.PUBLIC.customers");
            assertThatThrownBy(statement::executeBatch).hasMessageContaining("purpose");
        }
        assertThat(
                        nicol.rows(
                                "audra",
                                "SELECT purpose FROM nicol.audit.statements WHERE user_name = 'ann' AND sql_text LIKE 'DELETE%'"))
                .isEmpty();
    }

    @Test
    void aTokenOfSeveralPurposesKeepsOne() throws Exception {
        String token = created("ann", "either PURPOSE 'reporting', 'support' EXPIRES '1d'");
        try (Connection connection = nicol.connectWithPassword("ann", token, "purpose", "support");
                Statement statement = connection.createStatement()) {
            isRefused(() -> statement.execute("SET purpose = NULL"), "42501", "purpose");
            assertThat(TestNicol.rows(statement.executeQuery(QUERY))).containsExactly("0");
        }
        isRefused(() -> rows("ann", token, QUERY, "purpose", " "), "42501", "[reporting, support]");
    }

    /** A grant counts a purpose that its owner declares; whoever makes a token for one declares nothing by that. */
    @Test
    void aTokensPurposeIsNotDeclaredByIt() throws Exception {
        String tickets = "SELECT COUNT(*) FROM crm.PUBLIC.tickets";
        assertThat(rows("ann", created("ann", "declared PURPOSE 'support' EXPIRES '1d'"), tickets))
                .containsExactly("0");
        String token = created("bob", "stated PURPOSE 'support' EXPIRES '1d'");
        isRefused(() -> rows("bob", token, tickets), "42P01", "tickets");
        isRefused(() -> rows("bob", token, QUERY, "purpose", "other"), "42501", "[support]");
        try (Connection connection = nicol.connectWithPassword("bob", token);
                Statement statement = connection.createStatement()) {
            isRefused(() -> statement.execute("SET purpose = 'other'"), "42501", "[support]");
            assertThat(TestNicol.rows(statement.executeQuery(QUERY))).containsExactly("0");
        }
    }

    /** What could not be stated when it was opened cannot be stated later; and the connection goes on. */
    @Test
    void whatIsSetIsBounded() throws Exception {
        try (Connection connection = nicol.connect("bob");
                Statement statement = connection.createStatement()) {
            for (String property : List.of("purpose", "job", "model")) {
                String what = "SET " + property + " = ";
                isRefused(() -> statement.execute(what + "'" + "x".repeat(257) + "'"), "42501", "256");
                isRefused(() -> statement.execute(what + "U&'a\\0000b'"), "42501", "control");
                assertThat(TestNicol.rows(statement.executeQuery(QUERY))).containsExactly("0");
            }
        }
    }

    @Test
    void aTokenMakesNoTokens() throws Exception {
        String token = created("bob", "childless EXPIRES '1d'");
        isRefused(
                () -> rows("bob", token, "CREATE TOKEN u EXPIRES '1d'"), "42501", "A token makes and drops no tokens");
        isRefused(() -> rows("bob", token, "DROP TOKEN childless"), "42501", "A token makes and drops no tokens");
    }

    @Test
    void whatATokenMayNotBeIsSaid() throws Exception {
        isRefused(() -> created("ann", "t PURPOSE 'marketing' EXPIRES '1d'"), "42501", "`marketing` is not declared");
        isRefused(() -> created("bob", "t EXPIRES '2001-01-01'"), "42501", "expires in the future, within 366 days");
        isRefused(() -> created("bob", "t EXPIRES '400d'"), "42501", "within 366 days");
        isRefused(() -> created("bob", "t EXPIRES 'soon'"), "42601", "EXPIRES takes a moment");
        isRefused(() -> created("bob", "t"), "42601", "ends too early");
        isRefused(() -> nicol.update("bob", "DROP TOKEN t"), "42501", "no token `t`");
        created("bob", "t EXPIRES '1d'");
        isRefused(() -> created("bob", "t EXPIRES '1d'"), "42501", "a token `t` already");
        try (Connection bot = nicol.connect("bot", "on_behalf_of", "bob", "purpose", "reporting");
                Statement statement = bot.createStatement()) {
            isRefused(() -> statement.executeQuery("CREATE TOKEN u EXPIRES '1d'"), "42501", "Tokens are for people");
            isRefused(() -> statement.executeUpdate("DROP TOKEN t"), "42501", "no token `t`");
        }
    }

    @Test
    void anOperatorRevokesAnybodysById() throws Exception {
        String token = created("bob", "lost EXPIRES '1d'");
        String id = nicol.rows("olga", "SELECT token_id FROM nicol.policy.tokens WHERE name = 'lost'")
                .get(0);
        isRefused(() -> nicol.rows("ann", "CALL nicol.revoke_token('" + id + "')"), "42501", "no token");
        assertThat(nicol.rows("olga", "CALL nicol.revoke_token('" + id + "')")).containsExactly("revoked " + id);
        isRefused(() -> rows("bob", token, QUERY), "28000", "not valid");
    }

    /** A token has the rights its owner has now, and none once the owner is gone. */
    @Test
    void aTokenGoesWithItsOwner() throws Exception {
        String token = created("cid", "owned EXPIRES '1d'");
        assertThat(rows("cid", token, QUERY)).containsExactly("0");
        Path users = nicol.directory().resolve("users.yaml");
        String before = Files.readString(users);
        Files.writeString(users, before.replace(", groups: [analysts]}\n  olga", "}\n  olga"));
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> isRefused(() -> rows("cid", token, QUERY), "42P01", "customers"));
        Files.writeString(users, before.replaceAll("(?m)^ +cid:.*\n", ""));
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> isRefused(() -> rows("cid", token, QUERY), "28000", ""));
    }
}
