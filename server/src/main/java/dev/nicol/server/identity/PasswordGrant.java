package dev.nicol.server.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.nicol.policy.NicolError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.function.Function;

/**
 * User name and password that the issuer knows (RFC 6749, 4.3), for tools that have nothing else: a token is asked for once, and
 * is then the login until it ends. Guesses wait as they do for passwords of the users file.
 */
final class PasswordGrant {
    /** Longest time that a password is believed after the issuer said so, whatever its token says. */
    static final Duration BELIEVED = Duration.ofMinutes(5);

    /** Most passwords believed at once. */
    static final int MAX_BELIEVED = 10_000;

    private final IssuerClient issuer;
    private final Function<String, Principal> byToken;
    private final Clock clock;
    private final PasswordKeys keys = new PasswordKeys();
    private final FailedLogins failures = new FailedLogins(Ticker.systemTicker());
    private final Cache<ByteBuffer, String> tokens = Caffeine.newBuilder()
            .expireAfterWrite(BELIEVED)
            .maximumSize(MAX_BELIEVED)
            .build();

    /** @param byToken verifies a token and tells whose it is */
    PasswordGrant(IssuerClient issuer, Function<String, Principal> byToken, Clock clock) {
        this.issuer = issuer;
        this.byToken = byToken;
        this.clock = clock;
    }

    /** @throws dev.nicol.policy.NicolException {@code NOT_AUTHENTICATED} where the issuer refuses it, or cannot be asked */
    Principal authenticate(BasicCredentials credentials, String address) {
        // the issuer takes a name in any case: as many spellings would be as many free guesses
        String counted = credentials.name().strip().toLowerCase(Locale.ROOT);
        ByteBuffer key = keys.of(credentials);
        long fingerprint = PasswordKeys.fingerprint(key);
        String believed = tokens.getIfPresent(key);
        if (failures.refuses(counted, address, fingerprint, believed != null)) {
            throw BasicCredentials.wrong();
        }
        if (believed != null) {
            Principal principal = byToken.apply(believed);
            Instant end = principal.validUntil();
            if (end == null || clock.instant().isBefore(end)) {
                failures.remembered(counted, address);
                return principal;
            }
        }
        String token;
        try {
            token = issuer.tokenFor(credentials.name(), credentials.password());
        } catch (IOException unavailable) {
            throw NicolError.NOT_AUTHENTICATED.because("the issuer cannot be asked about a password");
        }
        if (token == null) {
            failures.failed(counted, address, fingerprint);
            throw BasicCredentials.wrong();
        }
        Principal principal = byToken.apply(token);
        failures.succeeded(counted, address);
        tokens.put(key, token);
        return principal;
    }
}
