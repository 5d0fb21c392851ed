package dev.nicol.server.identity;

import java.util.Map;
import java.util.Set;

/**
 * One entry of the users file.
 *
 * @param agent whether it is under {@code agents}
 * @param passwordHash an Argon2id hash in PHC form
 * @param purposes declared ones; a human who declares none may state any for the record
 * @param actsFor humans on whose behalf an agent may act; empty for humans
 */
record LocalUser(
        String name,
        boolean agent,
        String passwordHash,
        Set<String> groups,
        Set<String> roles,
        Map<String, String> attributes,
        Set<String> purposes,
        Set<String> actsFor) {
    LocalUser {
        groups = Set.copyOf(groups);
        roles = Set.copyOf(roles);
        attributes = Map.copyOf(attributes);
        purposes = Set.copyOf(purposes);
        actsFor = Set.copyOf(actsFor);
    }

    @Override
    public String toString() {
        return (agent ? "agent " : "user ") + name;
    }
}
