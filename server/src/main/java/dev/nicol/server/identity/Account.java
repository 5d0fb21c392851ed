package dev.nicol.server.identity;

import dev.nicol.policy.NicolError;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What is known of a human or an agent, whoever knows it: the users file, or a token and its issuer.
 *
 * @param purposes declared ones; a human who declares none may state any for the record
 * @param actsFor humans on whose behalf an agent may say that it acts; empty for humans
 */
record Account(
        String name,
        boolean agent,
        Set<String> groups,
        Set<String> roles,
        Map<String, String> attributes,
        Set<String> purposes,
        Set<String> actsFor) {
    Account {
        groups = Set.copyOf(groups);
        roles = Set.copyOf(roles);
        attributes = Map.copyOf(attributes);
        purposes = Set.copyOf(purposes);
        actsFor = Set.copyOf(actsFor);
    }

    /**
     * The same with fewer purposes. Who declares none has none declared by this either: a purpose that is only stated opens
     * nothing.
     *
     * @param only empty: no fewer
     * @throws dev.nicol.policy.NicolException {@code NOT_PERMITTED} where none is left
     */
    Account withinPurposes(Set<String> only) {
        if (only.isEmpty() || purposes.isEmpty()) {
            return this;
        }
        Set<String> left = new HashSet<>(only);
        left.retainAll(purposes);
        if (left.isEmpty()) {
            throw NicolError.NOT_PERMITTED.because("`" + name + "` may state none of these purposes any more.");
        }
        return new Account(name, agent, groups, roles, attributes, left, actsFor);
    }

    @Override
    public String toString() {
        return (agent ? "agent " : "user ") + name;
    }
}
