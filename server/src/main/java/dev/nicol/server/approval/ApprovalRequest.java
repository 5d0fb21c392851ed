package dev.nicol.server.approval;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a held statement asks for.
 *
 * @param requestedBy the user's name
 * @param agent null where a human acts directly
 * @param reason why it is held, in words
 * @param plan the governed plan, for who decides; null where there is none
 * @param estimatedRows rows it would return or write; null where unknown
 * @param rule name of the guardrail that holds it
 * @param binding digest of all that an approval is bound to (SQL, parameters, governed plan, subject, rules, structures)
 * @param expiresAt until when it can be decided
 */
public record ApprovalRequest(
        String requestedBy,
        @Nullable String agent,
        String sql,
        String reason,
        @Nullable String plan,
        @Nullable Long estimatedRows,
        String rule,
        String binding,
        Instant expiresAt) {}
