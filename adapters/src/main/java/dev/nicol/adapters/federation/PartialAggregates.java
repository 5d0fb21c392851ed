package dev.nicol.adapters.federation;

import dev.nicol.adapters.sql.Estimates;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.plan.hep.HepMatchOrder;
import org.apache.calcite.plan.hep.HepPlanner;
import org.apache.calcite.plan.hep.HepProgramBuilder;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.RepeatUnion;
import org.apache.calcite.rel.logical.LogicalAggregate;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.rules.AggregateReduceFunctionsRule;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlAggFunction;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.util.ImmutableBitSet;
import org.jspecify.annotations.Nullable;

/**
 * Lets a source add up its side of a join across sources before the join (docs/internals/decisions/0031-sources-work-at-once.md):
 * by the columns that the joins compare and that stand above, where that leaves clearly fewer rows. The engine joins those and
 * adds up the rest. What a partial row stands for has the same partners, row by row, so sums, smallest and greatest values
 * are the same; rows are counted by how many each partial row stands for.
 */
final class PartialAggregates {
    /** There must be so many times as many rows as groups. */
    private static final double LEAST_GAIN = 2;

    private static final Set<SqlKind> KINDS =
            Set.of(SqlKind.COUNT, SqlKind.SUM, SqlKind.SUM0, SqlKind.MIN, SqlKind.MAX);

    private final Function<RelNode, @Nullable String> sourceOf;
    private final boolean always;

    /**
     * @param sourceOf the one source that computes a tree; null where none does
     * @param always however little it leaves out
     */
    PartialAggregates(Function<RelNode, @Nullable String> sourceOf, boolean always) {
        this.sourceOf = sourceOf;
        this.always = always;
    }

    /** The same plan with parts of its aggregates computed at sources. */
    RelNode apply(RelNode plan) {
        if (plan instanceof Correlate || plan instanceof RepeatUnion) {
            return plan;
        }
        List<RelNode> inputs = plan.getInputs().stream().map(this::apply).toList();
        RelNode node = inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
        return node instanceof Aggregate aggregate && sourceOf.apply(aggregate) == null ? ofAggregate(aggregate) : node;
    }

    private RelNode ofAggregate(Aggregate aggregate) {
        if (aggregate.getGroupSets().size() > 1 || !joins(aggregate.getInput())) {
            return aggregate;
        }
        boolean averages = aggregate.getAggCallList().stream()
                .anyMatch(call -> call.getAggregation().getKind() == SqlKind.AVG);
        RelNode known = averages ? averagesTakenApart(aggregate) : aggregate;
        if (known instanceof Project project && project.getInput() instanceof Aggregate inner) {
            RelNode parted = parted(inner);
            return parted == null ? aggregate : project.copy(project.getTraitSet(), List.of(parted));
        }
        RelNode parted = known instanceof Aggregate whole ? parted(whole) : null;
        return parted == null ? aggregate : parted;
    }

    private static boolean joins(RelNode node) {
        return node instanceof Join || (node instanceof Project || node instanceof Filter) && joins(node.getInput(0));
    }

    /** An average is a sum and a count, of this one aggregate: what lies below may be a source's own. */
    private static RelNode averagesTakenApart(Aggregate aggregate) {
        HepPlanner planner = new HepPlanner(new HepProgramBuilder()
                .addMatchOrder(HepMatchOrder.TOP_DOWN)
                .addMatchLimit(1)
                .addRuleInstance(AggregateReduceFunctionsRule.Config.DEFAULT
                        .withFunctionsToReduce(Set.of(SqlKind.AVG))
                        .toRule())
                .build());
        planner.setRoot(aggregate);
        return planner.findBestExp();
    }

    private @Nullable RelNode parted(Aggregate aggregate) {
        if (!aggregate.getAggCallList().stream().allMatch(PartialAggregates::isKnown)) {
            return null;
        }
        List<RelNode> parts = new ArrayList<>();
        collectParts(aggregate.getInput(), parts);
        Parting best = null;
        double gain = 0;
        for (RelNode part : parts) {
            JoinPath.Found found = JoinPath.find(aggregate.getInput(), part);
            Parting parting = found == null ? null : new Parting(aggregate, found);
            if (parting != null && parting.isPossible()) {
                double rows = Estimates.rows(part);
                double groups = Estimates.rows(parting.partial());
                if ((always || groups * LEAST_GAIN <= rows) && (best == null || rows - groups > gain)) {
                    best = parting;
                    gain = rows - groups;
                }
            }
        }
        return best == null ? null : best.whole();
    }

    private static boolean isKnown(AggregateCall call) {
        SqlKind kind = call.getAggregation().getKind();
        boolean distinct = call.isDistinct() && kind != SqlKind.MIN && kind != SqlKind.MAX;
        return KINDS.contains(kind)
                && !distinct
                && !call.isApproximate()
                && !call.hasFilter()
                && call.distinctKeys == null
                && call.rexList.isEmpty()
                && call.getArgList().size() <= 1
                && call.getCollation().getFieldCollations().isEmpty();
    }

