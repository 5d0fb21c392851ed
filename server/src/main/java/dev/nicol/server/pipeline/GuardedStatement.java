package dev.nicol.server.pipeline;

import dev.nicol.policy.guardrail.Judgement;

/** A statement that guardrails have judged. */
public record GuardedStatement(TracedStatement traced, Judgement judgement) {
    public ParsedStatement parsed() {
        return traced.parsed();
    }
}
