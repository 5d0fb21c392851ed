package dev.nicol.policy.guardrail;

import java.util.Set;

/** One further condition of a guardrail rule: a record, so that equal ones are equal. */
public interface Condition {
    /** Whether it holds for the statement. What cannot be told holds, so that a rule errs on the strict side. */
    boolean holds(StatementFacts facts);

    /** As a policy file would say it, always in the same words: {@code key: value}. */
    @Override
    String toString();

    /** Whether this certainly holds wherever the other does. */
    default boolean includes(Condition other) {
        return equals(other);
    }

    /** Kinds of statement for which it can hold. */
    default Set<GuardrailRule.Statement> kinds() {
        return Set.of(GuardrailRule.Statement.values());
    }

    /** Tags that it names, upper case. */
    default Set<String> tags() {
        return Set.of();
    }

    /** Sources that it names. */
    default Set<String> sources() {
        return Set.of();
    }
}
