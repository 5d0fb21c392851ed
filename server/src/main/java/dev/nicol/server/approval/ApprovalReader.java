package dev.nicol.server.approval;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Reads requests, within a transaction or outside one. */
final class ApprovalReader {
    private static final String SELECT = "SELECT r.approval_id, r.state, r.requested_by, r.agent, r.delegated_to,"
            + " r.sql_text, r.statement_id, r.statement_kind, r.counted_rows, r.expires_at, b.parts, b.default_catalog,"
            + " b.default_schema, b.sealed_values FROM approval.requests r"
            + " JOIN internal.approval_bindings b ON b.approval_id = r.approval_id WHERE ";

    private final Handle handle;

    ApprovalReader(Handle handle) {
        this.handle = handle;
    }

    Optional<Approval> find(String approvalId) {
        return read(handle.createQuery(SELECT + "r.approval_id = :id").bind("id", approvalId))
                .findFirst();
    }

    /** The approved requests of the same text that the subject may run, its own or delegated, the oldest first. */
    List<Approval> approved(Binding binding, String userName, @Nullable String agent) {
        // What an agent may run is what it has asked for itself.
        String whose = "(r.requested_by = :user AND COALESCE(r.agent, '') = :agent"
                + (agent == null ? " OR r.delegated_to = :user)" : ")");
        return read(handle.createQuery(SELECT + "r.state = 'APPROVED' AND b.sql_digest = :sql AND " + whose
                                + " ORDER BY r.approval_id")
                        .bind("sql", binding.digest(Binding.Part.SQL))
                        .bind("user", userName)
                        .bind("agent", agent == null ? "" : agent))
                .toList();
    }

    /** The request that waits under the key. */
    Optional<Approval> open(String openKey) {
        return read(handle.createQuery(SELECT + "b.open_key = :key").bind("key", openKey))
                .findFirst();
    }

    /** Whether no rule misses an approval any more. */
    boolean isSatisfied(String approvalId) {
        return handle.createQuery(
                        "SELECT COUNT(*) FROM approval.rules n WHERE n.approval_id = :id AND n.approvals_needed >"
                                + " (SELECT COUNT(*) FROM approval.votes v WHERE v.approval_id = n.approval_id AND v.rule = n.rule)")
                .bind("id", approvalId)
                .mapTo(Integer.class)
                .one()
                .equals(0);
    }

    boolean hasVoted(String approvalId, String userName) {
        return exists("approval.votes WHERE approval_id = :id AND user_name = :user", approvalId, userName);
    }

    boolean isDelegatedTo(String approvalId, String userName) {
        return exists("approval.requests WHERE approval_id = :id AND delegated_to = :user", approvalId, userName);
    }

    private boolean exists(String rows, String approvalId, String userName) {
        return !handle.createQuery("SELECT 1 FROM " + rows)
                .bind("id", approvalId)
                .bind("user", userName)
                .mapTo(Integer.class)
                .list()
                .isEmpty();
    }

    private Stream<Approval> read(Query query) {
        return query.map((row, context) -> approval(row)).list().stream();
    }

    private Approval approval(ResultSet row) throws SQLException {
        String approvalId = row.getString("approval_id");
        return new Approval(
                approvalId,
                ApprovalState.valueOf(row.getString("state")),
                row.getString("requested_by"),
                row.getString("agent"),
                row.getString("delegated_to"),
                rules(approvalId),
                new ApprovalRequest.Asked(
                        row.getString("sql_text"),
                        row.getString("default_catalog"),
                        row.getString("default_schema"),
                        row.getString("sealed_values")),
                String.valueOf(row.getString("statement_id")),
                String.valueOf(row.getString("statement_kind")),
                Binding.parse(row.getString("parts")),
                row.getObject("counted_rows", Long.class),
                row.getObject("expires_at", OffsetDateTime.class).toInstant());
    }

    private List<String> rules(String approvalId) {
        return handle.createQuery("SELECT rule FROM approval.rules WHERE approval_id = :id ORDER BY rule")
                .bind("id", approvalId)
                .mapTo(String.class)
                .list();
    }
}
