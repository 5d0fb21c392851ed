package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.LocalPlan;
import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageExtractor;
import dev.nicol.policy.NicolError;
import dev.nicol.server.pipeline.PlannedStatement.Plan;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The lineage of the plan that is about to run, held against what was asked: optimisation may leave columns out, and may
 * read none that the statement did not.
 */
final class RanLineage {
    private RanLineage() {}

    /**
     * The lineage of {@code plan}; that of what was asked where it is the asked plan itself that a source is sent, or where
     * the plan is only made once policy look-ups have answered; null where nothing is read from sources.
     *
     * @throws dev.nicol.policy.NicolException {@code NOT_PROVEN} where it is beyond what was asked: nothing may run
     */
    static @Nullable Lineage of(Plan plan, TracedStatement traced) {
        if (plan instanceof Plan.Joined joined) {
            return within(joined.plan(), traced);
        } else if (plan instanceof Plan.Write write && write.rows() != null) {
            return of(write.rows().query(), traced);
        }
        boolean reads = plan instanceof Plan.Whole
                || plan instanceof Plan.Write
                || plan instanceof Plan.Define
                || plan instanceof Plan.LookedUp;
        return reads ? traced.lineage() : null;
    }

    private static Lineage within(LocalPlan plan, TracedStatement traced) {
        return within(
                plan, TraceStage.filledColumns(traced.governed().body()), traced.lineage(), () -> mentioned(traced));
    }

    private static Lineage within(LocalPlan plan, List<String> columns, Lineage asked, Supplier<Lineage> mentioned) {
        // keys that are carried for the trail are shown to nobody
        Lineage ran = LineageExtractor.of(plan.plan(), LocalPlan::traced)
                .first(columns.size())
                .renamed(columns);
        // what is not understood is not claimed to be within, nor beyond: it is recorded as unknown
        if (asked.complete() && ran.complete() && !ran.within(asked) && !ran.within(asked, mentioned.get())) {
            throw NicolError.NOT_PROVEN.because(
                    "The plan made for this statement reads more than was asked, so it was not run. Write it in a"
                            + " simpler way, or report it.",
                    "lineage of the plan: " + ran.edges() + "; asked: " + asked.edges(),
                    null);
        }
        return ran;
    }

    /**
     * Holds a plan against the query that it was made for.
     *
     * @throws dev.nicol.policy.NicolException {@code NOT_PROVEN} where it is beyond that: nothing may run
     */
    static void refuseBeyond(Plan plan, Body.Query query) {
        if (plan instanceof Plan.Joined joined) {
            List<String> columns = query.rowType().getFieldNames();
            within(
                    joined.plan(),
                    columns,
                    LineageExtractor.of(query.plan()).renamed(columns),
                    () -> LineageExtractor.mentionedBy(query.plan()));
        }
    }

    private static Lineage mentioned(TracedStatement traced) {
        return LineageExtractor.mentionedBy(
                ConvertStage.plans(traced.governed().body()).get(0));
    }
}
