package dev.nicol.policy.rewrite;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.nicol.policy.mask.JoinKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.jspecify.annotations.Nullable;

/**
 * Lets joins compare what is stored in masked columns that a grant opens to them: an equality of two columns becomes one of
 * their join keys ({@link JoinKey}), which their seals have at their end and the first projection above drops. It changes what
 * a statement means, so it runs once, on the plan as it was written. No stored value leaves its seal.
 */
public final class RawJoins {
    private static final JoinKey KEY = new JoinKey();

    private RawJoins() {}

    /** The same plan, in sub-queries too, with every join that may compare stored values on join keys; its rows keep their type. */
    public static RelNode apply(RelNode plan) {
        return keyed(plan, Set.of()).inOrder(plan, Set.of()).rel();
    }

    /** @param wanted columns whose key is asked for; {@link #reached} found each */
    private static Keyed keyed(RelNode node, Set<Integer> wanted) {
        if (node instanceof SealedScan scan) {
            return wanted.isEmpty()
                    ? Keyed.none(scan)
                    : Keyed.atEnd(
                            scan.withKeys(
                                    wanted.stream().map(scan::comparedColumn).toList()),
                            wanted);
        } else if (node instanceof Filter filter) {
            return keyed(filter, wanted);
        } else if (passes(node) && node instanceof Project project) {
            return keyed(project, wanted);
        } else if (passes(node) && node instanceof Join join) {
            return keyed(join, wanted);
        }
        List<RelNode> inputs = new ArrayList<>();
        node.getInputs().forEach(input -> inputs.add(apply(input)));
        RelNode copy = inputs.equals(node.getInputs()) ? node : node.copy(node.getTraitSet(), inputs);
        return Keyed.none(copy.accept(new SubQueries()));
    }

    /** Whether keys of columns below can be columns of the node. */
    private static boolean passes(RelNode node) {
        if (node instanceof LogicalJoin join) {
            return join.getJoinType().projectsRight()
                    && join.getVariablesSet().isEmpty()
                    && !RexUtil.SubQueryFinder.containsSubQuery(join);
        }
        return node instanceof Filter || node instanceof Project project && !project.containsOver();
    }

    private static Keyed keyed(Project project, Set<Integer> wanted) {
        Map<Integer, Integer> below = new LinkedHashMap<>();
        wanted.forEach(field -> below.put(field, column(project.getProjects().get(field))));
        Set<Integer> needed = new TreeSet<>(below.values());
        Keyed input = keyed(project.getInput(), needed);
        Project walked = (Project) project.accept(new SubQueries());
        if (input.rel() == project.getInput()) {
            return Keyed.none(walked);
        }
        Keyed row = project.getVariablesSet().isEmpty() ? input : input.inOrder(project.getInput(), needed);
        return row.under(walked, below);
    }

    private static Keyed keyed(Join join, Set<Integer> wanted) {
        int leftFields = join.getLeft().getRowType().getFieldCount();
        List<RexNode> conditions = RelOptUtil.conjunctions(join.getCondition());
        Set<Integer> left = new TreeSet<>();
        Set<Integer> right = new TreeSet<>();
        Set<Integer> needed = new TreeSet<>(wanted);
        conditions.stream().map(condition -> compared(join, condition)).forEach(needed::addAll);
        needed.forEach(
                field -> (field < leftFields ? left : right).add(field < leftFields ? field : field - leftFields));
        Keyed one = keyed(join.getLeft(), left);
        Keyed other = keyed(join.getRight(), right);
        if (one.rel() == join.getLeft() && other.rel() == join.getRight()) {
            return Keyed.none(join);
        }
        int shift = one.rel().getRowType().getFieldCount();
        List<Integer> fields = new ArrayList<>(one.fields());
        other.fields().forEach(field -> fields.add(shift + field));
        Map<Integer, Integer> keys = new HashMap<>(one.keys());
        other.keys().forEach((field, key) -> keys.put(leftFields + field, shift + key));
        RexBuilder rex = join.getCluster().getRexBuilder();
        Keyed both = new Keyed(on(join, one, other, rex.makeLiteral(true)), fields, keys);
        List<RexNode> rewritten =
                conditions.stream().map(each -> onKeys(join, each, both)).toList();
        return both.as(on(join, one, other, RexUtil.composeConjunction(rex, rewritten)));
    }

    private static RelNode on(Join join, Keyed left, Keyed right, RexNode condition) {
        return join.copy(
                join.getTraitSet(), condition, left.rel(), right.rel(), join.getJoinType(), join.isSemiJoinDone());
    }

    private static Keyed keyed(Filter filter, Set<Integer> wanted) {
        RelNode input = filter.getInput();
        List<RexNode> conditions = RelOptUtil.conjunctions(filter.getCondition());
        Set<Integer> needed = new TreeSet<>(wanted);
        conditions.forEach(condition -> needed.addAll(compared(input, condition)));
        conditions.forEach(condition -> needed.addAll(listed(input, condition)));
        Keyed row = keyed(input, needed);
        if (!filter.getVariablesSet().isEmpty()) {
            row = row.inOrder(input, needed);
        }
        Keyed below = row;
        List<RexNode> rewritten = conditions.stream()
                .map(condition -> listed(input, condition).isEmpty()
                        ? onKeys(input, condition, below).accept(new SubQueries())
                        : inKeys(condition, below))
                .toList();
        if (below.rel() == input && rewritten.equals(conditions)) {
            return Keyed.none(filter);
        }
        return below.as(LogicalFilter.create(
                below.rel(),
                RexUtil.composeConjunction(filter.getCluster().getRexBuilder(), rewritten),
                ImmutableSet.copyOf(filter.getVariablesSet())));
    }

