package dev.nicol.policy.guardrail;

import java.util.Set;

/** UPDATE or DELETE without an effective WHERE. */
record UnboundedWrite() implements Condition {
    static final ConditionType TYPE = ConditionType.check("unbounded_write", UnboundedWrite::new);

    @Override
    public boolean holds(StatementFacts facts) {
        return facts.unboundedWrite();
    }

    @Override
    public Set<GuardrailRule.Statement> kinds() {
        return Set.of(GuardrailRule.Statement.UPDATE, GuardrailRule.Statement.DELETE);
    }

    @Override
    public String toString() {
        return "check: unbounded_write";
    }
}
