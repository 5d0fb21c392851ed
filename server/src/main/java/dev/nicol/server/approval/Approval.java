package dev.nicol.server.approval;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request as it stands.
 *
 * @param delegatedTo who may run it in the requester's place; null: nobody
 * @param rules names of the guardrails that hold it
 * @param statementId of the held statement
 * @param kind of the statement, as the trail names it
 * @param binding null where an earlier version filed it
 * @param countedRows rows that it was approved for; null where they were not counted
 */
public record Approval(
        String approvalId,
        ApprovalState state,
        String requestedBy,
        @Nullable String agent,
        @Nullable String delegatedTo,
        List<String> rules,
        ApprovalRequest.Asked asked,
        String statementId,
        String kind,
        @Nullable Binding binding,
        @Nullable Long countedRows,
        Instant expiresAt) {
    public Approval {
        rules = List.copyOf(rules);
    }

    /** Whether the statement is one's own, as a human or through an agent. */
    public boolean isOf(String userName, @Nullable String actingAgent) {
        return requestedBy.equals(userName) || actingAgent != null && actingAgent.equals(agent);
    }
}
