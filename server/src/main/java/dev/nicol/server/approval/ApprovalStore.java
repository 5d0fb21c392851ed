package dev.nicol.server.approval;

import dev.nicol.server.audit.ActTransaction;
import dev.nicol.server.audit.StatementIds;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.StoredText;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/**
 * The requests in {@code approval.requests}. Every change is compared and set in one transaction with its event in the
 * trail ({@code approval_pending}, {@code approval_approved}, …), so that of two deciders one wins. Who may decide is the
 * caller's to know. Every method that changes throws {@code TRAIL_UNAVAILABLE} where it cannot be recorded.
 */
public final class ApprovalStore {
    private static final String SERVER = "nicol";
    /** The outcome of a statement in the trail. */
    private static final String DONE = "succeeded";

    private static final String EXPIRED_WHY = "nobody decided or ran it in time";

    private final Store store;
    private final StoreAuditTrail trail;

    public ApprovalStore(Store store, StoreAuditTrail trail) {
        this.store = store;
        this.trail = trail;
    }

    /**
     * Files a request, state {@code PENDING}; where the same subject has asked for the same statement already and nobody
     * has decided, that request.
     */
    public Approval file(ApprovalRequest request) {
        String key = request.openKey();
        return trail.record(transaction -> {
            ApprovalReader reader = new ApprovalReader(transaction.handle());
            Approval open = reader.open(key).orElse(null);
            if (open != null && transaction.now().isBefore(open.expiresAt())) {
                return open;
            } else if (open != null) {
                move(transaction, open.approvalId(), ApprovalState.PENDING, ApprovalState.EXPIRED, SERVER, EXPIRED_WHY);
            }
            String approvalId = StatementIds.next();
            new Filing(transaction, approvalId, request).insert(key);
            event(
                    transaction,
                    approvalId,
                    ApprovalState.PENDING,
                    request.requester().userName(),
                    request.reason());
            return reader.find(approvalId).orElseThrow();
        });
    }

    public Optional<Approval> find(String approvalId) {
        return store.read(handle -> new ApprovalReader(handle).find(approvalId));
    }

    /** The approved requests of the same text that the subject may run, its own or delegated, the oldest first. */
    public List<Approval> approved(Binding binding, String userName, @Nullable String agent) {
        return store.read(handle -> new ApprovalReader(handle).approved(binding, userName, agent));
    }

    public boolean hasVoted(String approvalId, String userName) {
        return store.read(handle -> new ApprovalReader(handle).hasVoted(approvalId, userName));
    }

    /** What came of somebody's approval. */
    public enum Vote {
        /** It was the last that was needed: APPROVED. */
        APPROVED,
        /** It counts, and others are needed. */
        COUNTED,
        /** The same user has approved before. */
        REPEATED,
        /** The same user may run it. */
        DELEGATED,
        /** It is neither PENDING nor FAILED, or its time is over. */
        CLOSED
    }

    /**
     * One approver's approval.
     *
     * @param rules those of the request's rules that the user may approve for
     */
    public Vote vote(String approvalId, Collection<String> rules, String userName, String comment) {
        return trail.record(transaction -> {
            ApprovalReader reader = new ApprovalReader(transaction.handle());
            ApprovalState from = locked(transaction, approvalId);
            if (from == null) {
                return Vote.CLOSED;
            } else if (reader.hasVoted(approvalId, userName)) {
                return Vote.REPEATED;
            } else if (reader.isDelegatedTo(approvalId, userName)) {
                return Vote.DELEGATED;
            }
            for (String rule : rules) {
                transaction
                        .handle()
                        .execute(
                                "INSERT INTO approval.votes (approval_id, rule, user_name, voted_at, comment)"
                                        + " VALUES (?, ?, ?, ?, ?)",
                                approvalId,
                                rule,
                                userName,
                                utc(transaction.now()),
                                StoredText.writable(comment));
            }
            if (!reader.isSatisfied(approvalId)) {
                transaction.event("approval_voted", userName, "approval " + approvalId + said(comment));
                return Vote.COUNTED;
            }
            decide(transaction, approvalId, from, ApprovalState.APPROVED, userName, comment);
            return Vote.APPROVED;
        });
    }

    /** Holds the request until the transaction ends, so that votes come one after the other; null where it is closed. */
    private static @Nullable ApprovalState locked(ActTransaction transaction, String approvalId) {
        for (ApprovalState state : List.of(ApprovalState.PENDING, ApprovalState.FAILED)) {
            int rows = transaction
                    .handle()
                    .execute(
                            "UPDATE approval.requests SET state = state WHERE approval_id = ? AND state = ?"
                                    + " AND expires_at > ?",
                            approvalId,
                            state.name(),
                            utc(transaction.now()));
            if (rows == 1) {
                return state;
            }
        }
        return null;
    }

