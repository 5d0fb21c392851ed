package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.SourceExecution;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.server.approval.Approval;
import dev.nicol.server.approval.ApprovalStore;
import dev.nicol.server.audit.AuditTrail;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stages 8 and 10. A durable intent before anything reaches a source, an outcome whatever happens. */
final class AuditStage {
    private static final Logger LOG = LoggerFactory.getLogger(AuditStage.class);

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
        Approval approval = planned.admitted().approval();
        String approvalId = approval == null ? null : approval.approvalId();
        String id = progress.statementId();
        String userName = planned.invocation().subject().userName();
        if (approvalId != null && !approvals.execute(approvalId, id, userName)) {
            throw NicolError.HELD_FOR_APPROVAL.because("Request " + approvalId
                    + " was approved for one execution, which another connection has taken. Run the statement again.");
        }
        try {
            trail.begin(progress.intent(
                    verdict(planned.admitted()), approvalId, policies.get().version()));
        } catch (NicolException failure) {
            failed(planned, failure);
            throw failure;
        }
        progress.begun();
        planned.admitted().guarded().allowance().begun();
        Run run = new Run(progress, execution, trail, () -> running.ended(id));
        running.started(id, planned.invocation().subject(), execution);
        return run;
    }

    private static String verdict(ApproveStage.AdmittedStatement admitted) {
        if (admitted.isHeld()) {
            return "held";
        }
        return admitted.guarded().judgement().verdict() == GuardrailRule.Verdict.WARN ? "warned" : "allowed";
    }

    /** What a stage does with a statement whose intent is durable. */
    interface Work {
        StatementResult run();
    }

    /** Runs, and records the outcome of what fails before there are rows. */
    StatementResult watched(PlannedStatement planned, Run run, Work work) {
        StatementResult result;
        try {
            result = work.run();
        } catch (RuntimeException | Error failure) {
            NicolException refusal = Failures.of(failure);
            run.failed(refusal, 0, 0);
            failed(planned, refusal);
            throw refusal;
        }
        executed(planned);
        return result;
    }

    /** It is done, whether that can be recorded or not: where not, the next start of the server does. */
    private void executed(PlannedStatement planned) {
        Approval approval = planned.admitted().approval();
        if (approval == null) {
            return;
        }
        try {
            approvals.executed(
                    approval.approvalId(), planned.invocation().subject().userName());
        } catch (NicolException unrecorded) {
            LOG.warn("that request {} is executed is recorded at the next start", approval.approvalId(), unrecorded);
        }
    }

    /** Where that cannot be recorded, the next start of the server does. */
    private void failed(PlannedStatement planned, NicolException failure) {
        Approval approval = planned.admitted().approval();
        if (approval == null) {
            return;
        }
        String userName = planned.invocation().subject().userName();
        try {
            approvals.failed(approval.approvalId(), userName, undone(failure.error(), planned));
        } catch (NicolException unrecorded) {
            failure.addSuppressed(unrecorded);
        }
    }

    /**
     * Whether it is certain that a statement which failed so has changed nothing. A source that goes away may have
     * committed, a definition that is cancelled may have been carried out, and a defect may show after the commit.
     */
    private static boolean undone(NicolError error, PlannedStatement planned) {
        StatementKind kind = planned.parsed().kind();
        Body.Target target = TraceStage.target(
                planned.admitted().guarded().traced().governed().body());
        if (target != null && !target.stored().table().transactional()) {
            return false;
        }
        return switch (error) {
            case SOURCE_FAILED, HELD_FOR_APPROVAL, INTERNAL -> false;
            case CANCELLED -> kind.writesRows() || kind.answersRows();
            default -> true;
        };
    }

    /** Records a refusal of any stage; the exception to throw to the client. */
    NicolException refused(Progress progress, Throwable failure) {
        NicolException refusal = Failures.of(failure);
        progress.turn().end();
        if (!progress.hasBegun()) {
            progress.metrics().ended(Run.outcome(refusal), progress.elapsedNanos(), 0, 0);
        }
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
