package dev.nicol.adapters.federation;

import com.google.common.collect.ImmutableSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalCorrelate;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalUnion;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * Moves sub-queries out of the ON of joins, into filters, where Calcite makes joins of them. An inner join is filtered; of an
 * outer join the right side is filtered for each row of the left one; a full join is a left join and what is left of the right
 * side.
 */
final class JoinSubQueries extends RelHomogeneousShuttle {
    @Override
    public RelNode visit(RelNode other) {
        RelNode node = super.visit(other).accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                RexSubQuery visited = (RexSubQuery) super.visitSubQuery(subQuery);
                return visited.clone(visited.rel.accept(JoinSubQueries.this));
            }
        });
        return node instanceof Join join && RexUtil.SubQueryFinder.containsSubQuery(join) ? moved(join) : node;
    }

    private static RelNode moved(Join join) {
        return switch (join.getJoinType()) {
            case INNER -> filtered(join);
            case LEFT -> typed(left(join, join.getLeft(), join.getRight(), true), join);
            case RIGHT -> typed(turned(left(join, join.getRight(), join.getLeft(), false), join), join);
            case FULL -> full(join);
            default -> join;
        };
    }

    private static RelNode filtered(Join join) {
        RexBuilder rex = join.getCluster().getRexBuilder();
        List<RexNode> here = new ArrayList<>();
        List<RexNode> above = new ArrayList<>();
        for (RexNode condition : RelOptUtil.conjunctions(join.getCondition())) {
            (RexUtil.SubQueryFinder.find(condition) == null ? here : above).add(condition);
        }
        RelNode joined = LogicalJoin.create(
                join.getLeft(),
                join.getRight(),
                List.of(),
                RexUtil.composeConjunction(rex, here),
                Set.of(),
                JoinRelType.INNER);
        return LogicalFilter.create(
                joined, RexUtil.composeConjunction(rex, above), ImmutableSet.copyOf(join.getVariablesSet()));
    }

    /** Each row of {@code outer} with those of {@code inner} that match it, or with NULLs. */
    private static RelNode left(Join join, RelNode outer, RelNode inner, boolean outerFirst) {
        Parted parted = new Parted(join, outer, inner, outerFirst);
        RelNode matching = parted.matching();
        return LogicalCorrelate.create(outer, matching, List.of(), parted.outer, parted.used.build(), JoinRelType.LEFT);
    }

    private static RelNode full(Join join) {
        RexBuilder rex = join.getCluster().getRexBuilder();
        RelNode left = typed(left(join, join.getLeft(), join.getRight(), true), join);
        Parted parted = new Parted(join, join.getRight(), join.getLeft(), false);
        RexNode unmatched = rex.makeCall(SqlStdOperatorTable.NOT, RexSubQuery.exists(parted.matching()));
        RelNode alone = LogicalFilter.create(join.getRight(), unmatched, ImmutableSet.of(parted.outer));
        List<RexNode> fields = new ArrayList<>();
        int width = join.getLeft().getRowType().getFieldCount();
        for (int i = 0; i < width; i++) {
            fields.add(
                    rex.makeNullLiteral(join.getRowType().getFieldList().get(i).getType()));
        }
        fields.addAll(rex.identityProjects(alone.getRowType()));
        RelNode padded = LogicalProject.create(
                alone, List.of(), fields, join.getRowType().getFieldNames(), Set.of());
        return typed(LogicalUnion.create(List.of(left, typed(padded, join)), true), join);
    }

    /** The right side first again. */
    private static RelNode turned(RelNode swapped, Join join) {
        int left = join.getLeft().getRowType().getFieldCount();
        int right = join.getRight().getRowType().getFieldCount();
        List<RexNode> fields = new ArrayList<>();
        for (int i = 0; i < left + right; i++) {
            fields.add(join.getCluster().getRexBuilder().makeInputRef(swapped, i < left ? right + i : i - left));
        }
        return LogicalProject.create(
                swapped, List.of(), fields, join.getRowType().getFieldNames(), Set.of());
    }

    private static RelNode typed(RelNode node, Join join) {
        return RelOptUtil.createCastRel(node, join.getRowType(), true);
    }

    /** The condition of a join as one on the inner side, for a given row of the outer side. */
    private static final class Parted {
        final CorrelationId outer;
        final ImmutableBitSet.Builder used = ImmutableBitSet.builder();
        private final CorrelationId inner;
        private final Join join;
        private final RelNode innerSide;
        private final RelDataType outerRow;
        private final int first;
        private final boolean outerFirst;
        private final RexBuilder rex;
        private boolean innerNamed;

        Parted(Join join, RelNode outerSide, RelNode innerSide, boolean outerFirst) {
            this.join = join;
            this.rex = join.getCluster().getRexBuilder();
            this.outer = join.getCluster().createCorrel();
            this.inner = join.getCluster().createCorrel();
            this.innerSide = innerSide;
            this.outerRow = outerSide.getRowType();
            this.outerFirst = outerFirst;
            this.first = join.getLeft().getRowType().getFieldCount();
        }

        RelNode matching() {
            RexNode condition = join.getCondition().accept(new Fields(true));
            Set<CorrelationId> named = innerNamed ? Set.of(inner) : Set.of();
            return LogicalFilter.create(innerSide, condition, ImmutableSet.copyOf(named));
        }

        private RexNode field(int index, boolean direct) {
            boolean ofOuter = outerFirst == index < first;
            int at = index < first ? index : index - first;
            if (ofOuter) {
                used.set(at);
                return rex.makeFieldAccess(rex.makeCorrel(outerRow, outer), at);
            } else if (direct) {
                return rex.makeInputRef(innerSide, at);
            }
            innerNamed = true;
            return rex.makeFieldAccess(rex.makeCorrel(innerSide.getRowType(), inner), at);
        }

        private final class Fields extends RexShuttle {
            /** Whether input references are those of the join; in sub-queries they are others. */
            private final boolean direct;

            Fields(boolean direct) {
                this.direct = direct;
            }

            @Override
            public RexNode visitInputRef(RexInputRef reference) {
                return direct ? field(reference.getIndex(), true) : reference;
            }

            @Override
            public RexNode visitFieldAccess(RexFieldAccess access) {
                return access.getReferenceExpr() instanceof RexCorrelVariable variable
                                && join.getVariablesSet().contains(variable.id)
                        ? field(access.getField().getIndex(), false)
                        : super.visitFieldAccess(access);
            }

            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                RexSubQuery visited = (RexSubQuery) super.visitSubQuery(subQuery);
                return visited.clone(visited.rel.accept(new RelHomogeneousShuttle() {
                    @Override
                    public RelNode visit(RelNode other) {
                        return super.visit(other).accept(new Fields(false));
                    }
                }));
            }
        }
    }
}
