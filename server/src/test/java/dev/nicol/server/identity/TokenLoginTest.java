package dev.nicol.server.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestKeycloak;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.apache.calcite.avatica.AvaticaClientRuntimeException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tokens of a real Keycloak, by the stock driver, and what they open. */
public class TokenLoginTest {
    static final String USERS = """
            users:
              local: {password: "$HASH", roles: [auditor]}
            """;
    static final String POLICIES = """
            grants:
              - {name: analysts, tables: ["crm.**"], actions: [select], to: {groups: [analysts]}}
              - {name: stewards, tables: ["crm.**"], actions: [select], raw: ["*"], to: {groups: [stewards]}}
            row_filters:
              - {name: own-region, tables: ["crm.*.customers"], to: {groups: [analysts]}, where: "region = ATTRIBUTE('region')"}
            """;
    private static final String NAMES = "SELECT id, name FROM crm.PUBLIC.customers ORDER BY id";

    private static TestKeycloak keycloak;
    private static TestNicol nicol;

    @BeforeAll
    static void start() {
        keycloak = TestKeycloak.running();
        nicol = start(keycloak.issuer(), "");
    }

    /** A server that believes the tokens of an issuer. */
    public static TestNicol start(String issuer, String more) {
        return start(issuer, more, USERS);
    }

    static TestNicol start(String issuer, String more, String users) {
        SourceDefinition crm = TestDatabases.h2("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(20), region VARCHAR(2))",
                "INSERT INTO customers VALUES (1, 'Ann', 'EU'), (2, 'Bob', 'US'), (3, 'Cid', 'EU')");
        return TestNicol.start(
                List.of(crm),
                users,
                POLICIES,
                "identity: {users: users.yaml, oidc: {issuer: '" + issuer + "', audience: nicol, agents: [clerk]"
                        + (more.isEmpty() ? "" : ", ") + more + "}}\n");
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    static List<String> rows(TestNicol nicol, String token, String sql, String... properties) throws SQLException {
        try (Connection connection = nicol.connectWithToken(token, properties);
                Statement statement = connection.createStatement()) {
            return TestNicol.rows(statement.executeQuery(sql));
        }
    }

    /** The driver tells refused credentials by another exception than refused statements. */
    static void isRefused(ThrowingCallable attempt, String state, String message) {
        assertThatThrownBy(attempt).satisfies(refused -> {
            String code = refused instanceof SQLException sql
                    ? sql.getSQLState()
                    : refused instanceof AvaticaClientRuntimeException remote ? remote.getSqlState() : "none";
            assertThat(code).isEqualTo(state);
            assertThat(refused).hasMessageContaining(message);
        });
    }

    @Test
    void groupsAndAttributesOfATokenDecideWhatIsSeen() throws Exception {
        assertThat(rows(nicol, keycloak.tokenOf("alice", "bi"), NAMES)).containsExactly("1|Ann", "3|Cid");
        assertThat(rows(nicol, keycloak.tokenOf("bob", "bi"), NAMES)).containsExactly("2|Bob");
        assertThat(rows(nicol, keycloak.tokenOf("steve", "bi"), NAMES)).containsExactly("1|Ann", "2|Bob", "3|Cid");
        isRefused(() -> rows(nicol, keycloak.tokenOf("norma", "bi"), NAMES), "42P01", "customers");
    }

    @Test
    void whoLacksAnAttributeThatAFilterNeedsIsToldWhich() throws Exception {
        String ned = keycloak.tokenOf("ned", "bi");
        isRefused(() -> rows(nicol, ned, NAMES), "42501", "the attribute `region`, which you do not have");
        assertThat(nicol.rows("local", "SELECT DISTINCT sqlstate FROM nicol.audit.statements WHERE user_name = 'ned'"))
                .containsExactly("42501");
    }

    @Test
    void rolesOfATokenAreBuiltInOnes() throws Exception {
        rows(nicol, keycloak.tokenOf("bob", "bi"), NAMES);
        String others = "SELECT COUNT(*) FROM nicol.audit.statements WHERE user_name = 'bob'";
        assertThat(rows(nicol, keycloak.tokenOf("alice", "bi"), others)).containsExactly("0");
        assertThat(rows(nicol, keycloak.tokenOf("audra", "bi"), others)).doesNotContain("0");
    }

    /** For tools that know user name and password only; off where it is not configured, as above. */
    @Test
    void passwordsOfTheIssuerLogInWhereThatIsConfigured() throws Exception {
        try (TestNicol asking =
                start(keycloak.issuer(), "client_id: nicol, client_secret: nicol-secret, password_grant: true")) {
            assertThat(asking.rows("bob", NAMES)).containsExactly("2|Bob");
            assertThat(asking.rows("bob", NAMES)).containsExactly("2|Bob");
            isRefused(() -> asking.connectWithPassword("bob", "wrong").createStatement(), "28000", "not valid");
            isRefused(() -> asking.connectWithPassword("nobody", "wrong").createStatement(), "28000", "not valid");
            assertThat(asking.rows("local", "SELECT COUNT(*) FROM nicol.policy.rules"))
                    .hasSize(1);
        }
    }

    /** Whatever claim names people, what a client gets as itself is an agent's. */
    @Test
    void aServiceAccountIsNobodyByAnotherClaimOfTheName() throws Exception {
        try (TestNicol byId = start(keycloak.issuer(), "name_claim: sub")) {
            String itself = keycloak.tokenOfClient("scorer");
            isRefused(() -> rows(byId, itself, NAMES), "42501", "An agent reads and changes nothing without a purpose");
        }
    }

    @Test
    void theClientIsInTheTrail() throws Exception {
        rows(nicol, keycloak.tokenOf("alice", "bi"), NAMES, "job", "monthly");
        assertThat(
                        nicol.rows(
                                "local",
                                "SELECT DISTINCT user_name, agent, client, job FROM nicol.audit.statements WHERE job = 'monthly'"))
                .containsExactly("alice|null|bi|monthly");
    }

    @Test
    void passwordsOfTheUsersFileGoOnBesideTokens() throws Exception {
        assertThat(nicol.rows("local", "SELECT COUNT(*) FROM nicol.policy.rules"))
                .hasSize(1);
        isRefused(() -> nicol.rows("alice", NAMES), "28000", "not valid");
    }
}
