package dev.nicol.adapters.federation;

import dev.nicol.adapters.sql.Estimates;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinInfo;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.jspecify.annotations.Nullable;

/**
 * Lets a source add up only the groups that its joins can find (docs/internals/decisions/0039-only-groups-that-are-joined.md).
 * Groups whose key the other side of a join does not have are left out of the aggregate's input, whole groups always. For
 * nobody sees them: so it is of both sides of an inner or semi join, of the side of an outer join whose rows alone do not
 * show, and of the side of an anti join that is only looked at. NULL is equal to nothing, and left out too.
 */
final class JoinedGroups {
    /** There must be so many times as many values of the key as are left. */
    private static final double LEAST_SHARE = 3;

    /** So many times as many rows must be added up as are read once more for keys. */
    private static final double LEAST_GAIN = 2;

    private final @Nullable JoinKeyBounds bounds;

    /** What aggregates so far leave out, of those below the one that is looked at. */
    private Set<Keys> placed = none();

    /** @param bounds null: keys of other sides are told already */
    private JoinedGroups(@Nullable JoinKeyBounds bounds) {
        this.bounds = bounds;
    }

    /**
     * The same plan of one source with fewer rows added up, where the source's statistics say that it pays.
     *
     * @param plan that one source computes in one statement: what is read twice is then the same both times
     */
    static RelNode apply(RelNode plan, JoinKeyBounds bounds) {
        return bounds.most() == 0 ? plan : new JoinedGroups(bounds).reduced(plan, List.of());
    }

    /**
     * The same plan for rows only that are found by keys, told to aggregates on the other sides of its joins too.
     *
     * @param keys by the field of the plan that is compared with them
     */
    static RelNode told(RelNode plan, Map<Integer, RexNode> keys) {
        List<Told> told = new ArrayList<>();
        keys.forEach((field, key) -> told.add(new Told(new Bound(key), field, false)));
        return new JoinedGroups(null).reduced(plan, told);
    }

    private sealed interface Keys {}

    /** Those of a column of a join's other side. */
    private record OfSide(RelNode side, int field) implements Keys {}

    /** Those that a parameter stands for. */
    private record Bound(RexNode parameter) implements Keys {}

    /**
     * Of a node nobody needs rows whose field is none of the keys.
     *
     * @param carried whether an equality has led to the field: no rule moves a filter there
     */
    private record Told(Keys keys, int field, boolean carried) {
        Told at(int other) {
            return new Told(keys, other, carried);
        }
    }

    private static Set<Keys> none() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    private RelNode reduced(RelNode node, List<Told> told) {
        if (node instanceof Join join) {
            return ofJoin(join, told);
        } else if (node instanceof Aggregate aggregate) {
            return ofAggregate(aggregate, told);
        }
        List<Told> below = below(node, told);
        return with(
                node,
                node.getInputs().stream().map(input -> reduced(input, below)).toList());
    }

    private static RelNode with(RelNode node, List<RelNode> inputs) {
        return inputs.equals(node.getInputs()) ? node : node.copy(node.getTraitSet(), inputs);
    }

    private static List<Told> below(RelNode node, List<Told> told) {
        boolean sorted = node instanceof Sort sort && sort.fetch == null && sort.offset == null;
        if (sorted || node instanceof Filter || node instanceof Union) {
            return told;
        }
        List<Told> below = new ArrayList<>();
        if (node instanceof Project project && !project.containsOver()) {
            for (Told one : told) {
                if (KeySides.uncast(project.getProjects().get(one.field())) instanceof RexInputRef column) {
                    below.add(one.at(column.getIndex()));
                }
            }
        }
        return below;
    }

