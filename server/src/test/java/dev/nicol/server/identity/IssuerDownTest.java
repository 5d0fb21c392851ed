package dev.nicol.server.identity;

import static dev.nicol.server.identity.TokenLoginTest.isRefused;
import static dev.nicol.server.identity.TokenLoginTest.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.nicol.server.testing.Passage;
import dev.nicol.server.testing.TestKeycloak;
import dev.nicol.server.testing.TestNicol;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.keycloak.common.util.MultivaluedHashMap;
import org.keycloak.representations.idm.ComponentRepresentation;

/** The issuer changes its keys, and goes away. Keycloak names itself by the address it was reached at: here a passage. */
class IssuerDownTest {
    private static final String QUERY = "SELECT id, name FROM crm.PUBLIC.customers ORDER BY id";
    private static final Duration SOON = Duration.ofSeconds(60);

    private static TestKeycloak keycloak;

    @BeforeAll
    static void start() {
        keycloak = TestKeycloak.running();
    }

    private static String issuer(Passage passage) {
        return "http://127.0.0.1:" + passage.port() + "/realms/" + TestKeycloak.REALM;
    }

    private static String token(Passage passage, String user) {
        return TestKeycloak.requested(
                issuer(passage),
                Map.of(
                        "grant_type",
                        "password",
                        "client_id",
                        "bi",
                        "username",
                        user,
                        "password",
                        TestKeycloak.PASSWORD));
    }

    /** From now on the realm signs by a new key; the one before still verifies. */
    private static void rotateKeys() {
        ComponentRepresentation key = new ComponentRepresentation();
        key.setName("rotated-" + System.nanoTime());
        key.setProviderId("rsa-generated");
        key.setProviderType("org.keycloak.keys.KeyProvider");
        MultivaluedHashMap<String, String> config = new MultivaluedHashMap<>();
        config.putSingle("priority", String.valueOf(System.currentTimeMillis()));
        key.setConfig(config);
        keycloak.realm().components().add(key).close();
    }

    @Test
    void aNewKeyIsFoundDuringUse() throws Exception {
        try (TestNicol nicol = TokenLoginTest.start(keycloak.issuer(), "")) {
            String before = keycloak.tokenOf("alice", "bi");
            assertThat(rows(nicol, before, QUERY)).containsExactly("1|Ann", "3|Cid");
            rotateKeys();
            String after = keycloak.tokenOf("alice", "bi");
            assertThat(keyOf(after)).isNotEqualTo(keyOf(before));
            assertThat(rows(nicol, after, QUERY)).containsExactly("1|Ann", "3|Cid");
            assertThat(rows(nicol, before, QUERY)).containsExactly("1|Ann", "3|Cid");
        }
    }

    private static String keyOf(String token) {
        return token.substring(0, token.indexOf('.'));
    }

    @Test
    void whileTheIssuerIsDownKnownKeysGoOnAndUnknownOnesAreRefused() throws Exception {
        try (Passage passage = new Passage(keycloak.port());
                TestNicol nicol = TokenLoginTest.start(issuer(passage), "")) {
            String before = token(passage, "alice");
            assertThat(rows(nicol, before, QUERY)).containsExactly("1|Ann", "3|Cid");
            rotateKeys();
            String after = token(passage, "alice");
            passage.shut();
            assertThat(rows(nicol, before, QUERY)).containsExactly("1|Ann", "3|Cid");
            isRefused(() -> rows(nicol, after, QUERY), "28000", "not valid");
            assertThat(rows(nicol, before, QUERY)).containsExactly("1|Ann", "3|Cid");
            passage.reopen();
            await().atMost(SOON)
                    .ignoreExceptions()
                    .until(() -> rows(nicol, after, QUERY), List.of("1|Ann", "3|Cid")::equals);
        }
    }

    @Test
    void aServerStartsWhileTheIssuerIsDown() throws Exception {
        try (Passage passage = new Passage(keycloak.port())) {
            String token = token(passage, "bob");
            passage.shut();
            try (TestNicol nicol = TokenLoginTest.start(issuer(passage), "")) {
                isRefused(() -> rows(nicol, token, QUERY), "28000", "not valid");
                passage.reopen();
                await().atMost(SOON)
                        .ignoreExceptions()
                        .until(() -> rows(nicol, token, QUERY), List.of("2|Bob")::equals);
            }
        }
    }

    /** Who was looked up goes on; who was not is refused. */
    @Test
    void whileTheDirectoryIsDownThoseWhoAreKnownGoOn() throws Exception {
        try (Passage passage = new Passage(keycloak.port());
                TestNicol nicol = TokenLoginTest.start(
                        issuer(passage),
                        "directory: {client_id: nicol-admin, client_secret: admin-secret, cache_s: 0}")) {
            String known = token(passage, "alice");
            String unknown = token(passage, "bob");
            assertThat(rows(nicol, known, QUERY)).containsExactly("1|Ann", "3|Cid");
            passage.shut();
            assertThat(rows(nicol, known, QUERY)).containsExactly("1|Ann", "3|Cid");
            isRefused(() -> rows(nicol, unknown, QUERY), "28000", "does not answer");
            passage.reopen();
            await().atMost(SOON).ignoreExceptions().until(() -> rows(nicol, unknown, QUERY), List.of("2|Bob")::equals);
        }
    }
}
