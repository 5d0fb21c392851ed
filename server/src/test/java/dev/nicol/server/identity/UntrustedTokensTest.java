package dev.nicol.server.identity;

import static dev.nicol.server.identity.TokenLoginTest.isRefused;
import static dev.nicol.server.identity.TokenLoginTest.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.nicol.server.testing.TestKeycloak;
import dev.nicol.server.testing.TestNicol;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tokens that are not the issuer's, not for us, not of now, or not for this. */
class UntrustedTokensTest {
    private static final String QUERY = "SELECT COUNT(*) FROM crm.PUBLIC.customers";

    /** Another test changes the realm's keys, and tokens of unknown ones have used up how often new keys are asked for. */
    private static final String KEY_CHANGED = "the issuer's keys cannot be read";

    private static TestKeycloak keycloak;
    private static TestNicol nicol;
    private static SignedJWT good;
    private static RSAKey ours;

    @BeforeAll
    static void start() throws Exception {
        keycloak = TestKeycloak.running();
        nicol = TokenLoginTest.start(keycloak.issuer(), "clock_skew_s: 0");
        good = SignedJWT.parse(keycloak.tokenOf("steve", "bi"));
        ours = new RSAKeyGenerator(2048).keyID(good.getHeader().getKeyID()).generate();
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    private static void refuses(String token, String reason) throws Exception {
        isRefused(() -> rows(nicol, token, QUERY), "28000", "The user name or the credentials are not valid");
        assertThat(
                        nicol.rows(
                                "local",
                                "SELECT detail FROM nicol.audit.events WHERE kind = 'login_failed' ORDER BY event_id DESC LIMIT 1"))
                .singleElement()
                .asString()
                .containsAnyOf(reason, KEY_CHANGED)
                .doesNotContain(token);
    }

    private static JWTClaimsSet.Builder claims() throws Exception {
        return new JWTClaimsSet.Builder(good.getJWTClaimsSet());
    }

    private static String signed(JWTClaimsSet claims, JWSHeader header, JWSSigner signer) throws Exception {
        SignedJWT token = new SignedJWT(header, claims);
        token.sign(signer);
        return token.serialize();
    }

    private static String signedByUs(JWTClaimsSet claims) throws Exception {
        return signed(claims, good.getHeader(), new RSASSASigner(ours));
    }

    @Test
    void theGoodOneIsGood() throws Exception {
        assertThat(rows(nicol, good.serialize(), QUERY)).containsExactly("3");
    }

    @Test
    void aTokenWithoutSignatureIsRefused() throws Exception {
        refuses(new PlainJWT(claims().build()).serialize(), "not a signed JWT");
        String[] parts = good.serialize().split("\\.");
        refuses(parts[0] + "." + parts[1] + ".", "");
        refuses(parts[0] + "." + parts[1], "not a signed JWT");
    }

    @Test
    void aTokenOfAnotherKeyIsRefused() throws Exception {
        refuses(signedByUs(claims().build()), "Invalid signature");
        JWSHeader unknown =
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("unknown").build();
        refuses(signed(claims().build(), unknown, new RSASSASigner(ours)), "");
        JWSHeader carried = new JWSHeader.Builder(JWSAlgorithm.RS256)
                .jwk(ours.toPublicJWK())
                .jwkURL(URI.create("http://127.0.0.1:1/keys"))
                .build();
        refuses(signed(claims().build(), carried, new RSASSASigner(ours)), "");
    }

    /** What a token says of itself is anybody's words. */
    @Test
    void aHeaderWritesNoLinesOfTheTrail() throws Exception {
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS256)
                .type(new JOSEObjectType("x\ny" + "z".repeat(1000)))
                .build();
        refuses(signed(claims().build(), header, new RSASSASigner(ours)), "x?yzzz");
    }

    /** The public key as the secret of a symmetric algorithm. */
    @Test
    void aTokenOfAnotherAlgorithmIsRefused() throws Exception {
        JWKSet keys = JWKSet.load(
                URI.create(keycloak.issuer() + "/protocol/openid-connect/certs").toURL());
        RSAKey theirs = keys.getKeyByKeyId(good.getHeader().getKeyID()).toRSAKey();
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.HS256)
                .type(JOSEObjectType.JWT)
                .keyID(theirs.getKeyID())
                .build();
        refuses(
                signed(
                        claims().build(),
                        header,
                        new MACSigner(theirs.toRSAPublicKey().getEncoded())),
                "");
    }

    @Test
    void aChangedTokenIsRefused() throws Exception {
        String[] parts = good.serialize().split("\\.");
        String payload = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
        String changed = payload.replace("\"steve\"", "\"alice\"");
        assertThat(changed).isNotEqualTo(payload);
        refuses(
                parts[0] + "."
                        + Base64.getUrlEncoder()
                                .withoutPadding()
                                .encodeToString(changed.getBytes(StandardCharsets.UTF_8))
                        + "." + parts[2],
                "Invalid signature");
    }

    @Test
    void aTokenForSomebodyElseIsRefused() throws Exception {
        refuses(keycloak.tokenOf("steve", "other"), "another audience");
    }

    @Test
    void aTokenOfAnotherRealmIsRefused() {
        String foreign = TestKeycloak.requested(
                keycloak.issuer().replace("/nicol", "/master"),
                Map.of("grant_type", "password", "client_id", "admin-cli", "username", "admin", "password", "admin"));
        isRefused(() -> rows(nicol, foreign, QUERY), "28000", "not valid");
    }

    /** The same server by another name: what it signs for that name is not for us. */
    @Test
    void aTokenOfAnotherIssuersNameIsRefused() throws Exception {
        String other = keycloak.issuer().replace("127.0.0.1", "localhost");
        String token = TestKeycloak.requested(
                other,
                Map.of(
                        "grant_type",
                        "password",
                        "client_id",
                        "bi",
                        "username",
                        "steve",
                        "password",
                        TestKeycloak.PASSWORD));
        refuses(token, "another issuer");
    }

    @Test
    void idAndRefreshTokensAreNoAccessTokens() throws Exception {
        Map<String, String> form = Map.of(
                "grant_type",
                "password",
                "client_id",
                "bi",
                "username",
                "steve",
                "password",
                TestKeycloak.PASSWORD,
                "scope",
                "openid");
        refuses(TestKeycloak.requested(keycloak.issuer(), form, "id_token"), "");
        refuses(TestKeycloak.requested(keycloak.issuer(), form, "refresh_token"), "");
    }

    @Test
    void anExpiredTokenStartsNothing() {
        String token = keycloak.tokenOf("steve", "short");
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> isRefused(() -> rows(nicol, token, QUERY), "28000", ""));
    }

    @Test
    void whatIsNoTokenIsRefused() throws Exception {
        for (String token : List.of("x", "a.b.c", "e30.e30.e30", "....", good.serialize() + "x", "\u00e4")) {
            isRefused(() -> rows(nicol, token, QUERY), "28000", "not valid");
        }
        refuses("a".repeat(Presented.MAX_HEADER_LENGTH - 100), "not a signed JWT");
        isRefused(() -> rows(nicol, "a".repeat(Presented.MAX_HEADER_LENGTH), QUERY), "28000", "not valid");
    }

    /** By a key of ours that no issuer publishes: the claims alone would be good for a thousand years. */
    @Test
    void claimsAreNotBelievedWithoutTheKey() throws Exception {
        refuses(
                signedByUs(claims().expirationTime(Date.from(Instant.parse("3000-01-01T00:00:00Z")))
                        .claim("groups", List.of("stewards"))
                        .build()),
                "Invalid signature");
    }
}
