package dev.nicol.server.approval;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Subject;
import dev.nicol.policy.guardrail.Hold;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Who may do what with a request: approvers decide, nobody decides their own, and who asked may withdraw it, hand it on or,
 * where the guardrail allows that, break the glass. Each method answers with a line; what it refuses is {@code NOT_PERMITTED}.
 */
public final class Decisions {
    /** Of a reason for breaking the glass: less is no reason. */
    public static final int LEAST_REASON_CHARACTERS = 20;

    /** Different characters that a reason has at least: twenty dots are no reason. */
    private static final int LEAST_DIFFERENT_CHARACTERS = 6;

    private final ApprovalStore approvals;
    private final Supplier<PolicySet> policies;
    private final Function<String, Subject> subjects;
    private final Clock clock;

    /** @param subjects a user by their name; throws for an unknown one */
    public Decisions(
            ApprovalStore approvals, Supplier<PolicySet> policies, Function<String, Subject> subjects, Clock clock) {
        this.approvals = approvals;
        this.policies = policies;
        this.subjects = subjects;
        this.clock = clock;
    }

    public String approve(String id, Subject subject, String comment) {
        Approval request = decidable(id, subject);
        List<String> rules = approvableRules(request, subject);
        switch (approvals.vote(id, rules, subject.userName(), comment)) {
            case APPROVED -> {
                return "approved " + id;
            }
            case COUNTED -> {
                return "counted for " + String.join(", ", rules) + "; " + id + " needs further approvals";
            }
            case REPEATED ->
                throw NicolError.NOT_PERMITTED.because(
                        "You have approved request `" + id + "` already; it needs the approval of somebody else.");
            case DELEGATED -> throw handedOn(id);
            default -> throw closed(id, "approved");
        }
    }

    private static NicolException handedOn(String id) {
        return NicolError.NOT_PERMITTED.because(
                "Request `" + id + "` was handed on to you, and nobody decides what they may run.");
    }

    public String reject(String id, Subject subject, String comment) {
        Approval request = decidable(id, subject);
        approvableRules(request, subject);
        return done(approvals.reject(id, subject.userName(), comment), id, "rejected");
    }

    /** By an approver what was approved; by who asked whatever has not run. */
    public String revoke(String id, Subject subject, String comment) {
        Approval request = found(id);
        if (request.isOf(subject.userName(), subject.agent())) {
            return done(approvals.withdraw(id, subject.userName(), comment), id, "revoked");
        }
        approvableRules(decidable(id, subject), subject);
        return done(approvals.revoke(id, subject.userName(), comment), id, "revoked");
    }

    /** Lets a colleague run it, under the colleague's own rights. */
    public String delegate(String id, Subject subject, String to) {
        Approval request = ownByHuman(id, subject, "hand it on");
        Subject colleague = subjects.apply(to);
        if (request.isOf(colleague.userName(), null)) {
            throw NicolError.NOT_PERMITTED.because("Request `" + id + "` is `" + to + "`'s own already.");
        } else if (colleague.agent() != null) {
            throw NicolError.NOT_PERMITTED.because(
                    "`" + to + "` is an agent, and agents run only what they have asked for themselves.");
        }
        boolean delegated = approvals.delegate(id, subject.userName(), colleague.userName());
        if (!delegated && approvals.hasVoted(id, colleague.userName())) {
            throw NicolError.NOT_PERMITTED.because(
                    "`" + to + "` has approved request `" + id + "`, and nobody runs what they approved.");
        }
        return done(delegated, id, "delegated");
    }

    public String breakGlass(String id, Subject subject, String reason) {
        Approval request = ownByHuman(id, subject, "break the glass");
        for (String rule : request.rules()) {
            if (!hold(rule).map(hold -> hold.breakGlass().matches(subject)).orElse(false)) {
                throw NicolError.NOT_PERMITTED.because("Guardrail `" + rule + "` does not let you break the glass. Ask "
                        + "its approvers, or a steward for `break_glass` in the guardrail.");
            }
        }
        String given = reason.strip();
        if (given.length() < LEAST_REASON_CHARACTERS || given.chars().distinct().count() < LEAST_DIFFERENT_CHARACTERS) {
            throw NicolError.NOT_PERMITTED.because("Breaking the glass needs a reason of at least "
                    + LEAST_REASON_CHARACTERS + " characters that says what the emergency is.");
        }
        return done(approvals.breakGlass(id, subject.userName(), given), id, "approved by breaking the glass");
    }

