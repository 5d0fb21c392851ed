package dev.nicol.server.approval;

import java.util.Set;

/** Where an approval request stands. */
public enum ApprovalState {
    /** Waits for a decision. */
    PENDING,
    /** Its statement may run, once. */
    APPROVED,
    REJECTED,
    /** Nobody decided in time, or nobody ran it. */
    EXPIRED,
    /** Withdrawn by who asked. */
    CANCELLED,
    /** Its statement runs. */
    EXECUTING,
    EXECUTED,
    /** Its statement failed; where it is not known what came of it, it must be approved anew to run again. */
    FAILED,
    /** Taken back before it ran. */
    REVOKED;

    /** Whether a request in this state may come into that one next. */
    public boolean mayBecome(ApprovalState next) {
        Set<ApprovalState> allowed =
                switch (this) {
                    case PENDING -> Set.of(APPROVED, REJECTED, EXPIRED, CANCELLED);
                    case APPROVED -> Set.of(EXECUTING, REVOKED, EXPIRED);
                    case EXECUTING -> Set.of(EXECUTED, FAILED);
                    case FAILED -> Set.of(APPROVED);
                    case REJECTED, EXPIRED, CANCELLED, EXECUTED, REVOKED -> Set.of();
                };
        return allowed.contains(next);
    }
}
