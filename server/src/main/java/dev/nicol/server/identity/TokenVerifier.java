package dev.nicol.server.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.BadJWTException;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.io.IOException;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Verifies access tokens here, with the issuer's public keys (RFC 7515, 7519, 9068): algorithm, signature, issuer, audience,
 * times and kind. Keys are kept; a key that is unknown is asked for, at a bounded rate; while the issuer is down those that
 * are known go on.
 */
final class TokenVerifier {
    /** How long keys are used before they are asked for again. */
    static final Duration KEYS_REFRESHED = Duration.ofMinutes(5);

    /** In each of these intervals unknown keys are asked for twice at most. */
    static final Duration KEYS_INTERVAL = Duration.ofSeconds(10);

    /** How long known keys go on while the issuer is down. */
    static final Duration OUTAGE = Duration.ofHours(8);

    /** How long after its end a token still reads what its connection had begun. */
    static final Duration FINISHING = Duration.ofMinutes(10);

    /** Those with a public key. A secret that issuer and audience share, or none at all, proves nothing here. */
    private static final Set<JWSAlgorithm> ALGORITHMS = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512,
            JWSAlgorithm.ES256,
            JWSAlgorithm.ES384,
            JWSAlgorithm.ES512);

    private final OidcSettings settings;
    private final IssuerMetadata metadata;
    private final Clock clock;
    private volatile @Nullable DefaultJWTProcessor<SecurityContext> processor;

    TokenVerifier(OidcSettings settings, IssuerMetadata metadata, Clock clock) {
        this.settings = settings;
        this.metadata = metadata;
        this.clock = clock;
    }

    /**
     * @return its claims; it may have ended up to {@link #FINISHING} ago
     * @throws Untrusted for every other token, with the reason for the trail
     */
    JWTClaimsSet verify(String token) throws Untrusted {
        try {
            SignedJWT parsed = SignedJWT.parse(token);
            return processor().process(parsed, null);
        } catch (ParseException malformed) {
            throw new Untrusted("the token is not a signed JWT");
        } catch (BadJOSEException untrusted) {
            throw new Untrusted(String.valueOf(untrusted.getMessage()));
        } catch (JOSEException | IOException unavailable) {
            throw new Untrusted("the issuer's keys cannot be read");
        }
    }

    private DefaultJWTProcessor<SecurityContext> processor() throws IOException {
        DefaultJWTProcessor<SecurityContext> known = processor;
        if (known != null) {
            return known;
        }
        JWKSource<SecurityContext> keys = JWKSourceBuilder.create(
                        metadata.endpoints().keys(), IssuerMetadata.retriever())
                .cache(KEYS_REFRESHED.toMillis(), IssuerMetadata.READ_TIMEOUT.toMillis())
                .refreshAheadCache(false)
                .rateLimited(KEYS_INTERVAL.toMillis())
                .retrying(true)
                .outageTolerant(OUTAGE.toMillis())
                .build();
        DefaultJWTProcessor<SecurityContext> made = new DefaultJWTProcessor<>();
        made.setJWSTypeVerifier(
                new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
        made.setJWSKeySelector(new JWSVerificationKeySelector<>(ALGORITHMS, keys));
        made.setJWTClaimsSetVerifier((claims, context) -> check(claims));
        synchronized (this) {
            if (processor == null) {
                processor = made;
            }
            return processor == null ? made : processor;
        }
    }

    private void check(JWTClaimsSet claims) throws BadJWTException {
        Instant now = clock.instant();
        Instant ahead = now.plus(settings.clockSkew());
        if (!settings.issuer().equals(claims.getIssuer())) {
            throw new BadJWTException("another issuer");
        }
        if (!claims.getAudience().contains(settings.audience())) {
            throw new BadJWTException("another audience");
        }
        Date end = claims.getExpirationTime();
        if (end == null) {
            throw new BadJWTException("without an end");
        }
        if (!now.isBefore(end.toInstant().plus(settings.clockSkew()).plus(FINISHING))) {
            throw new BadJWTException("expired");
        }
        if (claims.getNotBeforeTime() != null
                && claims.getNotBeforeTime().toInstant().isAfter(ahead)) {
            throw new BadJWTException("not valid yet");
        }
        if (claims.getIssueTime() != null && claims.getIssueTime().toInstant().isAfter(ahead)) {
            throw new BadJWTException("issued in the future");
        }
        if (claims.getSubject() == null || claims.getSubject().isBlank()) {
            throw new BadJWTException("without a subject");
        }
        // Keycloak says in the claims what a token is for: an ID or refresh token is no access token
        Object kind = claims.getClaim("typ");
        if (kind != null && !"Bearer".equals(kind)) {
            throw new BadJWTException("not an access token");
        }
    }

    /** Why a token is not believed: for the trail, not for whoever sent it. */
    static final class Untrusted extends Exception {
        private static final long serialVersionUID = 1L;
        private static final int MAX_REASON = 200;

        /** @param reason may hold words of the token's header, which anybody writes */
        Untrusted(String reason) {
            super(reason.substring(0, Math.min(reason.length(), MAX_REASON)).replaceAll("\\p{Cntrl}", "?"));
        }
    }
}
