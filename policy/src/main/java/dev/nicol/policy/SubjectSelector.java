package dev.nicol.policy;

import java.util.Map;
import java.util.Set;

/**
 * Names subjects as policy files do. Kinds are alternatives: one user, or one group, or one role … that matches is
 * enough. Attributes must all be equal.
 */
public record SubjectSelector(
        Set<String> users,
        Set<String> groups,
        Set<String> roles,
        Set<String> agents,
        Set<String> purposes,
        Map<String, String> attributes) {
    public static final SubjectSelector EMPTY =
            new SubjectSelector(Set.of(), Set.of(), Set.of(), Set.of(), Set.of(), Map.of());

    public SubjectSelector {
        users = Set.copyOf(users);
        groups = Set.copyOf(groups);
        roles = Set.copyOf(roles);
        agents = Set.copyOf(agents);
        purposes = Set.copyOf(purposes);
        attributes = Map.copyOf(attributes);
    }

    public boolean isEmpty() {
        return equals(EMPTY);
    }

    public boolean matches(Subject subject) {
        return users.contains(subject.userName()) && subject.agent() == null
                || subject.agent() != null && agents.contains(subject.agent())
                || subject.groups().stream().anyMatch(groups::contains)
                || subject.roles().stream().anyMatch(roles::contains)
                || subject.purpose() != null && purposes.contains(subject.purpose())
                || !attributes.isEmpty() && subject.attributes().entrySet().containsAll(attributes.entrySet());
    }
}
