package dev.nicol.policy.guardrail;

import java.util.Set;

/** A read of a large table without a condition or limit. */
record UnboundedRead(long rows) implements Condition {
    private static final String KEY = "unbounded_read_over";
    static final ConditionType TYPE = ConditionType.number(KEY, UnboundedRead::new);

    @Override
    public boolean holds(StatementFacts facts) {
        return facts.readsUnbounded(rows);
    }

    @Override
    public boolean includes(Condition other) {
        return other instanceof UnboundedRead that && rows <= that.rows;
    }

    @Override
    public Set<GuardrailRule.Statement> kinds() {
        return Set.of(GuardrailRule.Statement.SELECT, GuardrailRule.Statement.INSERT, GuardrailRule.Statement.CREATE);
    }

    @Override
    public String toString() {
        return KEY + ": " + rows;
    }
}
