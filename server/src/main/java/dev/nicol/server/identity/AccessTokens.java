package dev.nicol.server.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import dev.nicol.server.audit.ActTransaction;
import dev.nicol.server.audit.StatementIds;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Personal access tokens: passwords that a program keeps for a person, for some purposes and until a moment. Only the SHA-256
 * of a secret is kept, which is enough where the secret is 256 random bits. Servers of one store share them.
 */
public final class AccessTokens {
    /** What every secret begins with, so that a scan of code finds one that was left there. */
    public static final String PREFIX = "nicol_pat_";

    /** Longest time from a token's creation to its end. */
    public static final Duration MAX_LIFETIME = Duration.ofDays(366);

    /** Most tokens of one user that are neither revoked nor over. */
    public static final int MAX_PER_USER = 50;

    /** Longest name, in characters. */
    public static final int MAX_NAME_LENGTH = 64;

    /** Most purposes of one. */
    public static final int MAX_PURPOSES = 20;

    /** How long a server believes what it read of a token: another server of the store may have revoked it since. */
    public static final Duration BELIEVED = Duration.ofSeconds(2);

    /** The beginning of such a principal's means. */
    static final String MEANS = "access token ";

    private static final int MAX_KEPT = 10_000;
    private static final int SECRET_BYTES = 32;
    private static final String SEPARATOR = ", ";
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Store store;
    private final StoreAuditTrail trail;
    private final Clock clock;
    private final Cache<String, Found> found = Caffeine.newBuilder()
            .expireAfterWrite(BELIEVED)
            .maximumSize(MAX_KEPT)
            .build();

    /**
     * A token that is good until its end.
     *
     * @param issuersId of its owner, where a token of the issuer made it; null: the owner is in the users file
     */
    record Token(
            String tokenId, String userName, @Nullable String issuersId, Set<String> purposes, Instant expiresAt) {}

    private record Found(@Nullable Token token) {}

    public AccessTokens(Store store, StoreAuditTrail trail, Clock clock) {
        this.store = store;
        this.trail = trail;
        this.clock = clock;
    }

    static boolean isOne(String password) {
        return password.startsWith(PREFIX);
    }

    /**
     * Makes a token for its owner.
     *
     * @param issuersId the issuer's id of the owner; null: the owner is in the users file
     * @param only purposes for which it may be used; empty: for any that the owner may state
     * @return the secret, which is nowhere else
     * @throws NicolException {@code NOT_PERMITTED} for a purpose the owner may not state, or a name, time or number out of bounds
     */
    public String create(Subject owner, @Nullable String issuersId, String name, Set<String> only, Instant expiresAt) {
        // what the claims of a token declare is not known later
        Set<String> purposes = only.isEmpty() && issuersId != null ? owner.allowedPurposes() : only;
        check(owner, name, purposes, expiresAt);
        byte[] random = new byte[SECRET_BYTES];
        RANDOM.nextBytes(random);
        String secret = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        String tokenId = StatementIds.next();
        trail.record(transaction -> {
            Handle handle = transaction.handle();
            OffsetDateTime now = transaction.now().atOffset(ZoneOffset.UTC);
            String ofOwner =
                    "SELECT COUNT(*) FROM policy.tokens WHERE user_name = ? AND revoked_at IS NULL AND expires_at > ?";
            if (handle.select(ofOwner, owner.userName(), now)
                            .mapTo(Integer.class)
                            .one()
                    >= MAX_PER_USER) {
                throw NicolError.NOT_PERMITTED.because(
                        "You have " + MAX_PER_USER + " tokens, the most there may be. DROP TOKEN one first.");
            }
            if (handle.select(ofOwner + " AND name = ?", owner.userName(), now, name)
                            .mapTo(Integer.class)
                            .one()
                    > 0) {
                throw NicolError.NOT_PERMITTED.because(
                        "You have a token `" + name + "` already. Name this one differently, or DROP TOKEN it first.");
            }
            handle.execute(
                    "INSERT INTO policy.tokens (token_id, user_name, name, purposes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                    tokenId,
                    owner.userName(),
                    name,
                    String.join(SEPARATOR, new TreeSet<>(purposes)),
                    now,
                    expiresAt.atOffset(ZoneOffset.UTC));
            handle.execute(
                    "INSERT INTO internal.token_digests (digest, token_id, issuers_id) VALUES (?, ?, ?)",
                    digest(secret),
                    tokenId,
                    issuersId);
            transaction.event(
                    "token_created",
                    owner.userName(),
                    "token " + tokenId + " `" + name + "` for " + (purposes.isEmpty() ? "any purpose" : purposes)
                            + " until " + expiresAt);
            return tokenId;
        });
        return secret;
    }

