package dev.nicol.server.identity;

import com.nimbusds.jwt.JWTClaimsSet;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads who is there from the claims of a verified token. Values of an unexpected type are as if they were not there. */
final class TokenClaims {
    /** The claim that has the user's name at Keycloak, service accounts included. */
    static final String USER_NAME = "preferred_username";

    /** Of the protocol (RFC 7519, 8693, 9068, OpenID Connect) and of Keycloak: nothing of a person. */
    private static final Set<String> PROTOCOL = Set.of(
            "iss",
            "sub",
            "aud",
            "exp",
            "nbf",
            "iat",
            "jti",
            "typ",
            "azp",
            "client_id",
            "auth_time",
            "acr",
            "amr",
            "nonce",
            "at_hash",
            "c_hash",
            "s_hash",
            "sid",
            "session_state",
            "scope",
            "act",
            "may_act",
            "cnf",
            "allowed-origins",
            "realm_access",
            "resource_access",
            USER_NAME,
            "clientHost",
            "clientAddress");

    /** What Keycloak calls the user of a client that logged in as itself. */
    static final String SERVICE_ACCOUNT = "service-account-";

    private final OidcSettings settings;
    private final Map<String, Object> claims;

    TokenClaims(OidcSettings settings, JWTClaimsSet claims) {
        this.settings = settings;
        this.claims = claims.getClaims();
    }

    /** The issuer's own id of the user. */
    String subjectId() {
        return String.valueOf(text(claims, "sub"));
    }

    /** The user's name as it is in SQL and in the trail; null where the token carries none. */
    @Nullable
    String name() {
        String claim = settings.claims().name();
        // an address that nobody verified may be anybody's
        return claim.equals("email") && !Boolean.TRUE.equals(claims.get("email_verified")) ? null : text(claims, claim);
    }

    /** The client that the token was issued to. */
    @Nullable
    String client() {
        String party = text(claims, "azp");
        return party == null ? text(claims, "client_id") : party;
    }

    /** Whether the client logged in as itself, for no human. */
    boolean isOfClientItself() {
        String client = client();
        return client != null
                && (client.equals(text(claims, "sub"))
                        // whatever claim names people
                        || (SERVICE_ACCOUNT + client).equals(text(claims, USER_NAME)));
    }

    /** The agent that acts: the token's actor, a client as itself, or a client that is known to be an agent. */
    @Nullable
    String agent() {
        Map<String, Object> actor = actor();
        if (actor != null) {
            for (String claim :
                    new String[] {"client_id", "azp", settings.claims().name(), "sub"}) {
                String named = text(actor, claim);
                if (named != null) {
                    return named.startsWith(SERVICE_ACCOUNT) ? named.substring(SERVICE_ACCOUNT.length()) : named;
                }
            }
        }
        String client = client();
        return isOfClientItself() || client != null && settings.agents().contains(client) ? client : null;
    }

    /** Whether it says that somebody acts, whom it then has to name. */
    boolean hasActor() {
        return claims.containsKey("act");
    }

    /** The {@code act} claim (RFC 8693): the party that acts now. Those inside it acted before, and count for nothing. */
    private @Nullable Map<String, Object> actor() {
        return claims.get("act") instanceof Map<?, ?> map ? texts(map) : null;
    }

    Set<String> groups() {
        Set<String> groups = new HashSet<>();
        list(settings.claims().groups())
                .forEach(group -> groups.add(group.startsWith("/") ? group.substring(1) : group));
        return groups;
    }

    Set<String> roles() {
        return list(settings.claims().roles());
    }

    Set<String> purposes() {
        return list(settings.claims().purposes());
    }

    Map<String, String> attributes() {
        String claim = settings.claims().attributes();
        Map<String, Object> from = claims;
        if (claim != null) {
            from = value(claim) instanceof Map<?, ?> map ? texts(map) : Map.of();
        }
        Map<String, String> attributes = new HashMap<>();
        from.forEach((name, value) -> {
            String text = attribute(value);
            if (text != null && (claim != null || !PROTOCOL.contains(name))) {
                attributes.put(name, text);
            }
        });
        return attributes;
    }

    /** Several values as one text, which equals none of them. */
    private static @Nullable String attribute(Object value) {
        if (value instanceof String || value instanceof Number || value instanceof Boolean) {
            return value.toString();
        }
        return value instanceof Collection<?> several && several.stream().allMatch(String.class::isInstance)
                ? several.stream().map(String.class::cast).sorted().collect(Collectors.joining(","))
                : null;
    }

    /** The key's thumbprint that a token is bound to (RFC 8705), as {@code x5t#S256}; null where it is bound to none. */
    @Nullable
    Object confirmation() {
        return claims.get("cnf");
    }

    private static @Nullable String text(Map<String, Object> from, String claim) {
        return from.get(claim) instanceof String text && !text.isBlank() ? text : null;
    }

    private Set<String> list(String path) {
        Set<String> found = new HashSet<>();
        Object value = value(path);
        if (value instanceof String words) {
            // as the scope claim has it
            found.addAll(words(words));
        } else if (value instanceof Collection<?> several) {
            several.forEach(one -> {
                if (one instanceof String word && !word.isBlank()) {
                    found.add(word);
                }
            });
        }
        return found;
    }

    /** Words that blanks or commas separate. */
    static Set<String> words(String text) {
        return Arrays.stream(text.split("[\\s,]+"))
                .filter(word -> !word.isEmpty())
                .collect(Collectors.toSet());
    }

    /** A claim of that name, dots included, else what dots lead to. */
    private @Nullable Object value(String path) {
        if (claims.containsKey(path)) {
            return claims.get(path);
        }
        Object at = claims;
        for (String step : path.split("\\.")) {
            at = at instanceof Map<?, ?> map ? map.get(step) : null;
        }
        return at;
    }

    private static Map<String, Object> texts(Map<?, ?> map) {
        Map<String, Object> read = new HashMap<>();
        map.forEach((name, value) -> {
            if (name instanceof String text && value != null) {
                read.put(text, value);
            }
        });
        return read;
    }
}
