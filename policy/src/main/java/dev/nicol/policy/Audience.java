package dev.nicol.policy;

/**
 * Whom a rule is for: {@code to} names them, {@code except} takes some out again and wins.
 *
 * @param to an empty selector means everyone
 * @param except an empty selector means no one
 */
public record Audience(SubjectSelector to, SubjectSelector except) {
    public static final Audience EVERYONE = new Audience(SubjectSelector.EMPTY, SubjectSelector.EMPTY);

    public boolean includes(Subject subject) {
        return (to.isEmpty() || to.matches(subject)) && !(!except.isEmpty() && except.matches(subject));
    }
}
