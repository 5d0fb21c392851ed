package dev.nicol.policy.guardrail;

import dev.nicol.policy.Subject;
import java.util.Comparator;
import java.util.List;

/** The one list of guardrails, and their judgement of a statement. */
public final class Guardrails {
    private static final List<Guardrail> ALL = List.of(new StatementInEnvironment(), new UnboundedWrite());

    private Guardrails() {}

    /**
     * Judges a statement. A rule trips when every condition it names holds; a condition that cannot be told yet
     * ({@code tags}, {@code rows_over}) counts as one that holds, so that it errs towards the rule.
     */
    public static Judgement judge(List<GuardrailRule> rules, Subject subject, StatementFacts facts) {
        List<GuardrailRule> tripped = rules.stream()
                .filter(rule -> rule.audience().binds(subject))
                .filter(rule ->
                        ALL.stream().allMatch(guardrail -> !guardrail.asked(rule) || guardrail.holds(rule, facts)))
                .sorted(Comparator.comparing(GuardrailRule::action).reversed())
                .toList();
        GuardrailRule.Verdict verdict =
                tripped.isEmpty() ? GuardrailRule.Verdict.ALLOW : tripped.get(0).action();
        return new Judgement(verdict, tripped);
    }
}
