package dev.nicol.adapters.federation;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.execution.CancelPoint;
import dev.nicol.adapters.execution.EngineExpressions;
import dev.nicol.adapters.execution.HeldRows;
import dev.nicol.adapters.execution.LocalPlan;
import dev.nicol.adapters.execution.MaskValues;
import dev.nicol.adapters.execution.SealedMasks;
import dev.nicol.adapters.execution.SealedView;
import dev.nicol.adapters.execution.SourceRel;
import dev.nicol.adapters.execution.WorkTableScan;
import dev.nicol.adapters.sql.Pushdown;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.adapters.sql.SqlGenerator;
import dev.nicol.adapters.sql.Whole;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.rewrite.Crossing;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRules;
import org.apache.calcite.plan.Convention;
import org.apache.calcite.plan.RelOptPlanner;
import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.plan.hep.HepMatchOrder;
import org.apache.calcite.plan.hep.HepPlanner;
import org.apache.calcite.plan.hep.HepProgram;
import org.apache.calcite.plan.hep.HepProgramBuilder;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.RelFactories;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.logical.LogicalCalc;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.rules.CoreRules;
import org.apache.calcite.rel.rules.FilterAggregateTransposeRule;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.schema.TransientTable;
import org.apache.calcite.tools.RelBuilder;
import org.apache.calcite.util.ImmutableBitSet;
import org.jspecify.annotations.Nullable;

/**
 * Plans a statement over several sources: normalise, order the joins, give each source the largest trees it can compute,
 * and run the rest here. Sealed scans stay leaves throughout.
 *
 * <p>Decided by rules of thumb and row counts instead of a cost-based search: the same statement always gets the same
 * plan, and planning takes milliseconds (docs/internals/decisions/0003-planning-without-search.md).
 */
public final class FederatedPlanner {
    private static final List<RelOptRule> SUB_QUERIES =
            List.of(CoreRules.FILTER_SUB_QUERY_TO_CORRELATE, new ProjectSubQueries());

    /** A grand total has a row where nothing is left: a condition without columns would pass it, and all others cannot. */
    private static final RelOptRule FILTER_BELOW_GROUPS = FilterAggregateTransposeRule.Config.DEFAULT
            .withOperandSupplier(filter -> filter.operand(Filter.class).oneInput(groups -> groups.operand(
                            Aggregate.class)
                    .predicate(aggregate -> aggregate.getGroupSets().stream().noneMatch(ImmutableBitSet::isEmpty))
                    .anyInputs()))
            .as(FilterAggregateTransposeRule.Config.class)
            .toRule();

    /** Moves predicates towards the sources and tells one side of a join what the other knows. */
    private static final List<RelOptRule> PREDICATES = List.of(
            CoreRules.FILTER_INTO_JOIN,
            CoreRules.JOIN_CONDITION_PUSH,
            CoreRules.FILTER_MERGE,
            CoreRules.FILTER_PROJECT_TRANSPOSE,
            FILTER_BELOW_GROUPS,
            CoreRules.FILTER_SET_OP_TRANSPOSE,
            CoreRules.PROJECT_MERGE,
            CoreRules.PROJECT_REMOVE);

    /** What a disjunction over both sides of a join says of each side; redundant, so added once and then moved down. */
    private static final List<RelOptRule> DISJUNCTIONS = List.of(CoreRules.EXPAND_FILTER_DISJUNCTION_LOCAL);

    /** The engine aggregates distinct values by grouping twice, and averages by a sum and a count. */
    private static final List<RelOptRule> DISTINCT_AGGREGATES = List.of(CoreRules.AGGREGATE_EXPAND_DISTINCT_AGGREGATES);

    /** An equality of expressions becomes an equality of columns: a key to join on. */
    private static final List<RelOptRule> JOIN_KEYS = List.of(CoreRules.JOIN_PUSH_EXPRESSIONS);

    /** The engine computes expressions in one kind of node. */
    private static final List<RelOptRule> CALCS =
            List.of(CoreRules.PROJECT_TO_CALC, CoreRules.FILTER_TO_CALC, CoreRules.CALC_MERGE);

