package dev.nicol.policy.guardrail;

/** UPDATE or DELETE without an effective WHERE. */
final class UnboundedWrite implements Guardrail {
    @Override
    public boolean asked(GuardrailRule rule) {
        return rule.check() == GuardrailRule.Check.UNBOUNDED_WRITE;
    }

    @Override
    public boolean holds(GuardrailRule rule, StatementFacts facts) {
        return facts.unboundedWrite();
    }
}
