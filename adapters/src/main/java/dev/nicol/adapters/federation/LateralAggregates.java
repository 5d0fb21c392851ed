package dev.nicol.adapters.federation;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.util.ImmutableBitSet;
import org.jspecify.annotations.Nullable;

/**
 * An aggregate without groups has one row even over nothing. Calcite 1.42 remembers that while it decorrelates an inner
 * LATERAL, or what stands above the aggregate in a sub-query, only where the aggregate counts (RelDecorrelator,
 * {@code parentPropagatesNullValues}); so each of them counts.
 */
final class LateralAggregates extends RelHomogeneousShuttle {
    @Override
    public RelNode visit(RelNode other) {
        RelNode node = super.visit(other);
        if (node instanceof Correlate correlate) {
            boolean outer = correlate.getJoinType() == JoinRelType.LEFT;
            RelNode right = correlate.getRight().accept(new Counting(outer ? topmost(correlate.getRight()) : null));
            return correlate.copy(correlate.getTraitSet(), List.of(correlate.getLeft(), right));
        }
        return node;
    }

    /** The aggregate whose one row is there by the outer join. */
    private static RelNode topmost(RelNode right) {
        return right instanceof Project ? topmost(right.getInput(0)) : right;
    }

    private static final class Counting extends RelHomogeneousShuttle {
        private final @Nullable RelNode spared;

        Counting(@Nullable RelNode spared) {
            this.spared = spared;
        }

        @Override
        public RelNode visit(RelNode other) {
            RelNode node = super.visit(other);
            return other != spared
                            && node instanceof Aggregate aggregate
                            && aggregate.getGroupSet().isEmpty()
                            && aggregate.getAggCallList().stream()
                                    .noneMatch(call -> call.getAggregation() == SqlStdOperatorTable.COUNT)
                    ? counting(aggregate)
                    : node;
        }

        private static RelNode counting(Aggregate aggregate) {
            List<AggregateCall> calls = new ArrayList<>(aggregate.getAggCallList());
            calls.add(AggregateCall.create(
                    SqlStdOperatorTable.COUNT,
                    false,
                    false,
                    false,
                    List.of(),
                    List.of(),
                    -1,
                    null,
                    RelCollations.EMPTY,
                    aggregate.getCluster().getTypeFactory().createSqlType(SqlTypeName.BIGINT),
                    null));
            RelNode counted = aggregate.copy(
                    aggregate.getTraitSet(),
                    aggregate.getInput(),
                    ImmutableBitSet.of(),
                    List.of(ImmutableBitSet.of()),
                    calls);
            List<RexNode> kept = aggregate
                    .getCluster()
                    .getRexBuilder()
                    .identityProjects(counted.getRowType())
                    .subList(0, aggregate.getAggCallList().size());
            return LogicalProject.create(
                    counted, List.of(), kept, aggregate.getRowType().getFieldNames(), Set.of());
        }
    }
}
