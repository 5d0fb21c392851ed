package dev.nicol.server.identity;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@code identity.oidc} says: whose tokens are believed and how their claims are read. {@code toString} shows no
 * secret.
 *
 * @param issuer what the {@code iss} claim must be, character by character, and where its metadata is found
 * @param audience one of the values of {@code aud}
 * @param claims names of claims
 * @param agents client ids whose every token is an agent's
 * @param clockSkew by how much the issuer's clock and ours may differ
 * @param client Nicol's own client at the issuer, for introspection and the password grant; null: none
 * @param introspect whether the issuer is asked at every request whether the token is still good
 * @param passwordGrant whether user name and password are passed on to the issuer
 * @param directory where groups, roles and attributes are looked up; null: tokens alone tell
 */
public record OidcSettings(
        String issuer,
        String audience,
        Claims claims,
        Set<String> agents,
        Duration clockSkew,
        @Nullable Client client,
        boolean introspect,
        boolean passwordGrant,
        @Nullable Directory directory) {
    public static final Duration DEFAULT_CLOCK_SKEW = Duration.ofSeconds(30);

    /** Longest clock skew that may be configured. */
    public static final Duration MAX_CLOCK_SKEW = Duration.ofMinutes(5);

    /** How long a look-up in the directory is believed. */
    public static final Duration DEFAULT_CACHE = Duration.ofSeconds(60);

    /** Longest that may be configured. */
    public static final Duration MAX_CACHE = Duration.ofHours(1);

    public OidcSettings {
        agents = Set.copyOf(agents);
    }

    /**
     * Names of claims; a dot leads into an object.
     *
     * @param attributes an object whose entries are the attributes; null: every claim of the token's own that is a text,
     *     number or boolean
     */
    public record Claims(
            String name,
            String groups,
            String roles,
            String purposes,
            @Nullable String attributes) {
        public static final Claims DEFAULT =
                new Claims("preferred_username", "groups", "realm_access.roles", "purposes", null);
    }

    /** A client with its secret. */
    public record Client(String id, String secret) {
        @Override
        public String toString() {
            return "client " + id;
        }
    }

    /**
     * Keycloak's admin API.
     *
     * @param url the server's, without {@code /realms/…}
     * @param client one whose service account has the roles {@code view-users}, {@code query-users} and {@code view-realm}
     * @param cache how long a look-up is believed: a removed group takes effect within it
     */
    public record Directory(String url, String realm, Client client, Duration cache) {}
}
