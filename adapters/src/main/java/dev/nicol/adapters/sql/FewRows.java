package dev.nicol.adapters.sql;

import dev.nicol.policy.rewrite.SealedScan;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.logical.LogicalSort;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.jspecify.annotations.Nullable;

/**
 * Whether a plan has no more rows than are fetched at once anyway, as keys and limits say and not as an estimate: such an
 * answer needs no cursor at its source, and so no transaction around it.
 */
final class FewRows {
    /** Estimated rows, which may be wrong by a factor. */
    private static final double THOUGHT_FEW = SourceSql.FETCH_ROWS / 4.0;

    private FewRows() {}

    static boolean in(RelNode plan) {
        return most(plan) <= SourceSql.FETCH_ROWS;
    }

    /**
     * The plan with a bound of {@link SourceSql#FETCH_ROWS} rows, where it makes groups and statistics say that these are
     * far fewer; else null.
     */
    static @Nullable RelNode ifThought(RelNode plan) {
        boolean sorted = plan instanceof Sort sort && sort.fetch == null && sort.offset == null;
        RelNode node = sorted ? plan.getInput(0) : plan;
        while (node instanceof Project || node instanceof Filter) {
            node = node.getInput(0);
        }
        if (!(node instanceof Aggregate) || Estimates.rows(node) > THOUGHT_FEW) {
            return null;
        }
        RexNode bound = plan.getCluster().getRexBuilder().makeExactLiteral(BigDecimal.valueOf(SourceSql.FETCH_ROWS));
        return sorted
                ? LogicalSort.create(plan.getInput(0), ((Sort) plan).getCollation(), null, bound)
                : LogicalSort.create(plan, RelCollations.EMPTY, null, bound);
    }

    private static double most(RelNode node) {
        if (node instanceof Project) {
            return most(node.getInput(0));
        } else if (node instanceof Filter filter) {
            return filter.getInput() instanceof SealedScan scan
                    ? most(scan, RelOptUtil.conjunctions(filter.getCondition()))
                    : most(filter.getInput());
        } else if (node instanceof SealedScan scan) {
            return most(scan, List.of());
        } else if (node instanceof Sort sort) {
            BigDecimal fetch = sort.fetch instanceof RexLiteral literal ? literal.getValueAs(BigDecimal.class) : null;
            double all = most(sort.getInput());
            return fetch == null ? all : Math.min(fetch.doubleValue(), all);
        } else if (node instanceof Aggregate aggregate
                && aggregate.getGroupSet().isEmpty()
                && aggregate.getGroupSets().size() == 1) {
            return 1;
        }
        return node instanceof Values values ? values.getTuples().size() : Double.POSITIVE_INFINITY;
    }

    private static double most(SealedScan scan, List<RexNode> above) {
        List<RexNode> conditions = new ArrayList<>(scan.crossing());
        conditions.addAll(above);
        return UniqueKeys.areGiven(scan, conditions) ? 1 : Double.POSITIVE_INFINITY;
    }
}
