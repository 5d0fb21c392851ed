package dev.nicol.policy.check;

import dev.nicol.policy.Subject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Everyone who can log in.
 *
 * @param subjects humans, and agents acting alone
 */
public record KnownSubjects(List<Subject> subjects) {
    /** Roles that mean something without anyone having them. */
    public static final Set<String> BUILT_IN_ROLES = Set.of("auditor", "steward", "operator");

    public KnownSubjects {
        subjects = List.copyOf(subjects);
    }

    Set<String> users() {
        Set<String> users = new HashSet<>();
        subjects.stream().filter(subject -> subject.agent() == null).forEach(subject -> users.add(subject.userName()));
        return users;
    }

    Set<String> agents() {
        Set<String> agents = new HashSet<>();
        for (Subject subject : subjects) {
            String agent = subject.agent();
            if (agent != null) {
                agents.add(agent);
            }
        }
        return agents;
    }

    Set<String> groups() {
        Set<String> groups = new HashSet<>();
        subjects.forEach(subject -> groups.addAll(subject.groups()));
        return groups;
    }

    Set<String> roles() {
        Set<String> roles = new HashSet<>(BUILT_IN_ROLES);
        subjects.forEach(subject -> roles.addAll(subject.roles()));
        return roles;
    }

    Set<String> purposes() {
        Set<String> purposes = new HashSet<>();
        subjects.forEach(subject -> purposes.addAll(subject.allowedPurposes()));
        return purposes;
    }
}
