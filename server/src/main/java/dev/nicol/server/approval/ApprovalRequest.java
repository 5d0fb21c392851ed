package dev.nicol.server.approval;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a held statement asks for.
 *
 * @param reason why it is held, in words
 * @param rules the guardrails that hold it, the first of them before the others
 * @param binding all that an approval is for
 * @param expiresAt until when it can be decided, and until when it can run
 */
public record ApprovalRequest(
        Requester requester,
        Asked asked,
        Shown shown,
        String reason,
        List<Needed> rules,
        Binding binding,
        String policyVersion,
        Instant expiresAt) {
    public ApprovalRequest {
        rules = List.copyOf(rules);
    }

    /**
     * Who asks, and what for.
     *
     * @param userName the human where there is one
     * @param agent null where a human acts directly
     */
    public record Requester(
            String userName,
            @Nullable String agent,
            @Nullable String purpose,
            @Nullable String job,
            @Nullable String model,
            @Nullable String client) {}

    /**
     * What running it needs again.
     *
     * @param sealedValues the values of its parameters, encrypted, or a word that they cannot be kept; null where it has none
     */
    public record Asked(
            String sql,
            @Nullable String defaultCatalog,
            @Nullable String defaultSchema,
            @Nullable String sealedValues) {}

    /**
     * What an approver is shown of it.
     *
     * @param statementId of the held statement
     * @param kind as the trail names it
     * @param boundValues of its parameters as the trail keeps them; null where there are none
     * @param plan the governed plan; null where there is none
     * @param lineage a line for each edge
     * @param estimatedRows rows it would answer; null where unknown
     * @param countedRows rows it would write, as they were counted; null where they were not
     */
    public record Shown(
            String statementId,
            String kind,
            @Nullable String boundValues,
            @Nullable String plan,
            @Nullable String lineage,
            @Nullable Long estimatedRows,
            @Nullable Long countedRows) {}

    /**
     * What one rule wants.
     *
     * @param approvers who may approve for it, in words
     * @param approvals how many of them must
     */
    public record Needed(String rule, String approvers, int approvals) {}

    /** The first rule's name. */
    String rule() {
        return rules.get(0).rule();
    }

    /** One request at a time for the same statement of the same subject. */
    String openKey() {
        String agent = requester.agent() == null ? "" : requester.agent();
        return Binding.digest(
                binding.digest() + ' ' + requester.userName().length() + ' ' + requester.userName() + agent);
    }
}
