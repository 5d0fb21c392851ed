package dev.nicol.server.pipeline;

import dev.nicol.policy.guardrail.Judgement;

/**
 * A statement that guardrails have judged.
 *
 * @param allowance what it adds to what its subject spends
 */
public record GuardedStatement(TracedStatement traced, Judgement judgement, Allowance allowance) {
    public ParsedStatement parsed() {
        return traced.parsed();
    }
}
