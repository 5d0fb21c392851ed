package dev.nicol.policy;

/**
 * Whom a rule is for: {@code to} names them, {@code except} takes some out again and wins.
 *
 * @param to an empty selector means everyone
 * @param except an empty selector means no one
 */
public record Audience(SubjectSelector to, SubjectSelector except) {
    public static final Audience EVERYONE = new Audience(SubjectSelector.EMPTY, SubjectSelector.EMPTY);

    /** Whether a rule that opens something is for the subject. In doubt it is not. */
    public boolean opensTo(Subject subject) {
        return (to.isEmpty() || to.matches(subject)) && !(!except.isEmpty() && except.reaches(subject));
    }

    /** Whether a rule that restricts something (a filter, a mask, a guardrail) is for the subject. In doubt it is. */
    public boolean binds(Subject subject) {
        return (to.isEmpty() || to.reaches(subject)) && !(!except.isEmpty() && except.matches(subject));
    }
}
