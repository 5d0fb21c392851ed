package dev.nicol.adapters.federation;

import java.math.BigDecimal;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;

/**
 * Rows of the right side of a full or right join that are objects of their own. Calcite's engine (1.42) remembers which of
 * them have found no match by their identity, and a row of one column is the bare value there: two NULLs were one row.
 */
final class WholeRows extends RelHomogeneousShuttle {
    @Override
    public RelNode visit(RelNode other) {
        RelNode node = super.visit(other);
        return node instanceof Join join
                        && join.getJoinType().generatesNullsOnLeft()
                        && join.getRight().getRowType().getFieldCount() == 1
                ? widened(join)
                : node;
    }

    private static RelNode widened(Join join) {
        RexBuilder rex = join.getCluster().getRexBuilder();
        RelNode right = join.getRight();
        List<RexNode> fields = List.of(rex.makeInputRef(right, 0), rex.makeExactLiteral(BigDecimal.ONE));
        RelNode wide = LogicalProject.create(right, List.of(), fields, List.of("f0", "f1"), Set.of());
        RelNode joined = join.copy(
                join.getTraitSet(),
                join.getCondition(),
                join.getLeft(),
                wide,
                join.getJoinType(),
                join.isSemiJoinDone());
        List<RexNode> kept = IntStream.range(0, join.getRowType().getFieldCount())
                .mapToObj(i -> (RexNode) rex.makeInputRef(joined, i))
                .toList();
        return LogicalProject.create(joined, List.of(), kept, join.getRowType().getFieldNames(), Set.of());
    }
}
