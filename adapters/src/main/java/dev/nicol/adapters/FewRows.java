package dev.nicol.adapters;

import dev.nicol.policy.rewrite.SealedScan;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * Whether a plan has no more rows than are fetched at once anyway, as keys and limits say and not as an estimate: such an
 * answer needs no cursor at its source, and so no transaction around it.
 */
final class FewRows {
    private FewRows() {}

    static boolean in(RelNode plan) {
        return most(plan) <= SourceExecution.FETCH_ROWS;
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

    /** One row where constants are given for all columns of a unique key. */
    private static double most(SealedScan scan, List<RexNode> above) {
        List<ImmutableBitSet> keys = scan.ofView() ? null : scan.getTable().getKeys();
        if (keys == null) {
            return Double.POSITIVE_INFINITY;
        }
        List<RexNode> conditions = new ArrayList<>(scan.crossing());
        conditions.addAll(above);
        ImmutableBitSet.Builder fixed = ImmutableBitSet.builder();
        for (RexNode condition : conditions) {
            if (condition.getKind() == SqlKind.EQUALS) {
                List<RexNode> sides = ((RexCall) condition).getOperands();
                fix(scan, sides.get(0), sides.get(1), fixed);
                fix(scan, sides.get(1), sides.get(0), fixed);
            }
        }
        ImmutableBitSet columns = fixed.build();
        return keys.stream().anyMatch(columns::contains) ? 1 : Double.POSITIVE_INFINITY;
    }

    /** @param fixed takes the stored column, as keys count it */
    private static void fix(SealedScan scan, RexNode column, RexNode value, ImmutableBitSet.Builder fixed) {
        if (column instanceof RexInputRef reference && RexUtil.isConstant(value)) {
            int stored = scan.storedColumn(reference.getIndex());
            if (stored >= 0) {
                fixed.set(stored);
            }
        }
    }
}