    /** The condition over a row with keys: an equality of the two keys where it compares stored values. */
    private static RexNode onKeys(RelNode row, RexNode condition, Keyed keyed) {
        List<Integer> sides = compared(row, condition);
        return sides.isEmpty()
                ? keyed.moved(condition)
                : row.getCluster()
                        .getRexBuilder()
                        .makeCall(
                                SqlStdOperatorTable.EQUALS, List.of(keyed.key(sides.get(0)), keyed.key(sides.get(1))));
    }

    /** The two columns of a row whose stored values a condition compares; none where it sees what is shown. */
    private static List<Integer> compared(RelNode row, RexNode condition) {
        if (condition.getKind() != SqlKind.EQUALS) {
            return List.of();
        }
        int one = column(((RexCall) condition).getOperands().get(0));
        int other = column(((RexCall) condition).getOperands().get(1));
        boolean raw = one >= 0 && other >= 0 && apart(row, one, other) && raw(reached(row, one), reached(row, other));
        return raw ? List.of(one, other) : List.of();
    }

    /** The column of a row that a condition looks for among stored values, {@code x [NOT] IN (SELECT y …)}; else none. */
    private static List<Integer> listed(RelNode row, RexNode condition) {
        RexNode in = condition.getKind() == SqlKind.NOT
                ? ((RexCall) condition).getOperands().get(0)
                : condition;
        boolean raw = in instanceof RexSubQuery subQuery
                && subQuery.getKind() == SqlKind.IN
                && subQuery.getOperands().size() == 1
                && raw(reached(row, column(subQuery.getOperands().get(0))), reached(subQuery.rel, 0));
        return raw ? List.of(column(((RexSubQuery) in).getOperands().get(0))) : List.of();
    }

    private static RexNode inKeys(RexNode condition, Keyed row) {
        if (condition.getKind() == SqlKind.NOT) {
            RexBuilder rex = row.rel().getCluster().getRexBuilder();
            return rex.makeCall(
                    SqlStdOperatorTable.NOT,
                    inKeys(((RexCall) condition).getOperands().get(0), row));
        }
        RexSubQuery in = (RexSubQuery) condition;
        Keyed list = keyed(in.rel, Set.of(0));
        RelNode keys = RelOptUtil.createProject(list.rel(), List.of(list.keys().get(0)));
        return RexSubQuery.in(
                keys, ImmutableList.of(row.key(column(in.getOperands().get(0)))));
    }

    /** The column that an expression is, under casts that change no value: the validator's, which make types equal; else -1. */
    private static int column(RexNode expression) {
        if (expression instanceof RexInputRef reference) {
            return reference.getIndex();
        } else if (expression.getKind() != SqlKind.CAST) {
            return -1;
        }
        RexNode from = ((RexCall) expression).getOperands().get(0);
        return KEY.keeps(from.getType(), expression.getType()) ? column(from) : -1;
    }

    /** Whether two columns come from different sides of a join: one row's own columns are not joined. */
    private static boolean apart(RelNode node, int one, int other) {
        if (node instanceof Filter filter) {
            return apart(filter.getInput(), one, other);
        } else if (node instanceof Project project) {
            int below = column(project.getProjects().get(one));
            int beside = column(project.getProjects().get(other));
            return below >= 0 && beside >= 0 && apart(project.getInput(), below, beside);
        } else if (node instanceof Join join) {
            int left = join.getLeft().getRowType().getFieldCount();
            return one < left != other < left
                    || (one < left
                            ? apart(join.getLeft(), one, other)
                            : apart(join.getRight(), one - left, other - left));
        }
        return false;
    }

    private static boolean raw(@Nullable Reached one, @Nullable Reached other) {
        return one != null
                && other != null
                && (one.masked() || other.masked())
                && KEY.joins(one.scan().storedType(one.stored()), other.scan().storedType(other.stored()));
    }

    /** A column of a seal whose stored value may be compared. */
    private record Reached(SealedScan scan, int stored) {
        boolean masked() {
            return scan.decision().columns().get(stored).mask() != null;
        }
    }

    /** What a column of a node is, through plain columns; null where it is nothing whose stored value may be compared. */
    private static @Nullable Reached reached(RelNode node, int field) {
        if (field < 0) {
            return null;
        } else if (node instanceof SealedScan scan) {
            int stored = scan.comparedColumn(field);
            return stored < 0 ? null : new Reached(scan, stored);
        } else if (!passes(node)) {
            return null;
        } else if (node instanceof Project project) {
            return reached(project.getInput(), column(project.getProjects().get(field)));
        } else if (node instanceof Join join) {
            int left = join.getLeft().getRowType().getFieldCount();
            return field < left ? reached(join.getLeft(), field) : reached(join.getRight(), field - left);
        }
        return reached(node.getInput(0), field);
    }

    private static final class SubQueries extends RexShuttle {
        @Override
        public RexNode visitSubQuery(RexSubQuery subQuery) {
            RexSubQuery walked = (RexSubQuery) super.visitSubQuery(subQuery);
            RelNode rel = RawJoins.apply(walked.rel);
            return rel == walked.rel ? walked : walked.clone(rel);
        }
    }
}
