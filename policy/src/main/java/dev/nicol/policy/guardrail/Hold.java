package dev.nicol.policy.guardrail;

import dev.nicol.policy.SubjectSelector;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a statement that a guardrail holds may come to run.
 *
 * @param approvers who may approve; at least one is named
 * @param approvals how many different approvers are needed
 * @param breakGlass who may approve their own request in an emergency; empty: nobody
 * @param expiresAfter how long it waits; null: the server's default
 */
public record Hold(
        SubjectSelector approvers,
        int approvals,
        SubjectSelector breakGlass,
        @Nullable Duration expiresAfter) {
    /** No rule asks for more approvals than these. */
    public static final int MAX_APPROVALS = 20;

    public Hold {
        if (approvers.isEmpty()) {
            throw new IllegalArgumentException("`action: hold` needs `approvers` — name who may approve");
        }
        if (approvals < 1 || approvals > MAX_APPROVALS) {
            throw new IllegalArgumentException("`approvals` must be from 1 to " + MAX_APPROVALS);
        }
    }
}
