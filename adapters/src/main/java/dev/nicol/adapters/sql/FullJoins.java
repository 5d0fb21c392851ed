package dev.nicol.adapters.sql;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.SourceScan;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;

/** What a source without {@link SourceAdapter.Capability#FULL_JOIN_ON_ANYTHING} can join. */
final class FullJoins {
    private FullJoins() {}

    /**
     * Whether something in the condition is an equality of a column of one side and one of the other. A source's optimizer
     * looks into sub-selects, so that a column which is a constant there, such as a mask, is none.
     */
    static boolean onColumns(Join join) {
        return RelOptUtil.conjunctions(join.getCondition()).stream()
                .anyMatch(
                        condition -> condition.getKind() == SqlKind.EQUALS && equalColumns(join, (RexCall) condition));
    }

    private static boolean equalColumns(Join join, RexCall equality) {
        RexNode one = bare(equality.getOperands().get(0));
        RexNode other = bare(equality.getOperands().get(1));
        int width = join.getLeft().getRowType().getFieldCount();
        return one instanceof RexInputRef first
                && other instanceof RexInputRef second
                && (first.getIndex() < width) != (second.getIndex() < width)
                && first.getType().getSqlTypeName() == second.getType().getSqlTypeName()
                && stored(join, first)
                && stored(join, second);
    }

    private static RexNode bare(RexNode expression) {
        return expression instanceof RexCall cast && cast.getKind() == SqlKind.CAST
                ? bare(cast.getOperands().get(0))
                : expression;
    }

    private static boolean stored(RelNode plan, RexNode expression) {
        return bare(expression) instanceof RexInputRef reference && column(plan, reference.getIndex());
    }

    /** Whether a field is a stored column. */
    private static boolean column(RelNode plan, int field) {
        if (plan instanceof SealedScan scan) {
            return column(SqlGenerator.opened(scan), field);
        } else if (plan instanceof Project project) {
            return stored(project.getInput(), project.getProjects().get(field));
        } else if (plan instanceof Join join) {
            int width = join.getLeft().getRowType().getFieldCount();
            return field < width ? column(join.getLeft(), field) : column(join.getRight(), field - width);
        } else if (plan instanceof Aggregate aggregate) {
            return field < aggregate.getGroupCount()
                    && column(aggregate.getInput(), aggregate.getGroupSet().nth(field));
        } else if (plan instanceof Filter || plan instanceof Sort) {
            return column(plan.getInput(0), field);
        }
        return plan instanceof SourceScan;
    }
}
