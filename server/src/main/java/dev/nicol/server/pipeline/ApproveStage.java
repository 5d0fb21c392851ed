package dev.nicol.server.pipeline;

import dev.nicol.policy.BoundValue;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Subject;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Judgement;
import dev.nicol.server.approval.Approval;
import dev.nicol.server.approval.ApprovalStore;
import dev.nicol.server.approval.Binding;
import java.time.Clock;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Stage 6. Denied statements end here; held ones go on to be counted and filed, and run only where an approval lets them
 * through. The only maker of an {@link AdmittedStatement}.
 */
final class ApproveStage {
    private final ApprovalStore approvals;
    private final Supplier<PolicySet> policies;
    private final BoundValue.KeyPads keys;
    private final Clock clock;

    ApproveStage(ApprovalStore approvals, Supplier<PolicySet> policies, BoundValue.KeyPads keys, Clock clock) {
        this.approvals = approvals;
        this.policies = policies;
        this.keys = keys;
        this.clock = clock;
    }

    /** A statement that may run, or may be counted in order to be asked for. */
    static final class AdmittedStatement {
        private final GuardedStatement guarded;
        private final Invocation invocation;
        private final @Nullable Permit permit;

        private AdmittedStatement(GuardedStatement guarded, Invocation invocation, @Nullable Permit permit) {
            this.guarded = guarded;
            this.invocation = invocation;
            this.permit = permit;
        }

        GuardedStatement guarded() {
            return guarded;
        }

        /** Whom it is admitted for, this once. */
        Invocation invocation() {
            return invocation;
        }

        /** The approval that lets it through; null where none was needed, or it waits for one. */
        @Nullable
        Approval approval() {
            return permit == null ? null : permit.approval();
        }

        /** Whether it may be counted only: it waits for an approval. */
        boolean isHeld() {
            return permit != null
                    && permit.approval() == null
                    && guarded.judgement().verdict() == GuardrailRule.Verdict.HOLD;
        }

        /** What an approval of it is for; null where no rule holds it, or could. */
        @Nullable
        Binding binding() {
            return permit == null ? null : permit.binding();
        }

        /** Why an earlier approval does not let it through; empty where there is none. */
        String note() {
            return permit == null ? "" : permit.note();
        }
    }

    private record Permit(Binding binding, @Nullable Approval approval, String note) {}

    /** @param invocation an approval is bound to its words and values */
    AdmittedStatement approve(GuardedStatement guarded, Invocation invocation) {
        if (invocation.session().readOnly() && guarded.parsed().kind().changes()) {
            throw NicolError.TRANSACTION_STATE.because(
                    "This connection only reads, as it said of itself. Turn that off: `setReadOnly(false)`.");
        }
        Judgement judgement = guarded.judgement();
        if (judgement.verdict() == GuardrailRule.Verdict.DENY) {
            throw NicolError.GUARDRAIL_DENIED.because("Guardrail " + names(judgement)
                    + " denies this statement" + environments(guarded)
                    + ". Narrow it, or ask a steward whether it may be changed.");
        }
        if (judgement.verdict() == GuardrailRule.Verdict.HOLD
                && !invocation.session().isAsking()) {
            throw NicolError.GUARDRAIL_DENIED.because("Guardrail " + names(judgement)
                    + " holds what you would read here, and nothing was asked for. Let another approver look.");
        }
        boolean mayBeHeld = judgement.verdict() == GuardrailRule.Verdict.HOLD
                || judgement.onRows().stream().anyMatch(rule -> rule.action() == GuardrailRule.Verdict.HOLD);
        Permit permit = mayBeHeld
                ? permit(invocation.subject(), ApprovalBinding.of(guarded, invocation, policies.get(), keys))
                : null;
        return new AdmittedStatement(guarded, invocation, permit);
    }

    /** An approval of this very statement; else why one of the same words is none. */
    private Permit permit(Subject subject, Binding binding) {
        String note = "";
        for (Approval approval : approvals.approved(binding, subject.userName(), subject.agent())) {
            Binding then = approval.binding();
            if (!clock.instant().isBefore(approval.expiresAt())) {
                note = " Request " + approval.approvalId() + " was approved until " + approval.expiresAt() + ".";
            } else if (binding.equals(then)) {
                return new Permit(binding, approval, "");
            } else if (then == null || isForSame(binding, then)) {
                note = drifted(approval, then == null ? List.of("its version") : binding.changedSince(then), subject);
            } else if (note.isEmpty()) {
                note = " Request " + approval.approvalId()
                        + " is approved for the same words with other parameters, another purpose or another table.";
            }
        }
        return new Permit(binding, null, note);
    }

    private static boolean isForSame(Binding binding, Binding then) {
        return binding.isSame(Binding.Part.PARAMETERS, then)
                && binding.isSame(Binding.Part.PURPOSE, then)
                && binding.isSame(Binding.Part.TARGET, then);
    }

    /** It was given for something else than what would run now: it is void, unless it is another who sees something else. */
    private String drifted(Approval approval, List<String> changed, Subject subject) {
        String what = String.join(", ", changed);
        if (!approval.isOf(subject.userName(), subject.agent())) {
            return " Request " + approval.approvalId() + " was delegated to you, but differs for you in " + what
                    + ": only `" + approval.requestedBy() + "` can run it.";
        }
        approvals.voided(approval.approvalId(), what + " changed");
        return " The approval of request " + approval.approvalId() + " is void: since then there changed " + what + ".";
    }

    private static String names(Judgement judgement) {
        return judgement.tripped().stream()
                .filter(rule -> rule.action() == judgement.verdict())
                .map(rule -> "`" + rule.name() + "`")
                .collect(Collectors.joining(", "));
    }

    private static String environments(GuardedStatement guarded) {
        var sources = GuardStage.sources(guarded.traced().governed().body());
        return sources.isEmpty() ? "" : " on source `" + String.join("`, `", sources) + "`";
    }
}
