package dev.nicol.server.approval;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A request and what became of it.
 *
 * @param decidedBy null until somebody decided; who approved, rejected, cancelled or revoked it last
 * @param executedStatementId the statement that it let through; null until then
 */
public record Approval(
        String approvalId,
        ApprovalState state,
        ApprovalRequest request,
        Instant requestedAt,
        @Nullable String decidedBy,
        @Nullable Instant decidedAt,
        @Nullable String decisionComment,
        @Nullable String executedStatementId) {}
