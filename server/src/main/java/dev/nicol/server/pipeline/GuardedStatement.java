package dev.nicol.server.pipeline;

import dev.nicol.policy.guardrail.Judgement;
import dev.nicol.policy.guardrail.StatementFacts;

/**
 * A statement that guardrails have judged.
 *
 * @param facts what they asked, and may be asked again
 * @param allowance what it adds to what its subject spends
 */
public record GuardedStatement(TracedStatement traced, Judgement judgement, StatementFacts facts, Allowance allowance) {
    public ParsedStatement parsed() {
        return traced.parsed();
    }
}
