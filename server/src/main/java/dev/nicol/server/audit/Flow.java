package dev.nicol.server.audit;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * That values of one column went to another, or had a say in it, and how often.
 *
 * @param kind as {@code lineage.edges} has it, or {@link Flows#UNKNOWN}
 * @param direct values flowed
 * @param masked every way passed a mask
 * @param statements how many did so; 0 for what a view's definition says
 * @param lastStatementId null where no statement did, as are the instants
 */
public record Flow(
        FlowColumn source,
        FlowColumn target,
        String kind,
        boolean direct,
        boolean masked,
        long statements,
        @Nullable String lastStatementId,
        @Nullable Instant firstAt,
        @Nullable Instant lastAt) {}
