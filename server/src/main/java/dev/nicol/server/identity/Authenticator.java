package dev.nicol.server.identity;

import dev.nicol.policy.Subject;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Credentials in, subject out. Every HTTP request passes here. */
public interface Authenticator {
    /**
     * Verifies the value of an {@code Authorization} header.
     *
     * @return who is there, before connection properties are applied
     * @throws dev.nicol.policy.NicolException {@code NOT_AUTHENTICATED}, without saying which part was wrong
     */
    Principal authenticate(@Nullable String authorizationHeader);

    /**
     * The subject of a connection: the principal, and what the connection's properties state ({@code purpose, job, model,
     * client, on_behalf_of}).
     *
     * @throws dev.nicol.policy.NicolException {@code NOT_PERMITTED} for an undeclared purpose or human
     */
    Subject subject(Principal principal, Map<String, String> connectionProperties);

    /** An authenticated name: a human's or an agent's. */
    record Principal(String name, boolean agent) {}
}
