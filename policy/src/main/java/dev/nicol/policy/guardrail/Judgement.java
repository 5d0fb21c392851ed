package dev.nicol.policy.guardrail;

import java.util.List;

/**
 * What guardrails say of a statement.
 *
 * @param verdict the strictest of the rules that tripped
 * @param tripped those rules, strictest first
 */
public record Judgement(GuardrailRule.Verdict verdict, List<GuardrailRule> tripped) {
    public Judgement {
        tripped = List.copyOf(tripped);
    }
}
