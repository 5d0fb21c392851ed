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
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.ImmutableBitSet;
import org.jspecify.annotations.Nullable;

/**
 * Lets leakproof predicates through the seals of filtered tables, so that a key look-up finds the source's index beside
 * the row filter. Tables without a row filter need none of this: their source flattens the seal by itself.
 */
public final class Crossing {
    private Crossing() {}

    /** The same plan with every WHERE predicate that may cross moved inside its seal. */
    public static RelNode apply(RelNode plan) {
        List<RelNode> inputs = new ArrayList<>();
        plan.getInputs().forEach(input -> inputs.add(apply(input)));
        RelNode copy = inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
        return copy instanceof Filter filter ? cross(filter) : copy;
    }

    /** What of a filter right above a seal may cross it, within it; the rest above. */
    public static RelNode onto(Filter filter, SealedScan scan) {
        RelNode sealed = scan;
        List<RexNode> left = new ArrayList<>();
        for (RexNode predicate : RelOptUtil.conjunctions(filter.getCondition())) {
            if (Leakproof.total(predicate, scan)) {
                sealed = through((SealedScan) sealed, predicate);
            } else {
                left.add(predicate);
            }
        }
        return left.isEmpty() ? sealed : above(filter, sealed, left);
    }

    private static RelNode cross(Filter filter) {
        RelNode input = filter.getInput();
        List<RexNode> left = new ArrayList<>();
        for (RexNode predicate : RelOptUtil.conjunctions(filter.getCondition())) {
            input = told(input, predicate);
            RelNode crossed = cross(input, predicate);
            if (crossed == null) {
                left.add(predicate);
            } else {
                input = crossed;
            }
        }
        if (left.isEmpty()) {
            return input;
        }
        return above(filter, input, left);
    }

    private static RelNode above(Filter filter, RelNode input, List<RexNode> left) {
        RexNode rest = RexUtil.composeConjunction(filter.getCluster().getRexBuilder(), left);
        return LogicalFilter.create(input, rest, ImmutableSet.copyOf(filter.getVariablesSet()));
    }

    /** The node with the predicate inside the one seal it speaks of; null where it may not get there. */
    private static @Nullable RelNode cross(RelNode node, RexNode predicate) {
        if (node instanceof SealedScan scan) {
            return scan.filtersRows() && Leakproof.total(predicate, scan) ? through(scan, predicate) : null;
        } else if (node instanceof Filter filter) {
            return onto(filter, 0, predicate);
        } else if (node instanceof Project project) {
            RexNode below = below(project, predicate);
            return below == null ? null : onto(project, 0, below);
        } else if (node instanceof Join join) {
            return join(join, predicate);
        }
        return null;
    }

    private static @Nullable RelNode join(Join join, RexNode predicate) {
        int leftFields = join.getLeft().getRowType().getFieldCount();
        ImmutableBitSet read = RelOptUtil.InputFinder.bits(predicate);
        boolean inner = join.getJoinType() == JoinRelType.INNER;
        if ((inner || join.getJoinType() == JoinRelType.LEFT)
                && ImmutableBitSet.range(leftFields).contains(read)) {
            return onto(join, 0, predicate);
        }
        if (inner && !read.intersects(ImmutableBitSet.range(leftFields))) {
            return onto(join, 1, RexUtil.shift(predicate, -leftFields));
        }
        return null;
    }

    /** What a predicate on one side of an inner join says of the other side's key; redundant, so it may be left out. */
    private static RelNode told(RelNode node, RexNode predicate) {
        if (node instanceof Filter || node instanceof Project) {
            RexNode lower = node instanceof Project project ? below(project, predicate) : predicate;
            RelNode input = lower == null ? node.getInput(0) : told(node.getInput(0), lower);
            return input == node.getInput(0) ? node : node.copy(node.getTraitSet(), List.of(input));
        }
        ImmutableBitSet read = RelOptUtil.InputFinder.bits(predicate);
        if (!(node instanceof Join join) || join.getJoinType() != JoinRelType.INNER || read.cardinality() != 1) {
            return node;
        }
        RelNode at = node;
        for (RexNode equality : RelOptUtil.conjunctions(join.getCondition())) {
            int other = other(equality, read.nth(0));
            if (other >= 0) {
                RexNode same = predicate.accept(new RexShuttle() {
                    @Override
                    public RexNode visitInputRef(RexInputRef reference) {
                        return RexInputRef.of(other, join.getRowType());
                    }
                });
                RelNode crossed = cross(at, same);
                at = crossed == null ? at : crossed;
            }
        }
        return at;
    }

    /** The column that an equality of columns sets equal to one; -1 where it does not, or where equal is not the same. */
    private static int other(RexNode equality, int column) {
        if (equality.getKind() != SqlKind.EQUALS
                || !(((RexCall) equality).getOperands().get(0) instanceof RexInputRef left)
                || !(((RexCall) equality).getOperands().get(1) instanceof RexInputRef right)) {
            return -1;
        }
        // Texts can be equal by one column's collation and not by the other's.
        boolean exact = SqlTypeUtil.equalSansNullability(left.getType(), right.getType())
                && (SqlTypeUtil.isExactNumeric(left.getType())
                        || left.getType().getSqlTypeName() == SqlTypeName.DATE
                        || left.getType().getSqlTypeName() == SqlTypeName.UUID);
        if (!exact) {
            return -1;
        }
        return left.getIndex() == column ? right.getIndex() : right.getIndex() == column ? left.getIndex() : -1;
    }

    private static @Nullable RelNode onto(RelNode node, int input, RexNode predicate) {
        RelNode crossed = cross(node.getInput(input), predicate);
        if (crossed == null) {
            return null;
        }
        List<RelNode> inputs = new ArrayList<>(node.getInputs());
        inputs.set(input, crossed);
        return node.copy(node.getTraitSet(), inputs);
    }

    private static RelNode through(SealedScan scan, RexNode predicate) {
        List<RexNode> crossing = new ArrayList<>(scan.crossing());
        crossing.add(predicate);
        return scan.letThrough(crossing);
    }

    /** The predicate in terms of a projection's input; null where it reads a computed column. */
    static @Nullable RexNode below(Project project, RexNode predicate) {
        if (project.containsOver()) {
            // A window sees the rows that the predicate leaves out.
            return null;
        }
        boolean plain = RelOptUtil.InputFinder.bits(predicate).toList().stream()
                .allMatch(field -> project.getProjects().get(field) instanceof RexInputRef);
        if (!plain) {
            return null;
        }
        return predicate.accept(new RexShuttle() {
            @Override
            public RexNode visitInputRef(RexInputRef reference) {
                return project.getProjects().get(reference.getIndex());
            }
        });
    }
}