    /** One implementation an operator. No merge join: its order of keys is not the sources' order. */
    private static final List<RelOptRule> ENGINE = List.of(
            EnumerableRules.ENUMERABLE_JOIN_RULE,
            EnumerableRules.ENUMERABLE_CORRELATE_RULE,
            EnumerableRules.ENUMERABLE_CALC_RULE,
            EnumerableRules.ENUMERABLE_AGGREGATE_RULE,
            EnumerableRules.ENUMERABLE_SORT_RULE,
            EnumerableRules.ENUMERABLE_LIMIT_RULE,
            EnumerableRules.ENUMERABLE_UNION_RULE,
            EnumerableRules.ENUMERABLE_INTERSECT_RULE,
            EnumerableRules.ENUMERABLE_MINUS_RULE,
            EnumerableRules.ENUMERABLE_VALUES_RULE,
            EnumerableRules.ENUMERABLE_WINDOW_RULE,
            EnumerableRules.ENUMERABLE_COLLECT_RULE,
            EnumerableRules.ENUMERABLE_UNCOLLECT_RULE,
            EnumerableRules.ENUMERABLE_REPEAT_UNION_RULE,
            EnumerableRules.ENUMERABLE_TABLE_SPOOL_RULE);

    /** How often a plan's predicates are carried over, for each of its joins. */
    private static final int TOLD_PER_JOIN = 4;

    private final Function<String, SourceAdapter> adapters;
    private final JoinKeyBounds bounds;

    /** @param adapters the adapter of a source by its name */
    public FederatedPlanner(Function<String, SourceAdapter> adapters, JoinKeyBounds bounds) {
        this.adapters = adapters;
        this.bounds = bounds;
    }

    /** The plan's cluster must have a fresh Volcano planner with {@link #register}ed rules. */
    public LocalPlan plan(RelNode governed) {
        List<SourceSql> sources = new ArrayList<>();
        return new LocalPlan(executable(governed, sources), sources);
    }

    /** @param sources takes what each source will be asked */
    private EnumerableRel executable(RelNode governed, List<SourceSql> sources) {
        RelNode normal = normalised(governed);
        RelNode ordered = JoinOrder.apply(normal, this::sourceOf);
        RelNode keyed = heuristic(heuristic(ordered, PREDICATES), JOIN_KEYS);
        RelNode trimmed = trimmed(crossing(heuristic(keyed, PREDICATES)));
        RelNode partial = new PartialAggregates(this::sourceOf, bounds.always()).apply(trimmed);
        RelNode split = split(new TopRows(this::sourceOf).apply(partial), sources);
        RelNode reduced = heuristic(
                EngineExpressions.widened(heuristic(split, DISTINCT_AGGREGATES)),
                List.of(CoreRules.AGGREGATE_REDUCE_FUNCTIONS));
        RelNode windows = heuristic(
                EngineExpressions.widened(reduced.accept(new GrandTotals(false)).accept(new RangeWindows())),
                List.of(CoreRules.PROJECT_TO_LOGICAL_PROJECT_AND_WINDOW));
        RelNode exact = heuristic(EngineExpressions.exact(windows), JOIN_KEYS);
        RelNode calcs = heuristic(exact.accept(new WholeRows()).accept(new ActualTypes()), CALCS);
        RelNode told = new SemiJoins(
                        adapters, bounds, (whole, withKeys) -> sources.set(sources.indexOf(whole), withKeys))
                .apply(implemented(calcs, governed));
        return (EnumerableRel) CancelPoint.above(HeldRows.counted(told));
    }

    /** Registers the engine's operators with a planner. */
    public static void register(RelOptPlanner planner) {
        ENGINE.forEach(planner::addRule);
    }

    /** Sub-queries become joins; predicates move down. */
    private RelNode normalised(RelNode governed) {
        RelNode placed = governed.accept(new JoinSubQueries()).accept(new OwnSubQueries(this::sourceOf));
        RelNode joins = Decorrelation.of(heuristic(placed, SUB_QUERIES));
        RelNode factored = heuristic(joins.accept(new CommonFactors()), DISJUNCTIONS);
        RelNode moved = heuristic(factored, PREDICATES);
        return heuristic(told(moved), PREDICATES);
    }

