package dev.nicol.adapters.federation;

import dev.nicol.adapters.sql.Estimates;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/**
 * Orders inner joins across sources. Factors of one source that a predicate connects are joined first, so that their
 * source joins them, unless that has no equality and answers with more rows than they have; to the smallest group is then
 * joined what leaves the fewest rows, always along a predicate where there is one.
 *
 * <p>Deterministic and quadratic in the number of factors, because planning time is part of every statement.
 */
final class JoinOrder {
    private final Function<RelNode, @Nullable String> sourceOf;
    private final List<RelNode> factors = new ArrayList<>();
    private final List<RexNode> conditions = new ArrayList<>();

    private JoinOrder(Function<RelNode, @Nullable String> sourceOf) {
        this.sourceOf = sourceOf;
    }

    /**
     * Reorders every tree of inner joins in a plan.
     *
     * @param sourceOf the one source that computes a whole subtree; null where none does
     */
    static RelNode apply(RelNode plan, Function<RelNode, @Nullable String> sourceOf) {
        if (inner(plan)) {
            JoinOrder order = new JoinOrder(sourceOf);
            order.collect(plan, 0);
            order.factors.replaceAll(factor -> apply(factor, sourceOf));
            return order.joined(plan);
        }
        List<RelNode> inputs = new ArrayList<>();
        plan.getInputs().forEach(input -> inputs.add(apply(input, sourceOf)));
        return inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
    }

    private static boolean inner(RelNode node) {
        return node instanceof Join join
                && join.getJoinType() == JoinRelType.INNER
                && join.getVariablesSet().isEmpty();
    }

    /** Flattens a tree; conditions come to count fields over all factors in their written order. */
    private void collect(RelNode node, int offset) {
        if (!inner(node)) {
            factors.add(node);
            return;
        }
        Join join = (Join) node;
        int leftFields = join.getLeft().getRowType().getFieldCount();
        collect(join.getLeft(), offset);
        collect(join.getRight(), offset + leftFields);
        conditions.addAll(RelOptUtil.conjunctions(RexUtil.shift(join.getCondition(), offset)));
    }

    /**
     * A set of factors already joined.
     *
     * @param order of the factors whose fields its row consists of
     * @param rows estimated
     * @param equal sets of fields, in the written order of factors, that are equal in its rows
     */
    private record Group(RelNode plan, List<Integer> order, double rows, List<Set<Integer>> equal) {}

    private RelNode joined(RelNode original) {
        Set<RexNode> pending = new LinkedHashSet<>(conditions);
        List<Group> groups = new ArrayList<>();
        for (int i = 0; i < factors.size(); i++) {
            groups.add(new Group(factors.get(i), List.of(i), Estimates.rows(factors.get(i)), List.of()));
        }
        pending.addAll(implied(original, pending));
        groups = joinSameSource(groups, pending);
        Group all = joinSmallestFirst(groups, pending);
        return restored(original, all);
    }

    /**
     * Equalities of two fields of one source's factors that follow from those with a third one: their source can join by
     * them. Where one holds, one of the others is left out again.
     */
    private List<RexNode> implied(RelNode original, Set<RexNode> written) {
        List<Set<Integer>> classes = new ArrayList<>();
        Set<Set<Integer>> known = new HashSet<>();
        for (RexNode condition : written) {
            Set<Integer> pair = pair(condition);
            if (pair != null) {
                known.add(pair);
                merge(classes, pair);
            }
        }
        RexBuilder rex = original.getCluster().getRexBuilder();
        List<RexNode> implied = new ArrayList<>();
        for (Set<Integer> same : classes) {
            List<Integer> fields = List.copyOf(new TreeSet<>(same));
            for (int i = 0; i < fields.size(); i++) {
                for (int j = i + 1; j < fields.size(); j++) {
                    int one = fields.get(i);
                    int other = fields.get(j);
                    String source = sourceOf.apply(factors.get(factorOf(one)));
                    if (source != null
                            && factorOf(one) != factorOf(other)
                            && !known.contains(Set.of(one, other))
                            && source.equals(sourceOf.apply(factors.get(factorOf(other))))) {
                        implied.add(rex.makeCall(
                                SqlStdOperatorTable.EQUALS,
                                rex.makeInputRef(original, one),
                                rex.makeInputRef(original, other)));
                    }
                }
            }
        }
        return implied;
    }

