package dev.nicol.policy.guardrail;

import dev.nicol.policy.Subject;
import dev.nicol.policy.guardrail.GuardrailRule.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

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

    private static final Comparator<GuardrailRule> STRICTEST_FIRST =
            Comparator.comparing(GuardrailRule::action).reversed();

    private Guardrails() {}

    /**
     * Judges a statement. A rule trips when every condition it names holds; statements that touch no data, such as SET, trip
     * none.
     */
    public static Judgement judge(List<GuardrailRule> rules, Subject subject, StatementFacts facts) {
        List<GuardrailRule> tripped = new ArrayList<>();
        List<GuardrailRule> onRows = new ArrayList<>();
        for (GuardrailRule rule : facts.statement() == null ? List.<GuardrailRule>of() : rules) {
            if (rule.audience().binds(subject) && holds(rule, facts, true)) {
                if (rule.rowsOver() != null && writesRows(facts)) {
                    onRows.add(rule);
                } else if (rule.rowsOver() == null || over(rule.rowsOver(), facts.estimatedRows())) {
                    tripped.add(rule);
                }
            }
        }
        tripped.sort(STRICTEST_FIRST);
        onRows.sort(STRICTEST_FIRST);
        GuardrailRule.Verdict verdict =
                tripped.isEmpty() ? GuardrailRule.Verdict.ALLOW : tripped.get(0).action();
        return new Judgement(verdict, tripped, onRows);
    }

    /** Whether any rule asks what subjects spend. */
    public static boolean countSpending(List<GuardrailRule> rules) {
        for (GuardrailRule rule : rules) {
            if (hasBudget(rule)) {
                return true;
            }
        }
        return false;
    }

    /** The rules that deny, and trip as soon as the subject has spent their budget: all else that they ask for holds. */
    public static List<GuardrailRule> denyingWhenSpent(
            List<GuardrailRule> rules, Subject subject, StatementFacts facts) {
        List<GuardrailRule> denying = new ArrayList<>();
        for (GuardrailRule rule : rules) {
            if (rule.action() == GuardrailRule.Verdict.DENY
                    && hasBudget(rule)
                    && rule.audience().binds(subject)
                    && holds(rule, facts, false)) {
                denying.add(rule);
            }
        }
        return denying;
    }

    private static boolean hasBudget(GuardrailRule rule) {
        for (Condition condition : rule.conditions()) {
            if (condition instanceof Budget) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether all but {@code rows_over} holds. Every statement comes through here once for each rule.
     *
     * @param spent whether budgets must be, too
     */
    private static boolean holds(GuardrailRule rule, StatementFacts facts, boolean spent) {
        if (!rule.statements().isEmpty() && !rule.statements().contains(facts.statement())
                || !rule.tags().isEmpty() && Collections.disjoint(rule.tags(), facts.tags())
                || !rule.environments().isEmpty() && Collections.disjoint(rule.environments(), facts.environments())) {
            return false;
        }
        for (Condition condition : rule.conditions()) {
            if ((spent || !(condition instanceof Budget)) && !condition.holds(facts)) {
                return false;
            }
        }
        return true;
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
