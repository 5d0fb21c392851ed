package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.GuardrailRule.Verdict;
import dev.nicol.policy.guardrail.Judgement;
import dev.nicol.server.approval.Approval;
import dev.nicol.server.audit.AuditTrail;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Judges a write by its rows: as they are counted before, and again as they were written, before that lasts. What may only be
 * counted ends here too.
 */
final class RowsGuard {
    private final HeldStatements held;
    private final AuditTrail trail;
    private final PlannedStatement planned;
    private final String statementId;
    private final Judgement judgement;
    private boolean warned;

    RowsGuard(HeldStatements held, AuditTrail trail, PlannedStatement planned, String statementId) {
        this.held = held;
        this.trail = trail;
        this.planned = planned;
        this.statementId = statementId;
        this.judgement = planned.admitted().guarded().judgement();
    }

    /** Whether anything depends on how many rows it writes. */
    static boolean counts(ApproveStage.AdmittedStatement admitted) {
        return admitted.isHeld()
                || admitted.approval() != null
                || !admitted.guarded().judgement().onRows().isEmpty();
    }

    /** @param rows that will be written; null where that cannot be told before */
    void before(@Nullable Long rows) {
        if (rows != null) {
            judge(rows);
        }
        if (planned.admitted().isHeld()) {
            throw held.filed(planned, statementId, holding(rows == null ? 0 : rows), rows, "");
        }
    }

    /** So many rows have been written, and can be taken back. */
    void judge(long rows) {
        List<GuardrailRule> over = over(rows);
        if (!over.isEmpty() && over.get(0).action() == Verdict.DENY) {
            GuardrailRule rule = over.get(0);
            throw NicolError.GUARDRAIL_DENIED.because("Guardrail `" + rule.name()
                    + "` denies this statement: it would write "
                    + rows + " rows, more than " + rule.rowsOver() + ". Narrow it, or ask a steward whether it may be"
                    + " changed.");
        }
        Approval approval = planned.admitted().approval();
        List<GuardrailRule> holding = holding(rows);
        if (approval == null) {
            if (!holding.isEmpty() && !planned.admitted().isHeld()) {
                throw held.filed(planned, statementId, holding, rows, "");
            }
        } else if (approval.countedRows() != null && rows > approval.countedRows()) {
            throw held.filed(
                    planned,
                    statementId,
                    holding,
                    rows,
                    " Request " + approval.approvalId() + " was approved for " + approval.countedRows() + " rows.");
        } else if (!approval.rules()
                .containsAll(holding.stream().map(GuardrailRule::name).toList())) {
            throw held.filed(
                    planned,
                    statementId,
                    holding,
                    rows,
                    " Request " + approval.approvalId() + " was approved for other guardrails.");
        }
        warn(over, rows);
    }

    private List<GuardrailRule> over(long rows) {
        return judgement.onRows().stream()
                .filter(rule -> rows > Objects.requireNonNull(rule.rowsOver(), "it is judged by its rows"))
                .toList();
    }

    /** Every rule that holds it, those that always do before those that its rows trip. */
    private List<GuardrailRule> holding(long rows) {
        List<GuardrailRule> holding = new ArrayList<>(judgement.tripped());
        holding.addAll(over(rows));
        holding.removeIf(rule -> rule.action() != Verdict.HOLD);
        return holding;
    }

    /** Its intent is durable already, so the warning is an event beside it. */
    private void warn(List<GuardrailRule> over, long rows) {
        if (warned) {
            return;
        }
        for (GuardrailRule rule : over) {
            if (rule.action() == Verdict.WARN) {
                warned = true;
                trail.event(
                        "guardrail_warned",
                        planned.invocation().subject().userName(),
                        "statement " + statementId + ": `" + rule.name() + "`, " + rows + " rows");
            }
        }
    }
}
