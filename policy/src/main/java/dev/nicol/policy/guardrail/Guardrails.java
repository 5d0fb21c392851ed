package dev.nicol.policy.guardrail;

import dev.nicol.policy.Subject;
import dev.nicol.policy.guardrail.GuardrailRule.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/** The one list of guardrails, and their judgement of a statement. */
public final class Guardrails {
    public static final List<ConditionType> ALL = List.of(
            UnboundedWrite.TYPE,
            CartesianProduct.TYPE,
            AgentWithoutPurpose.TYPE,
            FirstRead.TYPE,
            UnboundedRead.TYPE,
            JoinsOver.TYPE,
            JoinedWith.TYPE,
            TagsTogether.TYPE,
            Times.TYPE,
            Budget.TYPE);

    private Guardrails() {}

    /**
     * Judges a statement. A rule trips when every condition it names holds; statements that touch no data, such as SET, trip
     * none.
     */
    public static Judgement judge(List<GuardrailRule> rules, Subject subject, StatementFacts facts) {
        List<GuardrailRule> tripped = new ArrayList<>();
        List<GuardrailRule> onRows = new ArrayList<>();
        for (GuardrailRule rule : facts.statement() == null ? List.<GuardrailRule>of() : rules) {
            if (rule.audience().binds(subject) && holds(rule, facts)) {
                if (rule.rowsOver() != null && writesRows(facts)) {
                    onRows.add(rule);
                } else if (rule.rowsOver() == null || over(rule.rowsOver(), facts.estimatedRows())) {
                    tripped.add(rule);
                }
            }
        }
        Comparator<GuardrailRule> strictestFirst =
                Comparator.comparing(GuardrailRule::action).reversed();
        tripped.sort(strictestFirst);
        onRows.sort(strictestFirst);
        GuardrailRule.Verdict verdict =
                tripped.isEmpty() ? GuardrailRule.Verdict.ALLOW : tripped.get(0).action();
        return new Judgement(verdict, tripped, onRows);
    }

    /** Whether any rule asks what subjects spend. */
    public static boolean countSpending(List<GuardrailRule> rules) {
        return rules.stream().anyMatch(rule -> rule.conditions().stream().anyMatch(Budget.class::isInstance));
    }

    /** The rules that deny, and trip as soon as the subject has spent their budget: all else that they ask for holds. */
    public static List<GuardrailRule> denyingWhenSpent(
            List<GuardrailRule> rules, Subject subject, StatementFacts facts) {
        return rules.stream()
                .filter(rule -> rule.action() == GuardrailRule.Verdict.DENY)
                .filter(rule -> rule.conditions().stream().anyMatch(Budget.class::isInstance))
                .filter(rule -> rule.audience().binds(subject)
                        && holds(rule, facts, condition -> condition instanceof Budget || condition.holds(facts)))
                .toList();
    }

    /** Whether all but {@code rows_over} holds. */
    private static boolean holds(GuardrailRule rule, StatementFacts facts) {
        return holds(rule, facts, condition -> condition.holds(facts));
    }

    private static boolean holds(GuardrailRule rule, StatementFacts facts, Predicate<Condition> further) {
        return (rule.statements().isEmpty() || rule.statements().contains(facts.statement()))
                && (rule.environments().isEmpty()
                        || facts.environments().stream().anyMatch(rule.environments()::contains))
                && (rule.tags().isEmpty() || facts.tags().stream().anyMatch(rule.tags()::contains))
                && rule.conditions().stream().allMatch(further);
    }

    /** What an INSERT, UPDATE or DELETE writes is counted when it runs; a definition is estimated, as a read is. */
    private static boolean writesRows(StatementFacts facts) {
        Statement statement = facts.statement();
        return statement == Statement.INSERT || statement == Statement.UPDATE || statement == Statement.DELETE;
    }

    /** An unknown number of rows is over every bound. */
    static boolean over(long bound, OptionalDouble rows) {
        return rows.isEmpty() || rows.getAsDouble() > bound;
    }
}
