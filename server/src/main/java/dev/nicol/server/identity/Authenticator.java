package dev.nicol.server.identity;

/** Credentials in, principal out. Every HTTP request passes here. */
@FunctionalInterface
public interface Authenticator {
    /**
     * Verifies what a request presents.
     *
     * @return who is there, before connection properties are applied
     * @throws dev.nicol.policy.NicolException {@code NOT_AUTHENTICATED}, without saying which part was wrong
     */
    Principal authenticate(Presented presented);
}
