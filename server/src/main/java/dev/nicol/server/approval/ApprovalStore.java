package dev.nicol.server.approval;

import dev.nicol.server.audit.ActTransaction;
import dev.nicol.server.audit.StatementIds;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.StoredText;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/**
 * The requests in {@code approval.requests}. Every change is compared and set in one transaction with its event in the
 * trail ({@code approval_pending}, {@code approval_approved}, …), so that of two deciders one wins. Who may decide is the
 * caller's to know. Every method that changes throws {@code TRAIL_UNAVAILABLE} where it cannot be recorded.
 */
public final class ApprovalStore {
    private static final String SERVER = "server";
    private static final String SELECT = "SELECT r.*, b.binding FROM approval.requests r"
            + " JOIN internal.approval_bindings b ON b.approval_id = r.approval_id WHERE ";

    private final Store store;
    private final StoreAuditTrail trail;

    public ApprovalStore(Store store, StoreAuditTrail trail) {
        this.store = store;
        this.trail = trail;
    }

    /** Files a request, state {@code PENDING}; answers its id. */
    public String create(ApprovalRequest request) {
        String approvalId = StatementIds.next();
        trail.record(transaction -> {
            insert(transaction, approvalId, request);
            event(transaction, approvalId, ApprovalState.PENDING, request.requestedBy(), request.reason());
            return null;
        });
        return approvalId;
    }

    public Optional<Approval> find(String approvalId) {
        return store.read(handle -> read(handle.createQuery(SELECT + "r.approval_id = :id")
                        .bind("id", approvalId))
                .findFirst());
    }

    /** The approved request that lets this very statement of this subject through, the oldest first. */
    public Optional<Approval> findApproved(String binding, String requestedBy, @Nullable String agent) {
        return store.read(handle -> read(handle.createQuery(SELECT
                                + "b.binding = :binding AND r.requested_by = :user AND COALESCE(r.agent, '') = :agent"
                                + " AND r.state = 'APPROVED' ORDER BY r.approval_id")
                        .bind("binding", binding)
                        .bind("user", requestedBy)
                        .bind("agent", agent == null ? "" : agent))
                .findFirst());
    }

    /** PENDING → APPROVED; false where it is not pending, or its time is over. */
    public boolean approve(String approvalId, String decidedBy, String comment) {
        return decide(approvalId, ApprovalState.PENDING, ApprovalState.APPROVED, decidedBy, comment);
    }

    /** PENDING → REJECTED; false where it is not pending, or its time is over. */
    public boolean reject(String approvalId, String decidedBy, String comment) {
        return decide(approvalId, ApprovalState.PENDING, ApprovalState.REJECTED, decidedBy, comment);
    }

    /** PENDING → CANCELLED, by who asked. */
    public boolean cancel(String approvalId, String cancelledBy) {
        return decide(approvalId, ApprovalState.PENDING, ApprovalState.CANCELLED, cancelledBy, "");
    }

    /** APPROVED → REVOKED. */
    public boolean revoke(String approvalId, String revokedBy, String comment) {
        return decide(approvalId, ApprovalState.APPROVED, ApprovalState.REVOKED, revokedBy, comment);
    }

    /** FAILED → APPROVED: it may run once more. */
    public boolean approveAgain(String approvalId, String decidedBy, String comment) {
        return decide(approvalId, ApprovalState.FAILED, ApprovalState.APPROVED, decidedBy, comment);
    }

