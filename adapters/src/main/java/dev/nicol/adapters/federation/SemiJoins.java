package dev.nicol.adapters.federation;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.execution.HeldRows;
import dev.nicol.adapters.execution.KeptKeys;
import dev.nicol.adapters.execution.ReducedSource;
import dev.nicol.adapters.execution.SourceRel;
import dev.nicol.adapters.sql.Estimates;
import dev.nicol.adapters.sql.JoinKeys;
import dev.nicol.adapters.sql.KeyedSql;
import dev.nicol.adapters.sql.Pushdown;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.adapters.sql.SqlGenerator;
import dev.nicol.adapters.sql.Whole;
import dev.nicol.policy.rewrite.Crossing;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.calcite.adapter.enumerable.EnumerableHashJoin;
import org.apache.calcite.adapter.enumerable.EnumerableNestedLoopJoin;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Calc;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinInfo;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.RepeatUnion;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the smaller side of a join be read first, and the source of the larger side be told its keys
 * (docs/internals/decisions/0028-semi-join-reduction.md). What is left out has no partner in the engine's join, whose result
 * is the same with and without: so it is for both sides of an inner or semi join, for the side of an outer join whose rows
 * alone do not show, and for the side of an anti join that is only looked at.
 */
final class SemiJoins {
    private static final Logger LOG = LoggerFactory.getLogger(SemiJoins.class);

    /** Columns of one leaf that are compared with keys. */
    private static final int MOST_COLUMNS = 2;

    private final Function<String, SourceAdapter> adapters;
    private final JoinKeyBounds bounds;
    private final BiConsumer<SourceSql, SourceSql> replaced;
    private final Map<SourceRel, List<Wanted>> wanted = new IdentityHashMap<>();
    private final Set<SourceRel> leaves = new HashSet<>();
    private final Set<SourceRel> twice = new HashSet<>();

    /** @param replaced told what each source is asked with keys in place of what it was asked without */
    SemiJoins(
            Function<String, SourceAdapter> adapters, JoinKeyBounds bounds, BiConsumer<SourceSql, SourceSql> replaced) {
        this.adapters = adapters;
        this.bounds = bounds;
        this.replaced = replaced;
    }

    /** A leaf's column that could be told keys of a join's other side. */
    private record Wanted(Join join, boolean leftFirst, int key, Target target, double share) {}

    private record Target(SourceRel leaf, int field) {}

    /** The same plan of the engine's operators with keys told where that pays. */
    RelNode apply(RelNode plan) {
        if (bounds.most() == 0) {
            return plan;
        }
        collect(plan);
        Map<SourceRel, ReducedSource> reduced = new IdentityHashMap<>();
        Map<Join, JoinKeys> told = new IdentityHashMap<>();
        Map<Join, Boolean> leftFirst = new IdentityHashMap<>();
        Map<Join, List<Integer>> columns = new IdentityHashMap<>();
        for (Map.Entry<SourceRel, List<Wanted>> leaf : wanted.entrySet()) {
            List<Wanted> best = leaf.getValue().stream()
                    .sorted(Comparator.comparingDouble(Wanted::share))
                    .limit(MOST_COLUMNS)
                    .toList();
            leaf.setValue(best);
            best.forEach(one -> {
                List<Integer> of = columns.computeIfAbsent(one.join(), join -> new ArrayList<>());
                if (!of.contains(one.key())) {
                    of.add(one.key());
                }
                leftFirst.put(one.join(), one.leftFirst());
            });
        }
        columns.forEach((join, keys) -> told.put(join, keys(join, Boolean.TRUE.equals(leftFirst.get(join)), keys)));
        Set<Join> used = java.util.Collections.newSetFromMap(new IdentityHashMap<>());
        wanted.forEach((leaf, best) -> {
            ReducedSource source = reduced(leaf, best, told, columns);
            if (source != null) {
                reduced.put(leaf, source);
                best.forEach(one -> used.add(one.join()));
            }
        });
        told.keySet().retainAll(used);
        return rewritten(plan, reduced, told, leftFirst);
    }

    private JoinKeys keys(Join join, boolean leftFirst, List<Integer> keys) {
        JoinInfo info = join.analyzeCondition();
        RelNode side = leftFirst ? join.getLeft() : join.getRight();
        List<Integer> fields = keys.stream()
                .map((leftFirst ? info.leftKeys : info.rightKeys)::get)
                .toList();
        List<RelDataTypeField> row = side.getRowType().getFieldList();
        return new JoinKeys(
                fields,
                fields.stream().map(field -> row.get(field).getName()).toList(),
                fields.stream().map(field -> row.get(field).getType()).toList(),
                bounds.most(),
                leftFirst && HeldRows.joins(side));
    }

