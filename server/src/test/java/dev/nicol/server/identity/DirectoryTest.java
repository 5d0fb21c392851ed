package dev.nicol.server.identity;

import static dev.nicol.server.identity.TokenLoginTest.isRefused;
import static dev.nicol.server.identity.TokenLoginTest.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.nicol.server.testing.TestKeycloak;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.keycloak.admin.client.resource.UserResource;
import org.keycloak.representations.idm.CredentialRepresentation;
import org.keycloak.representations.idm.UserRepresentation;

/** What an administrator takes away in Keycloak while a token still says otherwise. */
class DirectoryTest {
    private static final String QUERY = "SELECT id, name FROM crm.PUBLIC.customers ORDER BY id";
    private static final Duration SOON = Duration.ofSeconds(30);

    private static TestKeycloak keycloak;
    private static TestNicol looking;
    private static TestNicol asking;

    @BeforeAll
    static void start() {
        keycloak = TestKeycloak.running();
        looking = TokenLoginTest.start(
                keycloak.issuer(), "directory: {client_id: nicol-admin, client_secret: admin-secret, cache_s: 1}");
        asking = TokenLoginTest.start(
                keycloak.issuer(), "client_id: nicol, client_secret: nicol-secret, introspect: true");
    }

    @AfterAll
    static void stop() {
        looking.close();
        asking.close();
    }

    /** A user of a test's own, of the group of analysts. */
    private static UserResource user(String region) {
        String name = "user-" + UUID.randomUUID();
        CredentialRepresentation password = new CredentialRepresentation();
        password.setType(CredentialRepresentation.PASSWORD);
        password.setValue(TestKeycloak.PASSWORD);
        UserRepresentation user = new UserRepresentation();
        user.setUsername(name);
        user.setEmail(name + "@example.org");
        user.setFirstName(name);
        user.setLastName(name);
        user.setEnabled(true);
        user.setGroups(List.of("analysts"));
        user.setAttributes(Map.of("region", List.of(region)));
        user.setCredentials(List.of(password));
        keycloak.realm().users().create(user).close();
        String id = keycloak.realm().users().searchByUsername(name, true).get(0).getId();
        return keycloak.realm().users().get(id);
    }

    private static void disable(UserResource user) {
        UserRepresentation changed = user.toRepresentation();
        changed.setEnabled(false);
        user.update(changed);
    }

    /** Its tokens carry no groups and no attributes. */
    @Test
    void theDirectoryTellsWhatATokenDoesNot() throws Exception {
        UserResource dirk = user("US");
        String bare = keycloak.tokenOf(dirk.toRepresentation().getUsername(), "bare");
        assertThat(rows(looking, bare, QUERY)).containsExactly("2|Bob");
        isRefused(() -> rows(asking, bare, QUERY), "42P01", "customers");
    }

    /** EXPLAIN POLICY asks about people whom the directory alone knows. */
    @Test
    void policyIsExplainedForWhomTheDirectoryKnows() throws Exception {
        UserResource dirk = user("US");
        String name = dirk.toRepresentation().getUsername();
        String explain = "EXPLAIN POLICY FOR " + QUERY + " AS USER '";
        assertThat(looking.rows("local", explain + name + "'").toString()).contains("own-region", "analysts");
        isRefused(() -> looking.rows("local", explain + "nobody'"), "42501", "no user or agent `nobody`");
        isRefused(() -> asking.rows("local", explain + name + "'"), "42501", "no user or agent");
    }

    @Test
    void aRemovedGroupIsGoneFromAnOpenConnection() throws Exception {
        UserResource greta = user("EU");
        try (Connection connection = looking.connectWithToken(
                        keycloak.tokenOf(greta.toRepresentation().getUsername(), "bi"));
                Statement statement = connection.createStatement()) {
            assertThat(TestNicol.rows(statement.executeQuery(QUERY))).containsExactly("1|Ann", "3|Cid");
            greta.leaveGroup(greta.groups().get(0).getId());
            await().atMost(SOON)
                    .untilAsserted(() -> isRefused(() -> statement.executeQuery(QUERY), "42P01", "customers"));
        }
    }

    /** The token still has it as a claim. */
    @Test
    void aRemovedAttributeIsGone() throws Exception {
        UserResource ron = user("EU");
        String token = keycloak.tokenOf(ron.toRepresentation().getUsername(), "bi");
        assertThat(rows(looking, token, QUERY)).containsExactly("1|Ann", "3|Cid");
        UserRepresentation changed = ron.toRepresentation();
        changed.setAttributes(Map.of());
        ron.update(changed);
        await().atMost(SOON)
                .untilAsserted(() -> isRefused(() -> rows(looking, token, QUERY), "42501", "the attribute `region`"));
    }