    /** PENDING → REJECTED; false where it is not pending, or its time is over. */
    public boolean reject(String approvalId, String userName, String comment) {
        return trail.record(transaction -> locked(transaction, approvalId) == ApprovalState.PENDING
                && decide(transaction, approvalId, ApprovalState.PENDING, ApprovalState.REJECTED, userName, comment));
    }

    /** PENDING → CANCELLED or APPROVED → REVOKED, by who asked. */
    public boolean withdraw(String approvalId, String userName, String comment) {
        return trail.record(transaction -> decide(
                        transaction, approvalId, ApprovalState.PENDING, ApprovalState.CANCELLED, userName, comment)
                || decide(transaction, approvalId, ApprovalState.APPROVED, ApprovalState.REVOKED, userName, comment));
    }

    /** APPROVED → REVOKED. */
    public boolean revoke(String approvalId, String userName, String comment) {
        return trail.record(transaction ->
                decide(transaction, approvalId, ApprovalState.APPROVED, ApprovalState.REVOKED, userName, comment));
    }

    /** APPROVED → REVOKED: it is for something that is no longer so. */
    public boolean voided(String approvalId, String why) {
        return trail.record(transaction ->
                decide(transaction, approvalId, ApprovalState.APPROVED, ApprovalState.REVOKED, SERVER, "void: " + why));
    }

    /** Lets another user run it too; false where it is neither PENDING nor APPROVED, or that user has approved it. */
    public boolean delegate(String approvalId, String userName, String to) {
        return trail.record(transaction -> {
            int rows = transaction
                    .handle()
                    .execute(
                            "UPDATE approval.requests SET state = state WHERE approval_id = ?"
                                    + " AND state IN ('PENDING', 'APPROVED') AND expires_at > ?",
                            approvalId,
                            utc(transaction.now()));
            // asked once the request is held: a vote comes before or after
            if (rows == 0 || new ApprovalReader(transaction.handle()).hasVoted(approvalId, to)) {
                return false;
            }
            transaction
                    .handle()
                    .execute("UPDATE approval.requests SET delegated_to = ? WHERE approval_id = ?", to, approvalId);
            transaction.event("approval_delegated", userName, "approval " + approvalId + ": to " + to);
            return true;
        });
    }

    /** PENDING → APPROVED by who asked, in an emergency: marked for ever, with an event of its own kind. */
    public boolean breakGlass(String approvalId, String userName, String reason) {
        return trail.record(transaction -> {
            if (locked(transaction, approvalId) != ApprovalState.PENDING
                    || !decide(
                            transaction,
                            approvalId,
                            ApprovalState.PENDING,
                            ApprovalState.APPROVED,
                            userName,
                            "break glass: " + reason)) {
                return false;
            }
            transaction
                    .handle()
                    .execute("UPDATE approval.requests SET break_glass = TRUE WHERE approval_id = ?", approvalId);
            transaction.event("break_glass", userName, "approval " + approvalId + said(reason));
            return true;
        });
    }

    /** APPROVED → EXECUTING: true for one caller only, who may run the statement. */
    public boolean execute(String approvalId, String statementId, String userName) {
        return trail.record(transaction -> {
            boolean moved = lasts(transaction, approvalId)
                    && move(
                            transaction,
                            approvalId,
                            ApprovalState.APPROVED,
                            ApprovalState.EXECUTING,
                            userName,
                            "statement " + statementId);
            if (moved) {
                transaction
                        .handle()
                        .execute(
                                "UPDATE approval.requests SET executed_statement_id = ? WHERE approval_id = ?",
                                statementId,
                                approvalId);
                transaction
                        .handle()
                        .execute(
                                "UPDATE internal.approval_bindings SET server = ? WHERE approval_id = ?",
                                transaction.server(),
                                approvalId);
            }
            return moved;
        });
    }

    /** EXECUTING → EXECUTED. */
    public boolean executed(String approvalId, String userName) {
        return trail.record(transaction ->
                move(transaction, approvalId, ApprovalState.EXECUTING, ApprovalState.EXECUTED, userName, ""));
    }

    /**
     * EXECUTING → FAILED; and back to APPROVED while its time lasts, where it is certain that nothing came of it.
     *
     * @param undone whether that is certain
     */
    public boolean failed(String approvalId, String userName, boolean undone) {
        return trail.record(transaction -> failed(transaction, approvalId, userName, undone, "it failed"));
    }

