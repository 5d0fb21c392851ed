package dev.nicol.policy;

import dev.nicol.policy.mask.MaskRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds masks that are certain to meet: a name or tag that both name, and a subject that both are for. What only a
 * catalogue or a user directory could tell is left to {@link PolicyEngine}, which then shows nothing.
 */
final class MaskConflicts {
    private MaskConflicts() {}

    /** What both mask for the same subject, in words; empty when that is not certain. */
    static Optional<String> between(MaskRule one, MaskRule other) {
        Optional<String> place = commonColumn(one, other);
        return place.isPresent() && meet(one.audience(), other.audience()) ? place : Optional.empty();
    }

    private static Optional<String> commonColumn(MaskRule one, MaskRule other) {
        for (NamePattern pattern : one.columns()) {
            for (NamePattern against : other.columns()) {
                if (pattern.glob().equalsIgnoreCase(against.glob())
                        || against.exact() && pattern.matches(against.glob())) {
                    return Optional.of("column `" + against.glob() + "`");
                } else if (pattern.exact() && against.matches(pattern.glob())) {
                    return Optional.of("column `" + pattern.glob() + "`");
                }
            }
        }
        Set<String> tags = new TreeSet<>(one.tags());
        tags.retainAll(other.tags());
        return tags.stream().findFirst().map(tag -> "tag `" + tag + "`");
    }

    private static boolean meet(Audience one, Audience other) {
        List<Subject> witnesses = new ArrayList<>();
        witnesses.add(Subject.human("", Set.of(), Set.of(), Map.of()));
        for (SubjectSelector selector : List.of(one.to(), other.to())) {
            selector.users().forEach(user -> witnesses.add(Subject.human(user, Set.of(), Set.of(), Map.of())));
            selector.groups().forEach(group -> witnesses.add(Subject.human("", Set.of(group), Set.of(), Map.of())));
            selector.roles().forEach(role -> witnesses.add(Subject.human("", Set.of(), Set.of(role), Map.of())));
            selector.agents().forEach(agent -> witnesses.add(agent(agent)));
            selector.purposes()
                    .forEach(purpose -> witnesses.add(
                            Subject.human("", Set.of(), Set.of(), Map.of()).withPurpose(purpose)));
            witnesses.add(Subject.human("", Set.of(), Set.of(), selector.attributes()));
        }
        return witnesses.stream().anyMatch(subject -> one.binds(subject) && other.binds(subject));
    }

    private static Subject agent(String name) {
        return new Subject("", name, Set.of(), Set.of(), Map.of(), Set.of(), null, null, null, null);
    }
}
