package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Subject;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.server.approval.Approval;
import dev.nicol.server.approval.ApprovalStore;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The procedures of {@code CALL nicol.…}. */
final class Procedures {
    private final ApprovalStore approvals;
    private final RunningStatements running;
    private final Supplier<PolicySet> policies;
    private final Consumer<String> reload;
    private final BinaryOperator<String> classify;

    /**
     * @param reload reads the policy files, for a user
     * @param classify looks at a source afresh, for a user; answers with a line
     */
    Procedures(
            ApprovalStore approvals,
            RunningStatements running,
            Supplier<PolicySet> policies,
            Consumer<String> reload,
            BinaryOperator<String> classify) {
        this.approvals = approvals;
        this.running = running;
        this.policies = policies;
        this.reload = reload;
        this.classify = classify;
    }

    /** Runs one; the line it answers with. */
    String call(String name, List<String> arguments, Subject subject) {
        switch (name) {
            case "nicol.approve" -> {
                takes(arguments, 1, 2, "approve('request id', 'comment')");
                Approval request = decidable(arguments.get(0), subject);
                decided(approvals.approve(request.approvalId(), subject.userName(), comment(arguments)), request);
                return "approved " + request.approvalId();
            }
            case "nicol.reject" -> {
                takes(arguments, 1, 2, "reject('request id', 'comment')");
                Approval request = decidable(arguments.get(0), subject);
                decided(approvals.reject(request.approvalId(), subject.userName(), comment(arguments)), request);
                return "rejected " + request.approvalId();
            }
            case "nicol.revoke" -> {
                takes(arguments, 1, 2, "revoke('request id', 'comment')");
                Approval request = decidable(arguments.get(0), subject);
                decided(approvals.revoke(request.approvalId(), subject.userName(), comment(arguments)), request);
                return "revoked " + request.approvalId();
            }
            case "nicol.cancel" -> {
                takes(arguments, 1, 1, "cancel('statement id')");
                running.cancel(arguments.get(0), subject);
                return "cancelled " + arguments.get(0);
            }
            case "nicol.reload" -> {
                takes(arguments, 0, 0, "reload()");
                if (!subject.roles().contains("steward") && !subject.roles().contains("operator")) {
                    throw NicolError.NOT_PERMITTED.because("nicol.reload() is for stewards and operators.");
                }
                reload.accept(subject.userName());
                return "reloaded; policy version " + policies.get().version();
            }
            case "nicol.classify" -> {
                takes(arguments, 1, 1, "classify('source')");
                if (!subject.roles().contains("steward")) {
                    throw NicolError.NOT_PERMITTED.because("nicol.classify() is for stewards. Ask one.");
                }
                return classify.apply(arguments.get(0), subject.userName());
            }
            default ->
                throw NicolError.NOT_SUPPORTED.because("There is no procedure `" + name
                        + "`. nicol.approve, reject, revoke, cancel, reload and classify exist.");
        }
    }

    private static void takes(List<String> arguments, int least, int most, String usage) {
        if (arguments.size() < least || arguments.size() > most) {
            throw NicolError.SYNTAX.because("Write CALL nicol." + usage + ".");
        }
    }

    private static String comment(List<String> arguments) {
        return arguments.size() > 1 ? arguments.get(1) : "";
    }

    /** A request that the subject may decide: an approver of its rule, and nobody's own. */
    private Approval decidable(String id, Subject subject) {
        Approval request = approvals
                .find(id)
                .orElseThrow(() -> NicolError.NOT_PERMITTED.because(
                        "There is no approval request `" + id + "`. nicol.approval.requests lists them."));
        boolean own = request.request().requestedBy().equals(subject.userName())
                || subject.agent() != null
                        && subject.agent().equals(request.request().agent());
        if (own) {
            throw NicolError.NOT_PERMITTED.because("Nobody decides their own request. Ask another approver.");
        }
        if (subject.agent() != null) {
            // A second look is a human's: an agent would bring its human's approval to what another agent asked.
            throw NicolError.NOT_PERMITTED.because("Agents decide no requests. Ask a human approver.");
        }
        GuardrailRule rule = policies.get().guardrails().stream()
                .filter(guardrail -> guardrail.name().equals(request.request().rule()))
                .findFirst()
                .orElse(null);
        if (rule == null || rule.hold() == null || !rule.hold().approvers().matches(subject)) {
            throw NicolError.NOT_PERMITTED.because(
                    "You are not an approver of guardrail `" + request.request().rule() + "`.");
        }
        return request;
    }

    private void decided(boolean done, Approval request) {
        if (!done) {
            String state = approvals
                    .find(request.approvalId())
                    .map(now -> now.state().name())
                    .orElse("gone");
            throw NicolError.NOT_PERMITTED.because(
                    "Request `" + request.approvalId() + "` is " + state + " and cannot be decided this way any more.");
        }
    }
}
