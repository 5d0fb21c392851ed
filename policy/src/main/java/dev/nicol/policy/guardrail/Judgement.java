package dev.nicol.policy.guardrail;

import java.util.List;

/**
 * What guardrails say of a statement.
 *
 * @param verdict the strictest of the rules that tripped
 * @param tripped those rules, strictest first
 * @param onRows rules that trip once the statement has written more rows than their {@code rows_over}, strictest first:
 *     all else that they ask for holds
 */
public record Judgement(GuardrailRule.Verdict verdict, List<GuardrailRule> tripped, List<GuardrailRule> onRows) {
    public Judgement {
        tripped = List.copyOf(tripped);
        onRows = List.copyOf(onRows);
    }
}
