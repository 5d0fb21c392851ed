package dev.nicol.policy;

import java.util.ArrayList;
import java.util.List;
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

    /** Whether everyone that the other names is named here too. */
    boolean includes(SubjectSelector other) {
        boolean sameAttributes = other.attributes.isEmpty()
                || !attributes.isEmpty() && other.attributes.entrySet().containsAll(attributes.entrySet());
        return users.containsAll(other.users)
                && groups.containsAll(other.groups)
                && roles.containsAll(other.roles)
                && agents.containsAll(other.agents)
                && purposes.containsAll(other.purposes)
                && sameAttributes;
    }

    /** One subject for each alternative that is named, with nothing but that. */
    List<Subject> witnesses() {
        List<Subject> witnesses = new ArrayList<>();
        users.forEach(user -> witnesses.add(Subject.human(user, Set.of(), Set.of(), Map.of())));
        groups.forEach(group -> witnesses.add(Subject.human("", Set.of(group), Set.of(), Map.of())));
        roles.forEach(role -> witnesses.add(Subject.human("", Set.of(), Set.of(role), Map.of())));
        agents.forEach(agent ->
                witnesses.add(new Subject("", agent, Set.of(), Set.of(), Map.of(), Set.of(), null, null, null, null)));
        purposes.forEach(purpose ->
                witnesses.add(Subject.human("", Set.of(), Set.of(), Map.of()).withPurpose(purpose)));
        witnesses.add(Subject.human("", Set.of(), Set.of(), attributes));
        return witnesses;
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