    /**
     * Predicates on one side of a join hold for the other. The rule may tell the same one for ever, so it is counted; and it
     * may fail on what names the outer row of a correlation.
     */
    private static RelNode told(RelNode plan) {
        int[] joins = {0};
        boolean[] correlated = {false};
        plan.accept(new RelHomogeneousShuttle() {
            @Override
            public RelNode visit(RelNode other) {
                joins[0] += other instanceof Join ? 1 : 0;
                correlated[0] |= other instanceof Correlate;
                return super.visit(other);
            }
        });
        return correlated[0]
                ? plan
                : heuristic(plan, List.of(CoreRules.JOIN_PUSH_TRANSITIVE_PREDICATES), TOLD_PER_JOIN * joins[0]);
    }

    /** {@code (k = m AND a) OR (k = m AND b)} becomes {@code k = m AND (a OR b)}: without it there is no key to join on. */
    private static final class CommonFactors extends RelHomogeneousShuttle {
        @Override
        public RelNode visit(RelNode other) {
            RelNode node = super.visit(other);
            RexBuilder rex = node.getCluster().getRexBuilder();
            if (node instanceof Filter filter) {
                RexNode factored = RexUtil.pullFactors(rex, filter.getCondition());
                return filter.copy(filter.getTraitSet(), filter.getInput(), factored);
            } else if (node instanceof Join join) {
                RexNode factored = RexUtil.pullFactors(rex, join.getCondition());
                return join.copy(
                        join.getTraitSet(),
                        factored,
                        join.getLeft(),
                        join.getRight(),
                        join.getJoinType(),
                        join.isSemiJoinDone());
            }
            return node;
        }
    }

    /** The same plan with its predicates as near to where rows come from as they may be. */
    static RelNode moved(RelNode plan) {
        return heuristic(plan, PREDICATES);
    }

    private static RelNode heuristic(RelNode plan, List<RelOptRule> rules) {
        return heuristic(plan, rules, Integer.MAX_VALUE);
    }

    private static RelNode heuristic(RelNode plan, List<RelOptRule> rules, int most) {
        HepProgram program = new HepProgramBuilder()
                .addMatchOrder(HepMatchOrder.BOTTOM_UP)
                .addMatchLimit(most)
                .addRuleCollection(rules)
                .build();
        HepPlanner planner = new HepPlanner(program);
        planner.setRoot(plan);
        return planner.findBestExp();
    }

    /** The one source that computes a whole tree; null where none does. */
    private @Nullable String sourceOf(RelNode closed) {
        RelNode plan = Whole.opened(closed);
        Set<String> sources = Pushdown.sources(plan);
        if (sources.size() != 1 || !RelOptUtil.getVariablesUsed(plan).isEmpty()) {
            return null;
        }
        String source = sources.iterator().next();
        return Pushdown.computes(adapters.apply(source), plan) ? source : null;
    }

    /**
     * What may cross a seal whose masks are computed here does so without a row filter too: its source would otherwise read
     * the whole table out.
     */
    private RelNode crossing(RelNode plan) {
        return plan.accept(new RelHomogeneousShuttle() {
            @Override
            public RelNode visit(RelNode other) {
                RelNode node = super.visit(other);
                return node instanceof Filter filter
                                && filter.getInput() instanceof SealedScan scan
                                && sourceOf(scan) == null
                        ? Crossing.onto(filter, scan)
                        : node;
            }
        });
    }

