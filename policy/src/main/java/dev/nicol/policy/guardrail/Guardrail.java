package dev.nicol.policy.guardrail;

/** One condition that a guardrail rule can name. */
interface Guardrail {
    /** Whether the rule names this condition. */
    boolean asked(GuardrailRule rule);

    /** Whether the condition holds for the statement. */
    boolean holds(GuardrailRule rule, StatementFacts facts);
}