    private RelNode ofJoin(Join join, List<Told> told) {
        JoinRelType type = join.getJoinType();
        boolean inner = type == JoinRelType.INNER || type == JoinRelType.SEMI;
        boolean toRight = inner || type == JoinRelType.LEFT || type == JoinRelType.ANTI;
        boolean toLeft = inner || type == JoinRelType.RIGHT;
        int width = join.getLeft().getRowType().getFieldCount();
        List<Told> left = new ArrayList<>();
        List<Told> right = new ArrayList<>();
        for (Told one : told) {
            if (one.field() < width && toRight) {
                left.add(one);
            } else if (one.field() >= width && toLeft) {
                right.add(one.at(one.field() - width));
            }
        }
        List<Told> carriedLeft = new ArrayList<>();
        List<Told> carriedRight = new ArrayList<>();
        JoinInfo info = join.analyzeCondition();
        for (int i = 0; i < info.leftKeys.size(); i++) {
            int ofLeft = info.leftKeys.get(i);
            int ofRight = info.rightKeys.get(i);
            if (!info.nullExclusionFlags.get(i) || !KeySides.exact(join, ofLeft, ofRight)) {
                continue;
            }
            if (toRight) {
                tell(new OfSide(join.getLeft(), ofLeft), ofRight, carriedRight);
                carry(left, ofLeft, ofRight, carriedRight);
            }
            if (toLeft) {
                tell(new OfSide(join.getRight(), ofRight), ofLeft, carriedLeft);
                carry(right, ofRight, ofLeft, carriedLeft);
            }
        }
        left.addAll(carriedLeft);
        right.addAll(carriedRight);
        return with(join, List.of(reduced(join.getLeft(), left), reduced(join.getRight(), right)));
    }

    private void tell(OfSide keys, int field, List<Told> carried) {
        if (bounds != null) {
            carried.add(new Told(keys, field, true));
        }
    }

    private static void carry(List<Told> told, int from, int to, List<Told> carried) {
        told.stream().filter(one -> one.field() == from).forEach(one -> carried.add(new Told(one.keys(), to, true)));
    }

    private RelNode ofAggregate(Aggregate aggregate, List<Told> told) {
        List<Told> keys = new ArrayList<>();
        for (Told one : told) {
            if (aggregate.getGroupSets().size() == 1 && one.field() < aggregate.getGroupCount()) {
                keys.add(one.at(aggregate.getGroupSet().nth(one.field())));
            }
        }
        Set<Keys> beside = placed;
        placed = none();
        RelNode input = reduced(aggregate.getInput(), keys);
        // what a nested aggregate leaves out already need not be left out again
        keys.removeIf(one -> placed.contains(one.keys()));
        List<RexNode> conditions = conditions(aggregate.getInput(), keys);
        placed.addAll(beside);
        return with(aggregate, List.of(conditions.isEmpty() ? input : filtered(input, conditions)));
    }

    private static RelNode filtered(RelNode input, List<RexNode> conditions) {
        RexBuilder rex = input.getCluster().getRexBuilder();
        if (input instanceof Filter filter && filter.getVariablesSet().isEmpty()) {
            List<RexNode> all = new ArrayList<>(RelOptUtil.conjunctions(filter.getCondition()));
            all.addAll(conditions);
            return LogicalFilter.create(filter.getInput(), RexUtil.composeConjunction(rex, all));
        }
        return LogicalFilter.create(input, RexUtil.composeConjunction(rex, conditions));
    }

    /** What leaves out the most of what nobody needs: all parameters, and the fewest keys of one other side. */
    private List<RexNode> conditions(RelNode input, List<Told> told) {
        RexBuilder rex = input.getCluster().getRexBuilder();
        List<RexNode> conditions = new ArrayList<>();
        double least = Double.POSITIVE_INFINITY;
        Told best = null;
        KeySides.Column from = null;
        for (Told one : told) {
            if (one.keys() instanceof Bound bound && one.carried()) {
                placed.add(bound);
                RexNode column = rex.makeInputRef(input, one.field());
                conditions.add(rex.makeCall(SqlStdOperatorTable.EQUALS, column, bound.parameter()));
            } else if (one.keys() instanceof OfSide side) {
                KeySides.Column keys = KeySides.fewest(side.side(), side.field());
                double share = keys == null ? least : keys.values() / Estimates.storedValues(input, one.field());
                if (keys != null && share < least && pays(input, one.field(), keys)) {
                    least = share;
                    best = one;
                    from = keys;
                }
            }
        }
        if (best != null && from != null) {
            placed.add(best.keys());
            conditions.add(from.contains(rex.makeInputRef(input, best.field())));
        }
        return conditions;
    }

    private boolean pays(RelNode input, int field, KeySides.Column keys) {
        if (bounds == null) {
            return false;
        }
        return bounds.always()
                || Estimates.isCounted(input, field)
                        && Estimates.isCounted(keys.node(), keys.field())
                        && Estimates.rows(input) >= bounds.fromRows()
                        && keys.values() * LEAST_SHARE <= Estimates.storedValues(input, field)
                        && Estimates.read(keys.node()) * LEAST_GAIN <= Estimates.read(input);
    }
}
