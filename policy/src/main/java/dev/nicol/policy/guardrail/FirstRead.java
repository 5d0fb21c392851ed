package dev.nicol.policy.guardrail;

import java.util.Set;

/**
 * A tagged column that its reader never read before.
 *
 * @param tagged columns with one of these tags, upper case; empty: with any
 */
record FirstRead(Set<String> tagged) implements Condition {
    private static final String WORD = "first_read";
    static final ConditionType TYPE =
            new ConditionType(ConditionType.CHECK, WORD, rule -> new FirstRead(ConditionType.tags(rule, "tags")));

    FirstRead {
        tagged = Set.copyOf(tagged);
    }

    @Override
    public boolean holds(StatementFacts facts) {
        return facts.readsFirst(tagged);
    }

    @Override
    public boolean includes(Condition other) {
        return other instanceof FirstRead that
                && (tagged.isEmpty() || !that.tagged.isEmpty() && tagged.containsAll(that.tagged));
    }

    /** The tags are those of the rule. */
    @Override
    public String toString() {
        return ConditionType.CHECK + ": " + WORD;
    }
}
