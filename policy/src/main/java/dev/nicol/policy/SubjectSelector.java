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

    /**
     * Whether the subject has a right that is given to these. An agent needs it itself and from its human; a purpose
     * counts only where the subject's declaration names it, so that nobody opens data by stating a purpose.
     */
    public boolean matches(Subject subject) {
        return users.contains(subject.userName()) && subject.agent() == null
                || subject.purpose() != null
                        && purposes.contains(subject.purpose())
                        && subject.allowedPurposes().contains(subject.purpose())
                || matches(subject, subject.groups(), subject.roles());
    }

    /** Whether the subject is under a restriction that is laid on these: an agent is when it or its human is. */
    public boolean reaches(Subject subject) {
        return users.contains(subject.userName())
                || subject.purpose() != null && purposes.contains(subject.purpose())
                || matches(subject, subject.bindingGroups(), subject.bindingRoles());
    }

    private boolean matches(Subject subject, Set<String> itsGroups, Set<String> itsRoles) {
        return subject.agent() != null && agents.contains(subject.agent())
                || itsGroups.stream().anyMatch(groups::contains)
                || itsRoles.stream().anyMatch(roles::contains)
                || !attributes.isEmpty() && subject.attributes().entrySet().containsAll(attributes.entrySet());
    }
}