    /** The approved request that the subject may run now. */
    public Approval runnable(String id, Subject subject) {
        Approval request = found(id);
        boolean delegate = subject.agent() == null && subject.userName().equals(request.delegatedTo());
        boolean own = request.requestedBy().equals(subject.userName())
                && String.valueOf(request.agent()).equals(String.valueOf(subject.agent()));
        if (!own && !delegate) {
            throw NicolError.NOT_PERMITTED.because(
                    "Request `" + id + "` is not yours to run. Who asked may hand it on with" + " CALL nicol.delegate('"
                            + id + "', 'user').");
        }
        if (request.state() != ApprovalState.APPROVED) {
            throw closed(id, "run");
        }
        return request;
    }

    /** A request that the subject may see: who asked, whom it was handed on to, and who approves for it. */
    public Approval visible(String id, Subject subject) {
        Approval request = found(id);
        boolean concerns = request.isOf(subject.userName(), subject.agent())
                || subject.agent() == null && subject.userName().equals(request.delegatedTo());
        if (!concerns) {
            approvableRules(request, subject);
        }
        return request;
    }

    private Approval found(String id) {
        return approvals
                .find(id)
                .orElseThrow(() -> NicolError.NOT_PERMITTED.because(
                        "There is no approval request `" + id + "`. nicol.approval.requests lists them."));
    }

    private Approval ownByHuman(String id, Subject subject, String what) {
        Approval request = found(id);
        if (!request.isOf(subject.userName(), null) || subject.agent() != null) {
            throw NicolError.NOT_PERMITTED.because(
                    "Only who asked for request `" + id + "`, as a person, can " + what + ".");
        }
        return request;
    }

    /** A request that the subject may decide, as far as it is not theirs in any way. */
    private Approval decidable(String id, Subject subject) {
        Approval request = found(id);
        if (request.isOf(subject.userName(), subject.agent())) {
            throw NicolError.NOT_PERMITTED.because("Nobody decides their own request. Ask another approver.");
        }
        if (subject.agent() != null) {
            // A second look is a human's: an agent would bring its human's approval to what another agent asked.
            throw NicolError.NOT_PERMITTED.because("Agents decide no requests. Ask a human approver.");
        }
        if (subject.userName().equals(request.delegatedTo())) {
            throw handedOn(id);
        }
        return request;
    }

    /** Those of its rules that the subject approves for. */
    private List<String> approvableRules(Approval request, Subject subject) {
        List<String> approvable = new ArrayList<>();
        for (String rule : request.rules()) {
            if (hold(rule).map(hold -> hold.approvers().matches(subject)).orElse(false)) {
                approvable.add(rule);
            }
        }
        if (approvable.isEmpty()) {
            throw NicolError.NOT_PERMITTED.because(
                    "You are not an approver of guardrail `" + String.join("`, `", request.rules()) + "`.");
        }
        return approvable;
    }

    /** As the policy in force says; a rule that is gone has no approvers. */
    private Optional<Hold> hold(String name) {
        return policies.get().guardrails().stream()
                .filter(rule -> rule.name().equals(name))
                .flatMap(rule -> Stream.ofNullable(rule.hold()))
                .findFirst();
    }

    private String done(boolean done, String id, String what) {
        if (!done) {
            throw closed(id, what);
        }
        return what + " " + id;
    }

    /** Why it is too late for that. */
    private NicolException closed(String id, String what) {
        Approval now = found(id);
        boolean late = (now.state() == ApprovalState.PENDING || now.state() == ApprovalState.APPROVED)
                && !clock.instant().isBefore(now.expiresAt());
        return NicolError.NOT_PERMITTED.because(
                late
                        ? "The time of request `" + id + "` was over at " + now.expiresAt()
                                + ". Run the statement again: it is asked for anew."
                        : "Request `" + id + "` is " + now.state() + ", so it cannot be " + what + "."
                                + (now.state() == ApprovalState.PENDING ? " An approver must approve it first." : ""));
    }
}