    /** The two fields that a condition sets equal; null for another, and where equal values may be different ones. */
    private static @Nullable Set<Integer> pair(RexNode condition) {
        if (condition.getKind() != SqlKind.EQUALS
                || !(((RexCall) condition).getOperands().get(0) instanceof RexInputRef one)
                || !(((RexCall) condition).getOperands().get(1) instanceof RexInputRef other)
                || one.getIndex() == other.getIndex()) {
            return null;
        }
        // Texts can be equal by one column's collation and not by the other's.
        boolean exact = SqlTypeUtil.equalSansNullability(one.getType(), other.getType())
                && (SqlTypeUtil.isExactNumeric(one.getType())
                        || one.getType().getSqlTypeName() == SqlTypeName.DATE
                        || one.getType().getSqlTypeName() == SqlTypeName.UUID);
        return exact ? Set.of(one.getIndex(), other.getIndex()) : null;
    }

    private static void merge(List<Set<Integer>> classes, Set<Integer> equal) {
        Set<Integer> merged = new HashSet<>(equal);
        classes.removeIf(same -> {
            boolean touches = same.stream().anyMatch(equal::contains);
            if (touches) {
                merged.addAll(same);
            }
            return touches;
        });
        classes.add(merged);
    }

    private List<Group> joinSameSource(List<Group> groups, Set<RexNode> pending) {
        List<Group> left = new ArrayList<>(groups);
        boolean joined = true;
        while (joined) {
            joined = false;
            for (int i = 0; i < left.size() && !joined; i++) {
                for (int j = i + 1; j < left.size() && !joined; j++) {
                    String source = sourceOf.apply(left.get(i).plan());
                    if (source != null
                            && source.equals(sourceOf.apply(left.get(j).plan()))
                            && connects(left.get(i), left.get(j), pending)) {
                        Set<RexNode> attempt = new LinkedHashSet<>(pending);
                        Group both = join(left.get(i), left.get(j), attempt);
                        boolean grows =
                                both.rows() > left.get(i).rows() + left.get(j).rows();
                        if ((!grows || equates(left.get(i), left.get(j), pending))
                                && source.equals(sourceOf.apply(both.plan()))) {
                            pending.retainAll(attempt);
                            left.set(i, both);
                            left.remove(j);
                            joined = true;
                        }
                    }
                }
            }
        }
        return left;
    }

    private Group joinSmallestFirst(List<Group> groups, Set<RexNode> pending) {
        List<Group> left = new ArrayList<>(groups);
        Group all = left.remove(least(left, Group::rows));
        while (!left.isEmpty()) {
            Group base = all;
            int next = least(
                    left,
                    group -> connects(base, group, pending)
                            ? join(base, group, new LinkedHashSet<>(pending)).rows()
                            : Double.POSITIVE_INFINITY);
            if (next < 0) {
                next = least(left, Group::rows);
            }
            Group added = left.remove(next);
            // The engine keeps the right side in memory: the smaller one.
            all = base.rows() >= added.rows() ? join(base, added, pending) : join(added, base, pending);
        }
        return all;
    }

    private static int least(List<Group> groups, ToDoubleFunction<Group> rows) {
        int best = -1;
        double bestRows = Double.POSITIVE_INFINITY;
        for (int i = 0; i < groups.size(); i++) {
            double of = rows.applyAsDouble(groups.get(i));
            if (of < bestRows) {
                best = i;
                bestRows = of;
            }
        }
        return best;
    }

