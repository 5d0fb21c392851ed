package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.MemoryBudget;
import dev.nicol.adapters.federation.JoinKeyBounds;

/**
 * Bounds of every statement.
 *
 * @param maxRowsInMemory rows that a join across sources may hold; 0: none
 * @param statementMemoryBytes that a statement may hold, {@code serverMemoryBytes} that all may together; as estimated
 * @param maxResultRows rows answered at most; 0: none
 * @param planCacheBytes that known statements may hold in memory; 0: none is kept
 * @param joinKeys when keys of joins are sent to sources
 * @param queue how many run at once, and wait
 */
public record StatementLimits(
        long maxRowsInMemory,
        long statementMemoryBytes,
        long serverMemoryBytes,
        long maxResultRows,
        long planCacheBytes,
        JoinKeyBounds joinKeys,
        QueueLimits queue) {
    /** What statements of one server have. */
    MemoryBudget.Server memory() {
        return new MemoryBudget.Server(maxRowsInMemory, statementMemoryBytes, serverMemoryBytes);
    }
}