    /** What the directory says of a human's purposes is not widened by those of the agent whose token it is. */
    @Test
    void anAgentStatesNoPurposeThatItsHumanDoesNotDeclare() throws Exception {
        UserResource pia = user("EU");
        String name = pia.toRepresentation().getUsername();
        UserRepresentation changed = pia.toRepresentation();
        changed.setAttributes(Map.of("region", List.of("EU"), "purposes", List.of("reporting")));
        pia.update(changed);
        String token = keycloak.exchanged(keycloak.tokenOf(name, "bi"), "scorer");
        isRefused(() -> rows(looking, token, QUERY, "purpose", "fraud-scoring"), "42501", "not declared for `scorer`");
    }

    /** Sources that compare as SQL does take `EU ` for `EU`. */
    @Test
    void aNameWithABlankAtItsEndIsNone() throws Exception {
        try (TestNicol byRegion = TokenLoginTest.start(keycloak.issuer(), "name_claim: region")) {
            String blank = keycloak.tokenOf(user("EU ").toRepresentation().getUsername(), "bi");
            isRefused(() -> rows(byRegion, blank, QUERY), "28000", "not valid");
        }
    }

    @Test
    void aDisabledUserIsRefused() throws Exception {
        UserResource dora = user("EU");
        String token = keycloak.tokenOf(dora.toRepresentation().getUsername(), "bi");
        assertThat(rows(looking, token, QUERY)).containsExactly("1|Ann", "3|Cid");
        disable(dora);
        await().atMost(SOON)
                .untilAsserted(
                        () -> isRefused(() -> rows(looking, token, QUERY), "28000", "is disabled in the directory"));
    }

    @Test
    void aDisabledUserIsRefusedAtOnceWhereTokensAreIntrospected() throws Exception {
        UserResource ina = user("EU");
        String token = keycloak.tokenOf(ina.toRepresentation().getUsername(), "bi");
        Connection connection = asking.connectWithToken(token); // closing it is refused, too
        Statement statement = connection.createStatement();
        assertThat(TestNicol.rows(statement.executeQuery(QUERY))).containsExactly("1|Ann", "3|Cid");
        disable(ina);
        isRefused(() -> statement.executeQuery(QUERY), "28000", "not valid");
    }

    @Test
    void aRevokedTokenIsRefusedWhereTokensAreIntrospected() throws Exception {
        UserResource rita = user("EU");
        String token = keycloak.tokenOf(rita.toRepresentation().getUsername(), "bi");
        assertThat(rows(asking, token, QUERY)).containsExactly("1|Ann", "3|Cid");
        keycloak.revoke(token, "bi");
        isRefused(() -> rows(asking, token, QUERY), "28000", "not valid");
        assertThat(rows(looking, token, QUERY))
                .as("without asking, a token is good until its end")
                .containsExactly("1|Ann", "3|Cid");
    }

    /** Whoever has the same name in the users file has other rights, and another end. */
    @Test
    void anAccessTokenIsOfWhoMadeItAndNotOfTheName() throws Exception {
        UserResource hans = user("EU");
        String name = hans.toRepresentation().getUsername();
        try (TestNicol both = TokenLoginTest.start(
                keycloak.issuer(),
                "directory: {client_id: nicol-admin, client_secret: admin-secret, cache_s: 0}",
                "users:\n  " + name + ": {password: \"$HASH\", groups: [stewards]}\n")) {
            String issuers = rows(both, keycloak.tokenOf(name, "bi"), "CREATE TOKEN a EXPIRES '1d'")
                    .get(0);
            String files = both.rows(name, "CREATE TOKEN b EXPIRES '1d'").get(0);
            assertThat(byPassword(both, name, issuers)).containsExactly("1|Ann", "3|Cid");
            assertThat(byPassword(both, name, files)).containsExactly("1|Ann", "2|Bob", "3|Cid");
            disable(hans);
            isRefused(() -> byPassword(both, name, issuers), "28000", "disabled");
            assertThat(byPassword(both, name, files)).hasSize(3);
        }
    }

    private static List<String> byPassword(TestNicol nicol, String name, String password) throws SQLException {
        try (Connection connection = nicol.connectWithPassword(name, password);
                Statement statement = connection.createStatement()) {
            return TestNicol.rows(statement.executeQuery(QUERY));
        }
    }

    @Test
    void theGroupsOfAnAgentAreThoseOfItsServiceAccount() throws Exception {
        String forSteve = keycloak.exchanged(keycloak.tokenOf("steve", "bi"), "scorer");
        isRefused(() -> rows(looking, forSteve, QUERY, "purpose", "fraud-scoring"), "42P01", "customers");
        String forAlice = keycloak.exchanged(keycloak.tokenOf("alice", "bi"), "scorer");
        assertThat(rows(looking, forAlice, QUERY, "purpose", "fraud-scoring")).containsExactly("1|Ann", "3|Cid");
    }
}