    private static boolean failed(
            ActTransaction transaction, String approvalId, String userName, boolean undone, String why) {
        if (!move(transaction, approvalId, ApprovalState.EXECUTING, ApprovalState.FAILED, userName, why)) {
            return false;
        }
        if (undone && lasts(transaction, approvalId)) {
            move(transaction, approvalId, ApprovalState.FAILED, ApprovalState.APPROVED, SERVER, "it may run again");
        } else {
            transaction.handle().execute("DELETE FROM approval.votes WHERE approval_id = ?", approvalId);
        }
        return true;
    }

    private static boolean lasts(ActTransaction transaction, String approvalId) {
        return new ApprovalReader(transaction.handle())
                .find(approvalId)
                .map(approval -> transaction.now().isBefore(approval.expiresAt()))
                .orElse(false);
    }

    /** Every request whose time is over before it ran becomes EXPIRED; answers how many did. */
    public int expireDue(Instant now) {
        String due = "SELECT approval_id FROM approval.requests WHERE state = :state AND expires_at <= :now"
                + " ORDER BY approval_id";
        int expired = 0;
        for (ApprovalState state : List.of(ApprovalState.PENDING, ApprovalState.APPROVED)) {
            // read first: an act would be written, and there is nearly always nothing to do
            List<String> found = store.read(handle -> handle.createQuery(due)
                    .bind("state", state.name())
                    .bind("now", utc(now))
                    .mapTo(String.class)
                    .list());
            for (String approvalId : found) {
                boolean moved = trail.record(transaction ->
                        move(transaction, approvalId, state, ApprovalState.EXPIRED, SERVER, EXPIRED_WHY));
                expired += moved ? 1 : 0;
            }
        }
        return expired;
    }

    /**
     * At start: what this server left EXECUTING when it ended. What had no intent in the trail reached no source and may run
     * again; what has an outcome that tells of success is done; of the rest nobody knows. Answers how many there were.
     */
    public int failInterrupted() {
        return trail.record(transaction -> {
            Query query = transaction
                    .handle()
                    .createQuery("SELECT r.approval_id, s.outcome FROM approval.requests r"
                            + " JOIN internal.approval_bindings b ON b.approval_id = r.approval_id"
                            + " LEFT JOIN audit.statements s ON s.statement_id = r.executed_statement_id"
                            + " WHERE r.state = 'EXECUTING' AND b.server = :server ORDER BY r.approval_id")
                    .bind("server", transaction.server());
            List<String[]> left = query.map((row, context) -> new String[] {row.getString(1), row.getString(2)})
                    .list();
            for (String[] one : left) {
                if (DONE.equals(one[1])) {
                    move(transaction, one[0], ApprovalState.EXECUTING, ApprovalState.EXECUTED, SERVER, "");
                    continue;
                }
                failed(
                        transaction,
                        one[0],
                        SERVER,
                        one[1] == null,
                        one[1] == null
                                ? "the server ended before it ran"
                                : "the server ended before its outcome was recorded");
            }
            return left.size();
        });
    }

    private static boolean decide(
            ActTransaction transaction,
            String approvalId,
            ApprovalState from,
            ApprovalState to,
            String userName,
            String comment) {
        if (!move(transaction, approvalId, from, to, userName, comment)) {
            return false;
        }
        transaction
                .handle()
                .execute(
                        "UPDATE approval.requests SET decided_by = ?, decided_at = ?, decision_comment = ?"
                                + " WHERE approval_id = ?",
                        userName,
                        utc(transaction.now()),
                        StoredText.writable(comment),
                        approvalId);
        return true;
    }

    private static boolean move(
            ActTransaction transaction,
            String approvalId,
            ApprovalState from,
            ApprovalState to,
            String userName,
            String comment) {
        if (!from.mayBecome(to)) {
            throw new IllegalArgumentException(from + " never becomes " + to);
        }
        Update update = transaction
                .handle()
                .createUpdate("UPDATE approval.requests SET state = :to WHERE approval_id = :id AND state = :from")
                .bind("to", to.name())
                .bind("from", from.name())
                .bind("id", approvalId);
        boolean moved = update.execute() == 1;
        if (moved && from == ApprovalState.PENDING) {
            transaction
                    .handle()
                    .execute("UPDATE internal.approval_bindings SET open_key = NULL WHERE approval_id = ?", approvalId);
        }
        if (moved) {
            event(transaction, approvalId, to, userName, comment);
        }
        return moved;
    }

    private static void event(
            ActTransaction transaction, String approvalId, ApprovalState state, String userName, String comment) {
        transaction.event(
                "approval_" + state.name().toLowerCase(Locale.ROOT),
                userName,
                "approval " + approvalId + said(comment));
    }

    private static String said(String comment) {
        return comment.isEmpty() ? "" : ": " + comment;
    }

    static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