    /** APPROVED → EXECUTING: true for one caller only, who may run the statement. */
    public boolean execute(String approvalId, String statementId, String userName) {
        return trail.record(transaction -> {
            boolean moved = move(
                    transaction,
                    approvalId,
                    ApprovalState.APPROVED,
                    ApprovalState.EXECUTING,
                    userName,
                    "statement " + statementId,
                    ", executed_statement_id = :statement",
                    update -> update.bind("statement", statementId));
            if (moved) {
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

    /** EXECUTING → EXECUTED or FAILED. */
    public boolean executed(String approvalId, boolean succeeded, String userName) {
        ApprovalState next = succeeded ? ApprovalState.EXECUTED : ApprovalState.FAILED;
        return trail.record(transaction ->
                move(transaction, approvalId, ApprovalState.EXECUTING, next, userName, "", "", update -> update));
    }

    /** Every PENDING request whose time is over becomes EXPIRED; answers how many did. */
    public int expireDue() {
        return trail.record(transaction -> moveAll(
                transaction,
                due(transaction, "state = 'PENDING' AND expires_at <= :now"),
                ApprovalState.PENDING,
                ApprovalState.EXPIRED,
                "nobody decided in time"));
    }

    /** At start: what this server left EXECUTING when it ended becomes FAILED; answers how many did. */
    public int failInterrupted() {
        return trail.record(transaction -> moveAll(
                transaction,
                due(
                                transaction,
                                "state = 'EXECUTING' AND requested_at <= :now AND approval_id IN (SELECT b.approval_id"
                                        + " FROM internal.approval_bindings b WHERE b.server = :server)")
                        .bind("server", transaction.server()),
                ApprovalState.EXECUTING,
                ApprovalState.FAILED,
                "the server ended before its outcome was recorded"));
    }

    private boolean decide(String approvalId, ApprovalState from, ApprovalState to, String decidedBy, String comment) {
        // a decision comes in time or not at all; taking back an approval always does
        boolean timed = from == ApprovalState.PENDING;
        return trail.record(transaction -> {
            if (timed && isOver(transaction, approvalId)) {
                return false;
            }
            return move(
                    transaction,
                    approvalId,
                    from,
                    to,
                    decidedBy,
                    comment,
                    ", decided_by = :decidedBy, decided_at = :now, decision_comment = :comment",
                    update -> update.bind("decidedBy", decidedBy)
                            .bind("now", utc(transaction.now()))
                            .bind("comment", StoredText.writable(comment)));
        });
    }

    private interface Binding {
        Update apply(Update update);
    }

    private static boolean isOver(ActTransaction transaction, String approvalId) {
        return transaction
                .handle()
                .createQuery("SELECT COUNT(*) FROM approval.requests WHERE approval_id = :id AND expires_at <= :now")
                .bind("id", approvalId)
                .bind("now", utc(transaction.now()))
                .mapTo(Integer.class)
                .one()
                .equals(1);
    }

    private static boolean move(
            ActTransaction transaction,
            String approvalId,
            ApprovalState from,
            ApprovalState to,
            String userName,
            String comment,
            String alsoSet,
            Binding binding) {
        if (!from.mayBecome(to)) {
            throw new IllegalArgumentException(from + " never becomes " + to);
        }
        Update update = transaction
                .handle()
                .createUpdate("UPDATE approval.requests SET state = :to" + alsoSet
                        + " WHERE approval_id = :id AND state = :from")
                .bind("to", to.name())
                .bind("from", from.name())
                .bind("id", approvalId);
        boolean moved = binding.apply(update).execute() == 1;
        if (moved) {
            event(transaction, approvalId, to, userName, comment);
        }
        return moved;
    }

    private static Query due(ActTransaction transaction, String condition) {
        return transaction
                .handle()
                .createQuery("SELECT approval_id FROM approval.requests WHERE " + condition + " ORDER BY approval_id")
                .bind("now", utc(transaction.now()));
    }

    private static int moveAll(
            ActTransaction transaction, Query query, ApprovalState from, ApprovalState to, String why) {
        List<String> due = query.mapTo(String.class).list();
        for (String approvalId : due) {
            move(transaction, approvalId, from, to, SERVER, why, "", update -> update);
        }
        return due.size();
    }

    private static void insert(ActTransaction transaction, String approvalId, ApprovalRequest request) {
        transaction
                .handle()
                .createUpdate("INSERT INTO approval.requests (approval_id, state, requested_by, agent, requested_at,"
                        + " expires_at, sql_text, reason, plan, estimated_rows, rule) VALUES (:id, :state, :user, :agent,"
                        + " :now, :expires, :sql, :reason, :plan, :rows, :rule)")
                .bind("id", approvalId)
                .bind("state", ApprovalState.PENDING.name())
                .bind("user", request.requestedBy())
                .bind("agent", request.agent())
                .bind("now", utc(transaction.now()))
                .bind("expires", utc(request.expiresAt()))
                .bind("sql", StoredText.writable(request.sql()))
                .bind("reason", StoredText.writable(request.reason()))
                .bind("plan", request.plan() == null ? null : StoredText.writable(request.plan()))
                .bind("rows", request.estimatedRows())
                .bind("rule", request.rule())
                .execute();
        transaction
                .handle()
                .execute(
                        "INSERT INTO internal.approval_bindings (approval_id, binding) VALUES (?, ?)",
                        approvalId,
                        request.binding());
    }

    private static void event(
            ActTransaction transaction, String approvalId, ApprovalState state, String userName, String comment) {
        String said = comment.isEmpty() ? "" : ": " + comment;
        transaction.event(
                "approval_" + state.name().toLowerCase(Locale.ROOT), userName, "approval " + approvalId + said);
    }

    private static Stream<Approval> read(Query query) {
        return query.map((result, context) -> approval(result)).stream();
    }

    private static Approval approval(ResultSet row) throws SQLException {
        ApprovalRequest request = new ApprovalRequest(
                row.getString("requested_by"),
                row.getString("agent"),
                row.getString("sql_text"),
                row.getString("reason"),
                row.getString("plan"),
                row.getObject("estimated_rows", Long.class),
                row.getString("rule"),
                row.getString("binding"),
                row.getObject("expires_at", OffsetDateTime.class).toInstant());
        OffsetDateTime decidedAt = row.getObject("decided_at", OffsetDateTime.class);
        return new Approval(
                row.getString("approval_id"),
                ApprovalState.valueOf(row.getString("state")),
                request,
                row.getObject("requested_at", OffsetDateTime.class).toInstant(),
                row.getString("decided_by"),
                decidedAt == null ? null : decidedAt.toInstant(),
                row.getString("decision_comment"),
                row.getString("executed_statement_id"));
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
