package dev.nicol.server.pipeline;

import dev.nicol.policy.guardrail.Judgement;
import dev.nicol.policy.guardrail.StatementFacts;

/**
 * A statement that guardrails have judged.
 *
 * @param facts what they asked, and may be asked again
 */
public record GuardedStatement(TracedStatement traced, Judgement judgement, StatementFacts facts) {
    public ParsedStatement parsed() {
        return traced.parsed();
    }
}
