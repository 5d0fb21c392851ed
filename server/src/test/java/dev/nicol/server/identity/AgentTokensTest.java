package dev.nicol.server.identity;

import static dev.nicol.server.identity.TokenLoginTest.isRefused;
import static dev.nicol.server.identity.TokenLoginTest.rows;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.server.testing.TestKeycloak;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Agents with tokens of a real Keycloak: as themselves, and for a human whose token they exchanged. */
class AgentTokensTest {
    private static final String QUERY = "SELECT id, name FROM crm.PUBLIC.customers ORDER BY id";
    private static final String[] FRAUD = {"purpose", "fraud-scoring"};
    private static final String CHAIN =
            "SELECT user_name, agent, on_behalf_of, client, purpose, job FROM nicol.audit.statements WHERE job = '";

    private static TestKeycloak keycloak;
    private static TestNicol nicol;

    @BeforeAll
    static void start() {
        keycloak = TestKeycloak.running();
        nicol = TokenLoginTest.start(keycloak.issuer(), "");
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    /** Its exchanged token names it in the claim `act`. */
    @Test
    void anAgentSeesWhatItsHumanSeesAndTheTrailHasTheChain() throws Exception {
        String forAlice = keycloak.exchanged(keycloak.tokenOf("alice", "bi"), "scorer");
        assertThat(rows(nicol, forAlice, QUERY, "purpose", "fraud-scoring", "job", "nightly"))
                .containsExactly("1|Ann", "3|Cid");
        assertThat(nicol.rows("local", CHAIN + "nightly'"))
                .containsExactly("alice|scorer|alice|scorer|fraud-scoring|nightly");
    }

    /** Grants with `raw` are the human's alone. */
    @Test
    void rawGrantsOfItsHumanDoNotReachIt() throws Exception {
        String forSteve = keycloak.exchanged(keycloak.tokenOf("steve", "bi"), "scorer");
        assertThat(rows(nicol, keycloak.tokenOf("steve", "bi"), QUERY))
                .hasSize(3)
                .contains("1|Ann");
        assertThat(rows(nicol, forSteve, QUERY.replace("name", "CHAR_LENGTH(name)"), FRAUD))
                .hasSize(3);
    }

    /** Without a claim `act`: the client is configured to be an agent. */
    @Test
    void aClientThatIsNamedAnAgentIsOne() throws Exception {
        String token = keycloak.exchanged(keycloak.tokenOf("bob", "bi"), "clerk");
        isRefused(() -> rows(nicol, token, QUERY), "42501", "without a purpose");
        isRefused(
                () -> rows(nicol, token, QUERY, FRAUD),
                "42501",
                "the purpose `fraud-scoring` is not declared for `clerk`");
        assertThat(nicol.rows(
                        "local",
                        "SELECT DISTINCT user_name, agent, on_behalf_of, verdict, sqlstate FROM nicol.audit.statements"
                                + " WHERE agent = 'clerk'"))
                .containsExactly("bob|clerk|bob|denied|42501");
    }

    @Test
    void anAgentAloneHasTheRightsOfItsServiceAccountButNoAttributes() throws Exception {
        String itself = keycloak.tokenOfClient("scorer");
        isRefused(() -> rows(nicol, itself, QUERY), "42501", "State one of [fraud-scoring]");
        isRefused(() -> rows(nicol, itself, QUERY, FRAUD), "42501", "the attribute `region`");
        assertThat(rows(nicol, itself, "SELECT COUNT(*) FROM nicol.audit.statements"))
                .hasSize(1);
        assertThat(nicol.rows(
                        "local",
                        "SELECT DISTINCT user_name, agent, on_behalf_of FROM nicol.audit.statements WHERE user_name ="
                                + " 'scorer'"))
                .containsExactly("scorer|scorer|null");
    }

    /** The token names the human; nobody else can be named beside it. */
    @Test
    void whoIsActedForIsTheTokensAlone() throws Exception {
        String forAlice = keycloak.exchanged(keycloak.tokenOf("alice", "bi"), "scorer");
        isRefused(
                () -> rows(nicol, forAlice, QUERY, "on_behalf_of", "steve"),
                "42501",
                "`scorer` may not act for `steve`");
        String itself = keycloak.tokenOfClient("scorer");
        isRefused(
                () -> rows(nicol, itself, QUERY, "on_behalf_of", "alice"), "42501", "`scorer` may not act for `alice`");
        String human = keycloak.tokenOf("alice", "bi");
        isRefused(() -> rows(nicol, human, QUERY, "on_behalf_of", "steve"), "42501", "`alice` is none");
    }

    @Test
    void aPurposeCanBeStatedLater() throws Exception {
        try (Connection connection =
                        nicol.connectWithToken(keycloak.exchanged(keycloak.tokenOf("alice", "bi"), "scorer"));
                Statement statement = connection.createStatement()) {
            isRefused(() -> statement.executeQuery(QUERY), "42501", "without a purpose");
            statement.execute("SET purpose = 'fraud-scoring'");
            assertThat(TestNicol.rows(statement.executeQuery(QUERY))).containsExactly("1|Ann", "3|Cid");
        }
    }

    /** A connection that an agent opened for one human is not there for the same agent with another's token. */
    @Test
    void aConnectionIsOfOneChain() throws Exception {
        String alices = keycloak.exchanged(keycloak.tokenOf("alice", "bi"), "scorer");
        String bobs = keycloak.exchanged(keycloak.tokenOf("bob", "bi"), "scorer");
        assertThat(rows(nicol, alices, QUERY, FRAUD)).containsExactly("1|Ann", "3|Cid");
        assertThat(rows(nicol, bobs, QUERY, FRAUD)).containsExactly("2|Bob");
    }
}