    private void collect(RelNode plan) {
        if (plan instanceof SourceRel leaf && !leaves.add(leaf)) {
            twice.add(leaf);
            wanted.remove(leaf);
        }
        if (plan instanceof RepeatUnion) {
            // each step reads again, and other rows; so does each outer row of a correlation
            return;
        }
        plan.getInputs().stream()
                .limit(plan instanceof Correlate ? 1 : Integer.MAX_VALUE)
                .forEach(this::collect);
        if (plan instanceof EnumerableHashJoin join) {
            collect(join);
        }
    }

    private void collect(Join join) {
        JoinRelType type = join.getJoinType();
        boolean inner = type == JoinRelType.INNER || type == JoinRelType.SEMI;
        List<Wanted> ofRight =
                inner || type == JoinRelType.LEFT || type == JoinRelType.ANTI ? targets(join, true) : List.of();
        List<Wanted> ofLeft = inner || type == JoinRelType.RIGHT ? targets(join, false) : List.of();
        (least(ofRight) < least(ofLeft) ? ofRight : ofLeft)
                .forEach(one -> wanted.computeIfAbsent(one.target().leaf(), leaf -> new ArrayList<>())
                        .add(one));
    }

    private static double least(List<Wanted> wanted) {
        return wanted.stream().mapToDouble(Wanted::share).min().orElse(Double.POSITIVE_INFINITY);
    }

    /** Where keys of one side of a join could be told on the other side. */
    private List<Wanted> targets(Join join, boolean leftFirst) {
        JoinInfo info = join.analyzeCondition();
        RelNode first = leftFirst ? join.getLeft() : join.getRight();
        RelNode second = leftFirst ? join.getRight() : join.getLeft();
        List<Wanted> targets = new ArrayList<>();
        for (int key = 0; key < info.leftKeys.size(); key++) {
            int told = (leftFirst ? info.leftKeys : info.rightKeys).get(key);
            int compared = (leftFirst ? info.rightKeys : info.leftKeys).get(key);
            Target target = target(second, compared);
            if (!info.nullExclusionFlags.get(key) || target == null || twice.contains(target.leaf())) {
                continue;
            }
            RelDataType one = first.getRowType().getFieldList().get(told).getType();
            RelDataType other = second.getRowType().getFieldList().get(compared).getType();
            RelDataType stored = target.leaf()
                    .getRowType()
                    .getFieldList()
                    .get(target.field())
                    .getType();
            double share = Estimates.values(first, told) / values(target);
            if (JoinKeys.comparable(one, other)
                    && JoinKeys.comparable(one, stored)
                    && (bounds.always() || share * ReducedSource.LEAST_SHARE <= 1 && large(target.leaf()))) {
                targets.add(new Wanted(join, leftFirst, key, target, share));
            }
        }
        return targets;
    }

    private boolean large(SourceRel leaf) {
        return read(leaf.pushed()) >= bounds.fromRows();
    }

    /** How many rows a source looks at, at least, where it adds some up. */
    private static double read(RelNode pushed) {
        double rows = Estimates.rows(pushed);
        return pushed instanceof Aggregate || pushed instanceof Project
                ? Math.max(rows, read(pushed.getInput(0)))
                : rows;
    }

    /** How many values the compared column has before any key is told. */
    private static double values(Target target) {
        return Estimates.storedValues(target.leaf().pushed(), target.field());
    }

    /** The leaf whose rows may be left out by their values of a column; null where none may. */
    private static @Nullable Target target(RelNode node, int field) {
        if (node instanceof SourceRel leaf) {
            return new Target(leaf, field);
        } else if (node instanceof Calc calc) {
            RexNode value = calc.getProgram()
                    .expandLocalRef(calc.getProgram().getProjectList().get(field));
            RexNode uncast = uncast(value);
            return uncast instanceof RexInputRef reference ? target(calc.getInput(), reference.getIndex()) : null;
        } else if (node instanceof EnumerableHashJoin || node instanceof EnumerableNestedLoopJoin) {
            Join join = (Join) node;
            int left = join.getLeft().getRowType().getFieldCount();
            boolean ofLeft = field < left;
            boolean whole = join.getJoinType() == JoinRelType.INNER
                    || join.getJoinType() == (ofLeft ? JoinRelType.LEFT : JoinRelType.RIGHT)
                    || ofLeft && !join.getJoinType().projectsRight();
            return whole ? target(join.getInput(ofLeft ? 0 : 1), ofLeft ? field : field - left) : null;
        } else if (node instanceof Aggregate aggregate) {
            return aggregate.getGroupSets().size() == 1 && field < aggregate.getGroupCount()
                    ? target(aggregate.getInput(), aggregate.getGroupSet().nth(field))
                    : null;
        }
        boolean sorted = node instanceof Sort sort && sort.fetch == null && sort.offset == null;
        return sorted ? target(node.getInput(0), field) : null;
    }

    /** What a value was before casts that keep it. */
    private static RexNode uncast(RexNode value) {
        return value instanceof RexCall cast
                        && cast.getKind() == SqlKind.CAST
                        && JoinKeys.widens(cast.getOperands().get(0).getType(), cast.getType())
                ? uncast(cast.getOperands().get(0))
                : value;
    }

