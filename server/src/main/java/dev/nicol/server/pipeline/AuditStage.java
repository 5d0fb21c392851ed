package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceExecution;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.server.approval.ApprovalStore;
import dev.nicol.server.audit.AuditTrail;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Stages 8 and 10. A durable intent before anything reaches a source, an outcome whatever happens. */
final class AuditStage {
    private final AuditTrail trail;
    private final Supplier<PolicySet> policies;
    private final ApprovalStore approvals;
    private final RunningStatements running;

    AuditStage(AuditTrail trail, Supplier<PolicySet> policies, ApprovalStore approvals, RunningStatements running) {
        this.trail = trail;
        this.policies = policies;
        this.approvals = approvals;
        this.running = running;
    }

    /** Makes the intent durable, or nothing runs. */
    Run begin(Progress progress, PlannedStatement planned, SourceExecution execution) {
        String approvalId = planned.admitted().approvalId();
        String id = progress.statementId();
        String userName = planned.parsed().subject().userName();
        if (approvalId != null && !approvals.execute(approvalId, id, userName)) {
            throw NicolError.HELD_FOR_APPROVAL.because("Request " + approvalId
                    + " was approved for one execution, which another connection has taken. Run the statement again.");
        }
        boolean warned = planned.admitted().guarded().judgement().verdict() == GuardrailRule.Verdict.WARN;
        trail.begin(progress.intent(
                warned ? "warned" : "allowed", approvalId, policies.get().version()));
        progress.begun();
        planned.admitted().guarded().allowance().begun();
        Run run = new Run(id, execution, trail, () -> running.ended(id));
        running.started(id, planned.parsed().subject(), execution);
        return run;
    }

    /** What a stage does with a statement whose intent is durable. */
    interface Work {
        StatementResult run();
    }

    /** Runs, and records the outcome of what fails before there are rows. */
    StatementResult watched(PlannedStatement planned, Run run, Work work) {
        String approvalId = planned.admitted().approvalId();
        String userName = planned.parsed().subject().userName();
        try {
            StatementResult result = work.run();
            ended(approvalId, true, userName);
            return result;
        } catch (RuntimeException | Error failure) {
            NicolException refusal = Failures.of(failure);
            run.failed(refusal, 0, 0);
            ended(approvalId, false, userName);
            throw refusal;
        }
    }

    private void ended(@Nullable String approvalId, boolean succeeded, String userName) {
        if (approvalId != null) {
            approvals.executed(approvalId, succeeded, userName);
        }
    }

    /** Records a refusal of any stage; the exception to throw to the client. */
    NicolException refused(Progress progress, Throwable failure) {
        NicolException refusal = Failures.of(failure);
        if (!progress.hasBegun() && refusal.error() != NicolError.TRAIL_UNAVAILABLE) {
            String outcome = Run.outcome(refusal);
            String verdict = outcome.equals("held") ? "held" : "denied";
            String detail = refusal.getMessage() + (refusal.detail() == null ? "" : " | " + refusal.detail());
            trail.refused(
                    progress.intent(verdict, null, policies.get().version()),
                    new AuditTrail.Outcome(
                            outcome, refusal.error().sqlState(), detail, 0, 0, progress.elapsedMs(), List.of()));
        }
        return refusal;
    }
}