    private void check(Subject owner, String name, Set<String> purposes, Instant expiresAt) {
        Instant now = clock.instant();
        if (owner.agent() != null) {
            throw NicolError.NOT_PERMITTED.because(
                    "Tokens are for people. An agent logs in with credentials of its own.");
        } else if (name.length() > MAX_NAME_LENGTH || name.chars().anyMatch(Character::isISOControl)) {
            throw NicolError.NOT_PERMITTED.because(
                    "A token's name has at most " + MAX_NAME_LENGTH + " characters, none of them a control character.");
        } else if (purposes.size() > MAX_PURPOSES
                || purposes.stream()
                        .anyMatch(purpose -> purpose.isBlank()
                                || purpose.contains(",")
                                || purpose.length() > StatedIdentity.MAX_LENGTH)) {
            throw NicolError.NOT_PERMITTED.because("A token has at most " + MAX_PURPOSES + " purposes, each of one to "
                    + StatedIdentity.MAX_LENGTH + " characters without a comma.");
        } else if (!expiresAt.isAfter(now) || expiresAt.isAfter(now.plus(MAX_LIFETIME))) {
            throw NicolError.NOT_PERMITTED.because(
                    "A token expires in the future, within " + MAX_LIFETIME.toDays() + " days.");
        }
        for (String purpose : purposes) {
            if (!owner.mayState(purpose)) {
                throw NicolError.NOT_PERMITTED.because("The purpose `" + purpose
                        + "` is not declared for you, so that no token of yours can have it.");
            }
        }
    }

    /** Revokes the owner's token of that name. */
    public void drop(Subject owner, String name) {
        trail.record(transaction ->
                revoke(transaction, "user_name = ? AND name = ?", new Object[] {owner.userName(), name}, owner, name));
        found.invalidateAll();
    }

    /**
     * Revokes anybody's token by its id.
     *
     * @throws NicolException {@code NOT_PERMITTED} for whoever is neither its owner nor an operator
     */
    public void revoke(Subject by, String tokenId) {
        boolean operator = by.agent() == null && by.roles().contains("operator");
        trail.record(transaction -> operator
                ? revoke(transaction, "token_id = ?", new Object[] {tokenId}, by, tokenId)
                : revoke(
                        transaction,
                        "token_id = ? AND user_name = ?",
                        new Object[] {tokenId, by.userName()},
                        by,
                        tokenId));
        found.invalidateAll();
    }

    private static boolean revoke(
            ActTransaction transaction, String which, Object[] values, Subject by, String called) {
        Handle handle = transaction.handle();
        OffsetDateTime now = transaction.now().atOffset(ZoneOffset.UTC);
        Object[] update = new Object[values.length + 2];
        update[0] = now;
        update[1] = by.userName();
        System.arraycopy(values, 0, update, 2, values.length);
        int revoked = handle.execute(
                "UPDATE policy.tokens SET revoked_at = ?, revoked_by = ? WHERE revoked_at IS NULL AND " + which,
                update);
        if (revoked == 0 || by.agent() != null) {
            throw NicolError.NOT_PERMITTED.because(
                    "You have no token `" + called + "` to revoke. nicol.policy.tokens lists yours.");
        }
        transaction.event("token_revoked", by.userName(), "token `" + called + "`");
        return true;
    }

    /**
     * The token whose secret this is, where the user of that name owns it; it may have ended a while ago, and then starts nothing.
     *
     * @throws NicolException {@code NOT_AUTHENTICATED} for one that is unknown, revoked, over or somebody else's
     */
    Token find(String userName, String secret) {
        Token token = found.get(digest(secret), this::read).token();
        if (token == null || !token.userName().equals(userName)) {
            throw NicolError.NOT_AUTHENTICATED.because("no token that is in force");
        } else if (!clock.instant().isBefore(token.expiresAt().plus(TokenVerifier.FINISHING))) {
            throw NicolError.NOT_AUTHENTICATED.because("the token is over");
        }
        return token;
    }

    private Found read(String digest) {
        return new Found(store.read(handle -> handle.select(
                        "SELECT t.token_id, t.user_name, t.purposes, t.expires_at, d.issuers_id FROM policy.tokens t"
                                + " JOIN internal.token_digests d ON d.token_id = t.token_id"
                                + " WHERE d.digest = ? AND t.revoked_at IS NULL",
                        digest)
                .map((row, context) -> new Token(
                        row.getString(1),
                        row.getString(2),
                        row.getString(5),
                        Arrays.stream(row.getString(3).split(SEPARATOR))
                                .filter(purpose -> !purpose.isEmpty())
                                .collect(Collectors.toUnmodifiableSet()),
                        row.getObject(4, OffsetDateTime.class).toInstant()))
                .findOne()
                .orElse(null)));
    }

    private static String digest(String secret) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