    private @Nullable ReducedSource reduced(
            SourceRel leaf, List<Wanted> best, Map<Join, JoinKeys> told, Map<Join, List<Integer>> columns) {
        SourceAdapter adapter = adapters.apply(leaf.sql().source());
        List<ReducedSource.Column> compared = new ArrayList<>();
        for (Wanted one : best) {
            RelDataType type =
                    leaf.getRowType().getFieldList().get(one.target().field()).getType();
            if (!adapter.comparesKeys(type)) {
                return null;
            }
            int position =
                    java.util.Objects.requireNonNull(columns.get(one.join())).indexOf(one.key());
            compared.add(new ReducedSource.Column(
                    one.target().field(),
                    java.util.Objects.requireNonNull(told.get(one.join())),
                    position,
                    bounds.always() ? Double.POSITIVE_INFINITY : values(one.target())));
        }
        List<KeyedSql> keyed = new ArrayList<>();
        for (int set = 1; set < 1 << compared.size(); set++) {
            KeyedSql sql = keyed(leaf, adapter, compared, set);
            if (sql == null) {
                return null;
            }
            keyed.add(sql);
        }
        replaced.accept(leaf.sql(), keyed.get(keyed.size() - 1).shown());
        return new ReducedSource(leaf, compared, keyed);
    }

    /**
     * What the source is asked with keys for a set of columns. A column is set equal to a parameter, which moves as any such
     * predicate does: through a seal only where the subject reads the column as it is stored.
     */
    private static @Nullable KeyedSql keyed(
            SourceRel leaf, SourceAdapter adapter, List<ReducedSource.Column> compared, int set) {
        RelNode pushed = leaf.pushed();
        RexBuilder rex = pushed.getCluster().getRexBuilder();
        List<RexNode> conditions = new ArrayList<>();
        Map<Integer, RexNode> told = new HashMap<>();
        for (int i = 0; i < compared.size(); i++) {
            if ((set & 1 << i) != 0) {
                RexInputRef column = rex.makeInputRef(pushed, compared.get(i).field());
                RelDataType sent = JoinKeys.sent(rex.getTypeFactory(), column.getType());
                RexNode key = new RexDynamicParam(sent, KeyedSql.parameter(i));
                conditions.add(rex.makeCall(SqlStdOperatorTable.EQUALS, column, key));
                told.put(compared.get(i).field(), key);
            }
        }
        RelNode filtered =
                LogicalFilter.create(JoinedGroups.told(pushed, told), RexUtil.composeConjunction(rex, conditions));
        try {
            return written(leaf, adapter, filtered);
        } catch (RuntimeException | AssertionError failure) {
            LOG.debug("no keys are told", failure);
            return null;
        }
    }

    private static @Nullable KeyedSql written(SourceRel leaf, SourceAdapter adapter, RelNode filtered) {
        RelNode moved =
                Whole.opened(Crossing.apply(FederatedPlanner.moved(filtered).accept(new Uncast())));
        return Pushdown.computes(adapter, moved)
                        && RelOptUtil.getVariablesUsed(moved).isEmpty()
                ? new SqlGenerator(adapter).keyed(leaf.sql(), moved)
                : null;
    }

    /** Compares a column itself with keys, where a wider form of it would be compared: it may have an index. */
    private static final class Uncast extends RelHomogeneousShuttle {
        @Override
        public RelNode visit(RelNode other) {
            return super.visit(other).accept(new RexShuttle() {
                @Override
                public RexNode visitCall(RexCall call) {
                    if (call.getKind() == SqlKind.EQUALS
                            && call.getOperands().get(1) instanceof RexDynamicParam key
                            && key.getIndex() >= JoinKeys.FIRST_PARAMETER) {
                        return call.clone(
                                call.getType(),
                                List.of(uncast(call.getOperands().get(0)), key));
                    }
                    return super.visitCall(call);
                }
            });
        }
    }

    private static RelNode rewritten(
            RelNode node,
            Map<SourceRel, ReducedSource> reduced,
            Map<Join, JoinKeys> told,
            Map<Join, Boolean> leftFirst) {
        if (node instanceof SourceRel leaf) {
            ReducedSource source = reduced.get(leaf);
            return source == null ? leaf : source;
        }
        List<RelNode> inputs = new ArrayList<>();
        node.getInputs().forEach(input -> inputs.add(rewritten(input, reduced, told, leftFirst)));
        JoinKeys keys = node instanceof Join join ? told.get(join) : null;
        if (keys != null) {
            int first = Boolean.TRUE.equals(leftFirst.get(node)) ? 0 : 1;
            inputs.set(first, new KeptKeys(inputs.get(first), keys));
        }
        return inputs.equals(node.getInputs()) ? node : node.copy(node.getTraitSet(), inputs);
    }
}
