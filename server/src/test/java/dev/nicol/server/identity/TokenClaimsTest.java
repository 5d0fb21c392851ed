package dev.nicol.server.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import dev.nicol.server.testing.TestCertificates;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tokens that Keycloak does not write, of an issuer of the test's own. */
class TokenClaimsTest {
    private static HttpServer issuer;
    private static ECKey key;
    private static Logins logins;

    @BeforeAll
    static void start() throws Exception {
        key = new ECKeyGenerator(Curve.P_256).keyID("one").generate();
        issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        answer(
                "/.well-known/openid-configuration",
                "{\"issuer\": \"" + name() + "\", \"jwks_uri\": \"" + name() + "/keys\", \"token_endpoint\": \""
                        + name() + "/token\"}");
        answer("/keys", new JWKSet(key.toPublicJWK()).toString());
        issuer.start();
        logins = by(OidcSettings.Claims.DEFAULT);
    }

    private static Logins by(OidcSettings.Claims names) {
        return new Logins(
                null,
                new OidcSettings(
                        name(),
                        "nicol",
                        names,
                        Set.of("robot"),
                        OidcSettings.DEFAULT_CLOCK_SKEW,
                        null,
                        false,
                        false,
                        null),
                null,
                CertificateName.CN,
                Clock.systemUTC());
    }

    @AfterAll
    static void stop() {
        logins.close();
        issuer.stop(0);
    }

    private static String name() {
        return "http://127.0.0.1:" + issuer.getAddress().getPort();
    }

    private static void answer(String path, String json) {
        issuer.createContext(path, exchange -> {
            byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
    }

    private static JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .issuer(name())
                .audience(List.of("others", "nicol"))
                .subject("1")
                .expirationTime(Date.from(Instant.now().plusSeconds(60)))
                .claim("preferred_username", "ann")
                .claim("azp", "bi")
                .claim("groups", List.of("analysts", "/sales/eu"));
    }

    private static Principal login(JWTClaimsSet.Builder claims, String type, X509Certificate certificate)
            throws Exception {
        return login(logins, claims, type, certificate);
    }

    private static Principal login(Logins by, JWTClaimsSet.Builder claims, String type, X509Certificate certificate)
            throws Exception {
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.ES256)
                .keyID("one")
                .type(new JOSEObjectType(type))
                .build();
        SignedJWT token = new SignedJWT(header, claims.build());
        token.sign(new ECDSASigner(key));
        return by.authenticate(new Presented("Bearer " + token.serialize(), "127.0.0.1", certificate));
    }

    private static Subject subject(JWTClaimsSet.Builder claims, String... stated) throws Exception {
        Map<String, String> properties = new HashMap<>();
        for (int i = 0; i < stated.length; i += 2) {
            properties.put(stated[i], stated[i + 1]);
        }
        return login(claims, "at+jwt", null).subject(properties);
    }

    private static void refuses(JWTClaimsSet.Builder claims, String reason) {
        assertThatThrownBy(() -> login(claims, "JWT", null))
                .isInstanceOfSatisfying(NicolException.class, refused -> assertThat(refused.error())
                        .isEqualTo(NicolError.NOT_AUTHENTICATED))
                .hasMessageContaining(reason);
    }

    @Test
    void aHumanIsWhatTheClaimsSay() throws Exception {
        Subject ann = subject(claims().claim("realm_access", Map.of("roles", List.of("auditor")))
                .claim("region", "EU")
                .claim("level", 3)
                .claim("sites", List.of("b", "a"))
                .claim("address", Map.of("country", "FR"))
                .claim("purposes", "reporting support"));
        assertThat(ann.userName()).isEqualTo("ann");
        assertThat(ann.agent()).isNull();
        assertThat(ann.groups()).containsExactlyInAnyOrder("analysts", "sales/eu");
        assertThat(ann.roles()).containsExactly("auditor");
        assertThat(ann.attributes())
                .containsEntry("region", "EU")
                .containsEntry("level", "3")
                .containsEntry("sites", "a,b")
                .doesNotContainKeys("sub", "azp", "address", "iss", "aud", "exp");
        assertThat(ann.allowedPurposes()).containsExactlyInAnyOrder("reporting", "support");
        assertThat(ann.client()).isEqualTo("bi");
    }

    /** Those inside acted before, and count for nothing. */
    @Test
    void theOutermostActorIsTheAgent() throws Exception {
        Subject acting = subject(
                claims().claim("act", Map.of("sub", "outer", "act", Map.of("sub", "inner")))
                        .claim("purposes", List.of("scoring")),
                "purpose",
                "scoring");
        assertThat(acting.agent()).isEqualTo("outer");
        assertThat(acting.userName()).isEqualTo("ann");
        assertThat(acting.onBehalfOf()).isEqualTo("ann");
    }

