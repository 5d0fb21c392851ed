package dev.nicol.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whom a rule is for: {@code to} names them, {@code except} takes some out again and wins.
 *
 * @param to an empty selector means everyone
 * @param except an empty selector means no one
 */
public record Audience(SubjectSelector to, SubjectSelector except) {
    public static final Audience EVERYONE = new Audience(SubjectSelector.EMPTY, SubjectSelector.EMPTY);

    /** Whether nobody is left: everyone that {@code to} names is taken out again. */
    public boolean namesNoOne() {
        return !to.isEmpty() && except.includes(to);
    }

    /** Whether everyone whom the other is for is certainly whom this is for. */
    public boolean includes(Audience other) {
        boolean all = to.isEmpty() || !other.to.isEmpty() && to.includes(other.to);
        return all && (except.isEmpty() || other.except.includes(except));
    }

    /** Whether a restriction for these and one for the others certainly bind some subject together. */
    public boolean meets(Audience other) {
        List<Subject> witnesses = new ArrayList<>();
        witnesses.add(Subject.human("", Set.of(), Set.of(), Map.of()));
        witnesses.addAll(to.witnesses());
        witnesses.addAll(other.to.witnesses());
        return witnesses.stream().anyMatch(subject -> binds(subject) && other.binds(subject));
    }

    /** Whether a rule that opens something is for the subject. In doubt it is not. */
    public boolean opensTo(Subject subject) {
        return (to.isEmpty() || to.matches(subject)) && !(!except.isEmpty() && except.reaches(subject));
    }

    /** Whether a rule that restricts something (a filter, a mask, a guardrail) is for the subject. In doubt it is. */
    public boolean binds(Subject subject) {
        return (to.isEmpty() || to.reaches(subject)) && !(!except.isEmpty() && except.matches(subject));
    }
}