    private boolean connects(Group one, Group other, Collection<RexNode> pending) {
        return pending.stream().anyMatch(condition -> connects(one, other, condition));
    }

    private boolean equates(Group one, Group other, Collection<RexNode> pending) {
        return pending.stream()
                .anyMatch(condition -> condition.getKind() == SqlKind.EQUALS && connects(one, other, condition));
    }

    private boolean connects(Group one, Group other, RexNode condition) {
        Set<Integer> read = factorsOf(condition);
        return read.stream().anyMatch(one.order()::contains)
                && read.stream().anyMatch(other.order()::contains)
                && read.stream()
                        .allMatch(f -> one.order().contains(f) || other.order().contains(f));
    }

    /**
     * Joins two groups on every pending condition that they complete, and takes those from the pending ones. An equality
     * that follows from others is left out.
     */
    private Group join(Group left, Group right, Set<RexNode> pending) {
        List<Integer> order = new ArrayList<>(left.order());
        order.addAll(right.order());
        List<Set<Integer>> equal = new ArrayList<>(left.equal());
        equal.addAll(right.equal());
        List<RexNode> ready = new ArrayList<>();
        pending.removeIf(condition -> {
            boolean complete = order.containsAll(factorsOf(condition));
            Set<Integer> pair = complete ? pair(condition) : null;
            if (complete && (pair == null || equal.stream().noneMatch(same -> same.containsAll(pair)))) {
                ready.add(onto(condition, order));
            }
            if (pair != null) {
                merge(equal, pair);
            }
            return complete;
        });
        RexBuilder rex = left.plan().getCluster().getRexBuilder();
        RelNode plan = LogicalJoin.create(
                left.plan(),
                right.plan(),
                List.of(),
                RexUtil.composeConjunction(rex, ready),
                Set.of(),
                JoinRelType.INNER);
        return new Group(
                plan, order, Estimates.inner(left.plan(), left.rows(), right.plan(), right.rows(), ready), equal);
    }

    private RelNode restored(RelNode original, Group all) {
        RexBuilder rex = all.plan().getCluster().getRexBuilder();
        List<RexNode> fields = new ArrayList<>();
        for (int i = 0; i < original.getRowType().getFieldCount(); i++) {
            fields.add(onto(rex.makeInputRef(original, i), all.order()));
        }
        if (RexUtil.isIdentity(fields, all.plan().getRowType())) {
            return all.plan();
        }
        return LogicalProject.create(
                all.plan(), List.of(), fields, original.getRowType().getFieldNames(), Set.of());
    }

    /** Rewrites field references from the written order of factors to another. */
    private RexNode onto(RexNode expression, List<Integer> order) {
        return expression.accept(new RexShuttle() {
            @Override
            public RexNode visitInputRef(RexInputRef reference) {
                int factor = factorOf(reference.getIndex());
                int within = reference.getIndex() - start(factor);
                int at = 0;
                for (int joined : order) {
                    if (joined == factor) {
                        return new RexInputRef(at + within, reference.getType());
                    }
                    at += factors.get(joined).getRowType().getFieldCount();
                }
                throw new IllegalStateException("factor " + factor + " is not joined yet");
            }
        });
    }

    private Set<Integer> factorsOf(RexNode condition) {
        Set<Integer> read = new LinkedHashSet<>();
        RelOptUtil.InputFinder.bits(condition).forEachInt(field -> read.add(factorOf(field)));
        return read;
    }

    private int factorOf(int field) {
        int factor = 0;
        int end = factors.get(0).getRowType().getFieldCount();
        while (field >= end) {
            end += factors.get(++factor).getRowType().getFieldCount();
        }
        return factor;
    }

    private int start(int factor) {
        int start = 0;
        for (int i = 0; i < factor; i++) {
            start += factors.get(i).getRowType().getFieldCount();
        }
        return start;
    }
}