    @Test
    void anAgentIsNeverTakenForItsHuman() throws Exception {
        refuses(claims().claim("act", Map.of()), "actor");
        refuses(claims().claim("act", Map.of("sub", 7)), "actor");
        refuses(claims().claim("act", "outer"), "actor");
        refuses(claims().claim("act", List.of(Map.of("sub", "outer"))), "actor");
        assertThat(subject(claims().claim("azp", "robot")).agent()).isEqualTo("robot");
        assertThat(subject(claims().claim("azp", null).claim("client_id", "robot"))
                        .agent())
                .isEqualTo("robot");
        assertThat(subject(claims().subject("job").claim("azp", "job").claim("preferred_username", "job"))
                        .agent())
                .isEqualTo("job");
    }

    @Test
    void namesThatCannotBeUsedAreRefused() {
        refuses(claims().claim("preferred_username", null), "no claim `preferred_username`");
        refuses(claims().claim("preferred_username", 7), "no claim `preferred_username`");
        refuses(claims().claim("preferred_username", " "), "no claim `preferred_username`");
        refuses(claims().claim("preferred_username", "a\nb"), "no claim `preferred_username`");
        refuses(claims().claim("preferred_username", "x".repeat(200)), "no claim `preferred_username`");
    }

    @Test
    void claimsOfOtherTypesAreAsIfTheyWereNotThere() throws Exception {
        Subject ann = subject(claims().claim("groups", Map.of("analysts", true))
                .claim("realm_access", List.of("auditor"))
                .claim("purposes", 7));
        assertThat(ann.groups()).isEmpty();
        assertThat(ann.roles()).isEmpty();
        assertThat(ann.allowedPurposes()).isEmpty();
    }

    @Test
    void timesAndKindsAreChecked() throws Exception {
        refuses(claims().expirationTime(null), "without an end");
        refuses(claims().expirationTime(Date.from(Instant.now().minusSeconds(3600))), "expired");
        refuses(claims().notBeforeTime(Date.from(Instant.now().plusSeconds(120))), "not valid yet");
        refuses(claims().issueTime(Date.from(Instant.now().plusSeconds(120))), "issued in the future");
        refuses(claims().subject(null), "without a subject");
        refuses(claims().claim("typ", "ID"), "not an access token");
        assertThatThrownBy(() -> login(claims(), "dpop+jwt", null)).hasMessageContaining("typ");
        Principal over = login(claims().expirationTime(Date.from(Instant.now().minusSeconds(60))), "JWT", null);
        assertThat(over.validUntil()).isBefore(Instant.now());
    }

    @Test
    void aTokenThatIsBoundToACertificateNeedsIt() throws Exception {
        TestCertificates made = new TestCertificates();
        made.authority("ca");
        made.signed("ann", "ca", "CN=ann");
        made.signed("bound", "ca", "CN=laptop");
        made.make();
        X509Certificate bound = certificate(made.key("bound"));
        String thumbprint = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(bound.getEncoded()));
        JWTClaimsSet.Builder claims = claims().claim("cnf", Map.of("x5t#S256", thumbprint));
        assertThat(login(claims, "JWT", bound).name()).isEqualTo("ann");
        refuses(claims, "bound to a key that was not shown");
        X509Certificate other = certificate(made.key("ann"));
        assertThatThrownBy(() -> login(claims, "JWT", other)).hasMessageContaining("bound to a key that was not shown");
        refuses(claims().claim("cnf", Map.of("jkt", thumbprint)), "bound to a key that was not shown");
        refuses(claims().claim("cnf", "none"), "bound to a key that was not shown");
        // one that is bound to nothing goes with the certificate of the same name only
        assertThat(login(claims(), "JWT", other).name()).isEqualTo("ann");
        assertThatThrownBy(() -> login(claims(), "JWT", bound)).hasMessageContaining("names another");
    }

    private static X509Certificate certificate(Path file) throws Exception {
        KeyStore store = KeyStore.getInstance(file.toFile(), TestCertificates.PASSWORD.toCharArray());
        assertThat(Files.exists(file)).isTrue();
        return (X509Certificate) store.getCertificate(store.aliases().nextElement());
    }

    /** Anybody may give any address as theirs; the issuer says whether it asked there. */
    @Test
    void anAddressThatNobodyVerifiedIsNoName() throws Exception {
        OidcSettings.Claims usual = OidcSettings.Claims.DEFAULT;
        try (Logins byEmail =
                by(new OidcSettings.Claims("email", usual.groups(), usual.roles(), usual.purposes(), null))) {
            JWTClaimsSet.Builder claims = claims().claim("email", "ann@example.org");
            assertThat(login(byEmail, claims.claim("email_verified", true), "JWT", null)
                            .name())
                    .isEqualTo("ann@example.org");
            for (Object said : new Object[] {false, "true", null}) {
                assertThatThrownBy(() -> login(byEmail, claims.claim("email_verified", said), "JWT", null))
                        .hasMessageContaining("no claim `email`");
            }
        }
    }

    /** A property that says nothing hides nobody. */
    @Test
    void aBlankPropertyKeepsNoHumanOut() throws Exception {
        JWTClaimsSet.Builder claims = claims().claim("act", Map.of("sub", "robot"));
        assertThat(subject(claims, "on_behalf_of", " ").onBehalfOf()).isEqualTo("ann");
    }
}
