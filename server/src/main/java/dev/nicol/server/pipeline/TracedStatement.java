package dev.nicol.server.pipeline;

import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.AuditTrail;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A statement whose origins are known, or known to be unknown. The last of its kinds that knows nobody who sends it: what
 * {@link PlanCache} keeps, for all who have equal rights.
 *
 * @param target the table it fills or changes; null: none
 * @param lineage of what was asked
 * @param stops edges from the views that it names, which stand between it and the origins in {@code lineage}
 * @param columns every column it touches
 * @param rules names of the policy rules that it rests on
 * @param facts what guardrails may ask of it
 * @param plannings the plans that have been made of it
 */
record TracedStatement(
        GovernedStatement governed,
        @Nullable TableName target,
        Lineage lineage,
        List<LineageEdge> stops,
        List<AuditTrail.ColumnAccess> columns,
        List<String> rules,
        PlanFacts facts,
        Plannings plannings) {

    static TracedStatement of(
            GovernedStatement governed,
            @Nullable TableName target,
            Lineage lineage,
            List<LineageEdge> stops,
            List<AuditTrail.ColumnAccess> columns,
            List<String> rules) {
        PlanFacts facts = new PlanFacts(governed, lineage, columns);
        return new TracedStatement(
                governed,
                target,
                lineage,
                List.copyOf(stops),
                List.copyOf(columns),
                List.copyOf(rules),
                facts,
                new Plannings(facts));
    }

    /** @param ran the lineage of the plan that runs; null: none does */
    AuditTrail.Flow flow(@Nullable Lineage ran) {
        return new AuditTrail.Flow(target, lineage.and(stops), ran == null ? null : ran.and(stops));
    }

    ParsedStatement parsed() {
        return governed.parsed();
    }
}
