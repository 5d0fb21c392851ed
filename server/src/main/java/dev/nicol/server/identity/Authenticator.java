package dev.nicol.server.identity;

import java.util.List;

/** Credentials in, principal out. Every HTTP request passes here. */
@FunctionalInterface
public interface Authenticator {
    /** User name and password. */
    String BASIC = "Basic realm=\"Nicol\", charset=\"UTF-8\"";

    /** An access token. */
    String BEARER = "Bearer realm=\"Nicol\"";

    /**
     * Verifies what a request presents.
     *
     * @return who is there, before connection properties are applied
     * @throws dev.nicol.policy.NicolException {@code NOT_AUTHENTICATED}, without saying which part was wrong
     */
    Principal authenticate(Presented presented);

    /** What a request without credentials is told to come back with: values of {@code WWW-Authenticate} (RFC 9110). */
    default List<String> challenges() {
        return List.of(BASIC);
    }
}