    private void collectParts(RelNode node, List<RelNode> parts) {
        if (sourceOf.apply(node) != null) {
            parts.add(node);
        } else if (node instanceof Join || node instanceof Project || node instanceof Filter) {
            node.getInputs().forEach(input -> collectParts(input, parts));
        }
    }

    /** One aggregate with one part of its input added up before. */
    private final class Parting {
        private final Aggregate aggregate;
        private final JoinPath.Found found;
        private final JoinPath path;
        private final RexBuilder rex;

        /** Keys of the partial groups, by their columns in the partial rows. */
        private final Map<RexNode, Integer> keys = new LinkedHashMap<>();

        /** What the part adds up, by its columns in the partial rows; the argument null counts rows. */
        private final Map<Partly, Integer> sums = new LinkedHashMap<>();

        private final boolean possible;
        private @Nullable RelNode partial;

        Parting(Aggregate aggregate, JoinPath.Found found) {
            this.aggregate = aggregate;
            this.found = found;
            this.path = found.path();
            this.rex = aggregate.getCluster().getRexBuilder();
            this.possible = collectKeys() && collectSums() && isComputed();
        }

        private record Partly(
                SqlAggFunction function, @Nullable RexNode argument) {}

        boolean isPossible() {
            return possible;
        }

        RelNode partial() {
            return Objects.requireNonNull(partial);
        }

        private boolean collectKeys() {
            Set<RexNode> wanted = new LinkedHashSet<>();
            path.conditions().forEach(condition -> wanted.addAll(columns(condition)));
            for (int key : aggregate.getGroupSet()) {
                RexNode said = found.columns().get(key);
                if (said == null) {
                    return false;
                }
                wanted.addAll(computed(said) ? List.of(said) : columns(said));
            }
            wanted.forEach(key -> keys.put(key, keys.size()));
            // a group of all rows is there without any row, and would then be joined
            return !keys.isEmpty()
                    && keys.keySet().stream().allMatch(key -> PartialExpressions.isGrouped(key.getType()));
        }

        /** The part's columns that an expression reads. */
        private List<RexNode> columns(RexNode expression) {
            List<RexNode> columns = new ArrayList<>();
            path.ofPart(expression).forEach(column -> columns.add(rex.makeInputRef(path.part(), column)));
            return columns;
        }

        /** Whether an expression is computed with the part. */
        private boolean computed(RexNode expression) {
            return !(expression instanceof RexInputRef)
                    && path.isOfPart(expression)
                    && PartialExpressions.isTotal(expression)
                    && PartialExpressions.isGrouped(expression.getType())
                    && (!path.filledWithNull() || PartialExpressions.isStrict(expression));
        }

        private boolean collectSums() {
            for (AggregateCall call : aggregate.getAggCallList()) {
                SqlKind kind = call.getAggregation().getKind();
                RexNode argument = argument(call);
                if (call.getArgList().isEmpty()) {
                    sum(new Partly(SqlStdOperatorTable.COUNT, null));
                } else if (argument == null) {
                    return false;
                } else if (path.isOfPart(argument)) {
                    if (!isPartial(kind, argument)) {
                        return false;
                    }
                    sum(new Partly(partial(kind), part(argument)));
                } else if (kind == SqlKind.COUNT && path.ofPart(argument).isEmpty()) {
                    sum(new Partly(SqlStdOperatorTable.COUNT, null));
                } else if (kind != SqlKind.MIN && kind != SqlKind.MAX
                        || !path.ofPart(argument).isEmpty()) {
                    return false;
                }
            }
            return true;
        }

        private @Nullable RexNode argument(AggregateCall call) {
            return call.getArgList().isEmpty()
                    ? null
                    : found.columns().get(call.getArgList().get(0));
        }

        private boolean isPartial(SqlKind kind, RexNode argument) {
            boolean plain = argument instanceof RexInputRef;
            boolean strict = plain || !path.filledWithNull() || PartialExpressions.isStrict(argument);
            boolean exact = kind == SqlKind.COUNT
                    || (kind == SqlKind.MIN || kind == SqlKind.MAX
                            ? PartialExpressions.isOrdered(argument.getType())
                            : PartialExpressions.isAdded(argument.getType()));
            return exact && strict && PartialExpressions.isTotal(argument);
        }

        private void sum(Partly one) {
            sums.putIfAbsent(one, keys.size() + sums.size());
        }

        private static SqlAggFunction partial(SqlKind kind) {
            return switch (kind) {
                case COUNT -> SqlStdOperatorTable.COUNT;
                case MIN -> SqlStdOperatorTable.MIN;
                case MAX -> SqlStdOperatorTable.MAX;
                default -> SqlStdOperatorTable.SUM;
            };
        }

