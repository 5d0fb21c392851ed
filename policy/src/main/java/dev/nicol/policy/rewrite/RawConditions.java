package dev.nicol.policy.rewrite;

import com.google.common.collect.ImmutableSet;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.util.ImmutableBitSet;
import org.jspecify.annotations.Nullable;

/**
 * Lets conditions see the stored value of masked columns that a grant opens to them: conjuncts of WHERE and ON that may
 * cross a seal are moved inside it. It changes what a statement means, so it runs once, on the plan as it was written, and
 * before {@link Crossing}, which only makes plans quick: what an optimiser derives later never sees a stored value.
 */
public final class RawConditions {
    private RawConditions() {}

    /** The same plan, in sub-queries too, with every condition that sees stored values inside its seal. */
    public static RelNode apply(RelNode plan) {
        List<RelNode> inputs = new ArrayList<>();
        plan.getInputs().forEach(input -> inputs.add(apply(input)));
        RelNode copy = inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
        RelNode walked = copy.accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                RexSubQuery inner = (RexSubQuery) super.visitSubQuery(subQuery);
                return inner.clone(RawConditions.apply(inner.rel));
            }
        });
        if (walked instanceof Filter filter) {
            return where(filter);
        }
        return walked instanceof Join join ? on(join) : walked;
    }

    private static RelNode where(Filter filter) {
        RelNode input = filter.getInput();
        List<RexNode> left = new ArrayList<>();
        for (RexNode predicate : RelOptUtil.conjunctions(filter.getCondition())) {
            RelNode crossed = cross(input, predicate);
            if (crossed == null) {
                left.add(predicate);
            } else {
                input = crossed;
            }
        }
        if (input == filter.getInput()) {
            return filter;
        }
        RexBuilder rex = filter.getCluster().getRexBuilder();
        return left.isEmpty()
                ? input
                : LogicalFilter.create(
                        input, RexUtil.composeConjunction(rex, left), ImmutableSet.copyOf(filter.getVariablesSet()));
    }

    /** An outer join keeps the rows of its outer side whatever ON says of them, so only the other side's may be left out. */
    private static RelNode on(Join join) {
        boolean intoLeft = join.getJoinType() == JoinRelType.INNER || join.getJoinType() == JoinRelType.RIGHT;
        boolean intoRight = join.getJoinType() == JoinRelType.INNER || join.getJoinType() == JoinRelType.LEFT;
        RelNode at = join;
        List<RexNode> left = new ArrayList<>();
        for (RexNode predicate : RelOptUtil.conjunctions(join.getCondition())) {
            RelNode crossed = side((Join) at, predicate, intoLeft, intoRight);
            if (crossed == null) {
                left.add(predicate);
            } else {
                at = crossed;
            }
        }
        if (at == join) {
            return join;
        }
        RexNode rest = RexUtil.composeConjunction(join.getCluster().getRexBuilder(), left);
        return join.copy(join.getTraitSet(), rest, at.getInput(0), at.getInput(1), join.getJoinType(), false);
    }

    /** The node with the predicate inside the one seal it speaks of; null where it may not get there, or sees no raw value. */
    private static @Nullable RelNode cross(RelNode node, RexNode predicate) {
        if (node instanceof SealedScan scan) {
            if (!Leakproof.raw(predicate, scan)) {
                return null;
            }
            List<RexNode> crossing = new ArrayList<>(scan.crossing());
            crossing.add(predicate);
            return scan.letThrough(crossing);
        } else if (node instanceof Filter) {
            return into(node, 0, predicate);
        } else if (node instanceof Project project) {
            RexNode below = Crossing.below(project, predicate);
            return below == null ? null : into(project, 0, below);
        } else if (node instanceof Join join) {
            JoinRelType type = join.getJoinType();
            return side(
                    join,
                    predicate,
                    type == JoinRelType.INNER || type == JoinRelType.LEFT,
                    type == JoinRelType.INNER || type == JoinRelType.RIGHT);
        }
        return null;
    }

    private static @Nullable RelNode side(Join join, RexNode predicate, boolean intoLeft, boolean intoRight) {
        int leftFields = join.getLeft().getRowType().getFieldCount();
        ImmutableBitSet read = RelOptUtil.InputFinder.bits(predicate);
        if (intoLeft && ImmutableBitSet.range(leftFields).contains(read)) {
            return into(join, 0, predicate);
        }
        if (intoRight && !read.intersects(ImmutableBitSet.range(leftFields))) {
            return into(join, 1, RexUtil.shift(predicate, -leftFields));
        }
        return null;
    }

    private static @Nullable RelNode into(RelNode node, int input, RexNode predicate) {
        RelNode crossed = cross(node.getInput(input), predicate);
        if (crossed == null) {
            return null;
        }
        List<RelNode> inputs = new ArrayList<>(node.getInputs());
        inputs.set(input, crossed);
        return node.copy(node.getTraitSet(), inputs);
    }
}
