package dev.nicol.server.delivery;

import dev.nicol.server.audit.Store;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/**
 * What is told of a request for approval: who asks, and never what for.
 *
 * @param executedStatementId the statement that it let through last; null until then
 */
record HeldRequest(
        String requestedBy,
        @Nullable String agent,
        String rule,
        Instant expiresAt,
        @Nullable String executedStatementId) {

    /** Null where there is none of that id. */
    static @Nullable HeldRequest find(Store store, String approvalId) {
        return store.read(handle -> handle.createQuery("SELECT requested_by, agent, rule, expires_at,"
                                + " executed_statement_id FROM approval.requests WHERE approval_id = ?")
                        .bind(0, approvalId)
                        .map((row, context) -> new HeldRequest(
                                row.getString(1),
                                row.getString(2),
                                row.getString(3),
                                row.getObject(4, OffsetDateTime.class).toInstant(),
                                row.getString(5)))
                        .findFirst())
                .orElse(null);
    }
}