    /** A leaf that opens the seal here: a view's own plan, or masks that a table's source cannot compute; null for others. */
    private @Nullable RelNode masked(SealedScan scan, List<Integer> columns, RelDataType shown, List<SourceSql> found) {
        if (scan.ofView()) {
            Project opened = (Project) SqlGenerator.opened(scan);
            RexBuilder rex = scan.getCluster().getRexBuilder();
            List<RexNode> wanted = columns.stream()
                    .map(column ->
                            MaskValues.computable(rex, opened.getProjects().get(column)))
                    .toList();
            RelNode masks =
                    LogicalProject.create(opened.getInput(), List.of(), wanted, shown.getFieldNames(), Set.of());
            return new SealedView(
                    scan,
                    SealedMasks.shown(scan, columns, shown),
                    executable(RelOptUtil.createCastRel(masks, shown, true), found));
        }
        Set<String> sources = Pushdown.sources(scan);
        String source = sources.iterator().next();
        if (sources.size() > 1) {
            return null;
        }
        SealedMasks opened =
                SealedMasks.over(scan, source, adapters.apply(source), columns, shown, FederatedPlanner::calculated);
        found.add(opened.sql());
        return opened;
    }

    /** A projection as the engine computes it. */
    private static RelNode calculated(RelNode projection) {
        return heuristic(EngineExpressions.exact(projection), CALCS);
    }

    /** The columns a projection of bare columns names; null for another. */
    private static @Nullable List<Integer> columns(Project project) {
        List<Integer> columns = new ArrayList<>();
        for (RexNode field : project.getProjects()) {
            if (!(field instanceof RexInputRef reference)) {
                return null;
            }
            columns.add(reference.getIndex());
        }
        return columns;
    }

    /** Replaces the largest trees that one source computes. */
    private RelNode split(RelNode asked, List<SourceSql> found) {
        String source = sourceOf(asked);
        RelNode reduced = source == null ? asked : JoinedGroups.apply(asked, bounds);
        RelNode plan = source != null && source.equals(sourceOf(reduced)) ? reduced : asked;
        if (source != null) {
            SourceSql sql = new SqlGenerator(adapters.apply(source)).query(source, Whole.opened(plan));
            found.add(sql);
            return new SourceRel(plan.getCluster(), plan, sql);
        }
        if (plan instanceof TableScan scan && scan.getTable().unwrap(TransientTable.class) != null) {
            return new WorkTableScan(scan);
        }
        if (plan instanceof Project project && project.getInput() instanceof SealedScan scan) {
            List<Integer> columns = columns(project);
            RelNode masked = columns == null ? null : masked(scan, columns, project.getRowType(), found);
            if (masked != null) {
                return masked;
            }
        }
        if (plan instanceof SealedScan scan) {
            List<Integer> all =
                    ImmutableBitSet.range(scan.getRowType().getFieldCount()).asList();
            RelNode masked = masked(scan, all, scan.getRowType(), found);
            if (masked != null) {
                return masked;
            }
            throw NicolError.NOT_SUPPORTED.because(
                    "The policy on `" + scan.decision().table()
                            + "` uses a function that the table's source does not have. Ask a steward to write it in a"
                            + " simpler way.");
        }
        List<RelNode> inputs = new ArrayList<>();
        plan.getInputs().forEach(input -> inputs.add(split(input, found)));
        return inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
    }

    /** Expressions over literal rows claim the order these come in, and then nothing implements them. */
    private static final class Unordered extends RelHomogeneousShuttle {
        @Override
        public RelNode visit(RelNode other) {
            RelNode node = super.visit(other);
            return node instanceof LogicalCalc
                    ? node.copy(node.getCluster().traitSetOf(Convention.NONE), node.getInputs())
                    : node;
        }
    }

    private static RelNode implemented(RelNode local, RelNode governed) {
        RelOptPlanner planner = local.getCluster().getPlanner();
        // No order is asked for: a Sort in the plan is never removed, and what stands above it keeps its order.
        RelTraitSet wanted = local.getCluster().traitSetOf(EnumerableConvention.INSTANCE);
        RelNode typed = heuristic(RelOptUtil.createCastRel(local, governed.getRowType(), true), CALCS)
                .accept(new Unordered());
        boolean there = typed.getTraitSet().equals(wanted);
        planner.setRoot(there ? typed : planner.changeTraits(typed, wanted));
        return planner.findBestExp();
    }

    private static RelNode trimmed(RelNode plan) {
        RelBuilder builder = RelFactories.LOGICAL_BUILDER.create(plan.getCluster(), null);
        return new Trimmer(builder).trim(plan.accept(new Decorrelation.Required()));
    }
}
