package dev.nicol.adapters;

import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.SourceScan;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
import org.jspecify.annotations.Nullable;

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
        StoredTable stored = scan.ofView() ? null : stored(scan.governed());
        if (stored == null) {
            return Double.POSITIVE_INFINITY;
        }
        List<RexNode> conditions = new ArrayList<>(scan.crossing());
        conditions.addAll(above);
        Set<String> given = new HashSet<>();
        for (RexNode condition : conditions) {
            if (condition.getKind() == SqlKind.EQUALS) {
                List<RexNode> sides = ((RexCall) condition).getOperands();
                give(scan, sides.get(0), sides.get(1), given);
                give(scan, sides.get(1), sides.get(0), given);
            }
        }
        return stored.table().uniqueKeys().stream().anyMatch(given::containsAll) ? 1 : Double.POSITIVE_INFINITY;
    }

    private static @Nullable StoredTable stored(RelNode behind) {
        RelNode at = behind;
        while (at.getInputs().size() == 1) {
            at = at.getInput(0);
        }
        return at instanceof SourceScan scan && scan.getTable() != null
                ? scan.getTable().unwrap(StoredTable.class)
                : null;
    }

    private static void give(SealedScan scan, RexNode column, RexNode value, Set<String> given) {
        if (column instanceof RexInputRef reference
                && scan.storedColumn(reference.getIndex()) >= 0
                && RexUtil.isConstant(value)) {
            given.add(scan.getRowType().getFieldNames().get(reference.getIndex()));
        }
    }
}
