package dev.nicol.policy.guardrail;

/** More joins than a person would write. */
record JoinsOver(long joins) implements Condition {
    private static final String KEY = "joins_over";
    static final ConditionType TYPE = ConditionType.number(KEY, JoinsOver::new);

    @Override
    public boolean holds(StatementFacts facts) {
        return facts.joins() > joins;
    }

    @Override
    public boolean includes(Condition other) {
        return other instanceof JoinsOver that && joins <= that.joins;
    }

    @Override
    public String toString() {
        return KEY + ": " + joins;
    }
}