        /** An argument over the part's own row: its columns come first in the one row, but joins may have made them nullable. */
        private RexNode part(RexNode argument) {
            return argument instanceof RexInputRef column ? rex.makeInputRef(path.part(), column.getIndex()) : argument;
        }

        private boolean isComputed() {
            List<RexNode> fields = new ArrayList<>();
            keys.keySet().forEach(key -> fields.add(part(key)));
            Map<Partly, Integer> arguments = new LinkedHashMap<>();
            sums.keySet().forEach(one -> {
                RexNode argument = one.argument();
                if (argument != null) {
                    int known = fields.indexOf(argument);
                    arguments.put(one, known < 0 ? fields.size() : known);
                    if (known < 0) {
                        fields.add(argument);
                    }
                }
            });
            RelNode read = LogicalProject.create(path.part(), List.of(), fields, names(fields.size()), Set.of());
            List<AggregateCall> calls = new ArrayList<>();
            sums.keySet().forEach(one -> {
                Integer argument = arguments.get(one);
                calls.add(call(one.function(), argument == null ? List.of() : List.of(argument), read, keys.size()));
            });
            ImmutableBitSet groups = ImmutableBitSet.range(keys.size());
            partial = LogicalAggregate.create(read, List.of(), groups, List.of(groups), calls);
            return sourceOf.apply(partial) != null;
        }

        /** What stands in the aggregate's place. */
        RelNode whole() {
            JoinPath.Rebuilt rebuilt = path.over(partial(), keys);
            List<RexNode> fields = new ArrayList<>();
            for (int key : aggregate.getGroupSet()) {
                fields.add(rebuilt.said(Objects.requireNonNull(found.columns().get(key))));
            }
            int groups = fields.size();
            List<SqlAggFunction> functions = new ArrayList<>();
            List<Integer> arguments = new ArrayList<>();
            for (AggregateCall call : aggregate.getAggCallList()) {
                functions.add(
                        call.getAggregation().getKind() == SqlKind.COUNT
                                ? SqlStdOperatorTable.SUM0
                                : call.getAggregation());
                arguments.add(fields.size());
                fields.add(summed(call, rebuilt));
            }
            RelNode read = LogicalProject.create(rebuilt.node(), List.of(), fields, names(fields.size()), Set.of());
            List<AggregateCall> calls = new ArrayList<>();
            for (int i = 0; i < functions.size(); i++) {
                calls.add(call(functions.get(i), List.of(arguments.get(i)), read, groups));
            }
            ImmutableBitSet group = ImmutableBitSet.range(groups);
            RelNode above = LogicalAggregate.create(read, List.of(), group, List.of(group), calls);
            return RelOptUtil.createCastRel(above, aggregate.getRowType(), true);
        }

        /** What the aggregate adds up in place of a call's argument. */
        private RexNode summed(AggregateCall call, JoinPath.Rebuilt rebuilt) {
            RexNode argument = argument(call);
            SqlKind kind = call.getAggregation().getKind();
            if (argument != null && path.isOfPart(argument)) {
                return rebuilt.ofPart(column(new Partly(partial(kind), part(argument))));
            } else if (kind != SqlKind.COUNT) {
                return rebuilt.said(Objects.requireNonNull(argument));
            }
            RexNode rows = rebuilt.ofPart(column(new Partly(SqlStdOperatorTable.COUNT, null)));
            RelDataType type = rex.getTypeFactory().createTypeWithNullability(rows.getType(), false);
            if (path.filledWithNull()) {
                // a row without a partner is one
                rows = either(rows, rex.makeNotNull(rows), BigDecimal.ONE, type);
            }
            return argument == null ? rows : either(rebuilt.said(argument), rows, BigDecimal.ZERO, type);
        }

        private RexNode either(RexNode value, RexNode known, BigDecimal unknown, RelDataType type) {
            RexNode there = rex.makeCall(SqlStdOperatorTable.IS_NOT_NULL, value);
            return rex.makeCall(
                    type, SqlStdOperatorTable.CASE, List.of(there, known, rex.makeExactLiteral(unknown, type)));
        }

        private int column(Partly one) {
            return Objects.requireNonNull(sums.get(one));
        }

        private static AggregateCall call(SqlAggFunction function, List<Integer> arguments, RelNode input, int groups) {
            return AggregateCall.create(
                    function,
                    false,
                    false,
                    false,
                    List.of(),
                    arguments,
                    -1,
                    null,
                    RelCollations.EMPTY,
                    groups == 0,
                    input,
                    null,
                    null);
        }

        private static List<String> names(int count) {
            List<String> names = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                names.add("f" + i);
            }
            return names;
        }
    }
}
