package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.guardrail.Budget;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Spent;
import dev.nicol.server.audit.SubjectHistory.Spending;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a statement adds to what its subject spends, and where it ends: a rule with a budget that denies ends a result in
 * mid-stream. Used by one thread at a time.
 */
final class Allowance {
    /** Where no rule has a budget. */
    static final Allowance UNCOUNTED = new Allowance(null, List.of());

    /** Rows between two looks at what the subject's other statements spend. */
    private static final long ROWS_BETWEEN = 100;

    private final @Nullable Spending spending;
    private final List<GuardrailRule> denying;

    /** Rows and bytes since the subject's spending was last asked for, and how many there may be until it is asked again. */
    private long passed;

    private long mayPass;
    private long taken;
    private long mayTake;

    /** @param denying rules with a budget of which everything else holds, and which deny */
    Allowance(@Nullable Spending spending, List<GuardrailRule> denying) {
        this.spending = spending;
        this.denying = List.copyOf(denying);
    }

    /** The statement is about to run. */
    void begun() {
        add(new Spent(1, 0, 0));
    }

    /** Rows were written. */
    void wrote(long rows) {
        add(new Spent(0, rows, 0));
    }

    /** One more row is about to be answered. */
    void row() {
        if (spending == null) {
            return;
        }
        if (passed >= mayPass || taken >= mayTake) {
            settle();
            look(spending);
        }
        passed++;
    }

    /** Values of so many bytes were sent. */
    void sent(long bytes) {
        taken += bytes;
    }

    /** No more rows come. */
    void ended() {
        settle();
    }

    private void settle() {
        if (passed > 0 || taken > 0) {
            add(new Spent(0, passed, taken));
            passed = 0;
            taken = 0;
        }
    }

    private void add(Spent spent) {
        if (spending != null) {
            spending.add(spent);
        }
    }

    private void look(Spending of) {
        mayPass = ROWS_BETWEEN;
        mayTake = Long.MAX_VALUE;
        for (GuardrailRule rule : denying) {
            for (Budget budget : budgets(rule)) {
                Spent spent = of.within(budget.per());
                long rows = budget.rowsLeft(spent);
                long bytes = budget.bytesLeft(spent);
                if (rows <= 0 || bytes <= 0) {
                    throw denied(rule);
                }
                mayPass = Math.min(mayPass, rows);
                mayTake = Math.min(mayTake, bytes);
            }
        }
    }

    private static NicolException denied(GuardrailRule rule) {
        return NicolError.GUARDRAIL_DENIED.because(
                "Guardrail `" + rule.name()
                        + "` ends this result: what you may read in this time is used up. Narrow the statement, or try again later.");
    }

    static List<Budget> budgets(GuardrailRule rule) {
        return rule.conditions().stream()
                .filter(Budget.class::isInstance)
                .map(Budget.class::cast)
                .toList();
    }
}
