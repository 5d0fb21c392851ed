package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceTable;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.metadata.RelMdUtil;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.jspecify.annotations.Nullable;

/**
 * How many rows a plan answers, from the sources' row counts as they are now. Calcite's estimate, but for what it does not
 * know: a unique key that equals constants finds one row, and an equi-join is along a key.
 */
final class RowEstimate extends RelMetadataQuery {
    private final Function<TableName, @Nullable SourceTable> tables;
    private boolean unknown;

    private RowEstimate(Function<TableName, @Nullable SourceTable> tables) {
        this.tables = tables;
    }

    /** Empty where it reads a table whose rows nobody counted. */
    static OptionalDouble of(RelNode plan, Function<TableName, @Nullable SourceTable> tables) {
        RowEstimate estimate = new RowEstimate(tables);
        Double rows = estimate.getRowCount(plan);
        return rows == null || estimate.unknown ? OptionalDouble.empty() : OptionalDouble.of(rows);
    }

    @Override
    public Double getRowCount(RelNode node) {
        if (node instanceof SealedScan scan) {
            return filtered(scan, scan.crossing());
        } else if (node instanceof Filter filter) {
            return filtered(filter.getInput(), RelOptUtil.conjunctions(filter.getCondition()));
        } else if (node instanceof Project project) {
            return getRowCount(project.getInput());
        } else if (node instanceof Join join) {
            return joined(join);
        }
        return super.getRowCount(node);
    }

    private double filtered(RelNode input, List<RexNode> conjuncts) {
        double rows = input instanceof SealedScan scan ? all(scan) : getRowCount(input);
        for (RexNode conjunct : conjuncts) {
            rows *= RelMdUtil.guessSelectivity(conjunct);
        }
        return input instanceof SealedScan scan ? Math.min(rows, byKey(scan, conjuncts)) : rows;
    }

    private double all(SealedScan scan) {
        if (scan.ofView()) {
            return getRowCount(scan.viewPlan());
        }
        SourceTable table = tables.apply(scan.decision().table());
        if (table == null) {
            return super.getRowCount(scan);
        }
        unknown |= !table.counted();
        return table.rowCount();
    }

    /** One where constants are given for all columns of a unique key. */
    private double byKey(SealedScan scan, List<RexNode> conjuncts) {
        SourceTable table = scan.ofView() ? null : tables.apply(scan.decision().table());
        if (table == null) {
            return Double.POSITIVE_INFINITY;
        }
        Set<String> fixed = new HashSet<>();
        for (RexNode conjunct : conjuncts) {
            if (conjunct.getKind() == SqlKind.EQUALS) {
                List<RexNode> sides = ((RexCall) conjunct).getOperands();
                fix(scan, sides.get(0), sides.get(1), fixed);
                fix(scan, sides.get(1), sides.get(0), fixed);
            }
        }
        boolean found = table.uniqueKeys().stream().anyMatch(key -> fixed.containsAll(key));
        return found ? 1 : Double.POSITIVE_INFINITY;
    }

    private static void fix(SealedScan scan, RexNode column, RexNode value, Set<String> fixed) {
        if (column instanceof RexInputRef ref && scan.storedColumn(ref.getIndex()) >= 0 && RexUtil.isConstant(value)) {
            fixed.add(scan.getRowType().getFieldNames().get(ref.getIndex()));
        }
    }

    private double joined(Join join) {
        double left = getRowCount(join.getLeft());
        double right = getRowCount(join.getRight());
        double rows = join.analyzeCondition().leftKeys.isEmpty()
                ? left * right * RelMdUtil.guessSelectivity(join.getCondition())
                : Math.max(left, right);
        return switch (join.getJoinType()) {
            case LEFT -> Math.max(rows, left);
            case RIGHT -> Math.max(rows, right);
            case FULL -> Math.max(rows, left + right);
            case SEMI, ANTI -> left;
            default -> rows;
        };
    }
}
