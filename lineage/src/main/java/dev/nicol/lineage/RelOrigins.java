package dev.nicol.lineage;

import dev.nicol.lineage.LineageEdge.Kind;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.SourceScan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.apache.calcite.adapter.enumerable.EnumerableInterpreter;
import org.apache.calcite.adapter.enumerable.EnumerableLimit;
import org.apache.calcite.adapter.enumerable.EnumerableTableScan;
import org.apache.calcite.interpreter.Bindables;
import org.apache.calcite.rel.RelCollation;
import org.apache.calcite.rel.RelFieldCollation;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.convert.ConverterImpl;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AsofJoin;
import org.apache.calcite.rel.core.Calc;
import org.apache.calcite.rel.core.Collect;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Exchange;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Match;
import org.apache.calcite.rel.core.Minus;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.RepeatUnion;
import org.apache.calcite.rel.core.Sample;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Snapshot;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.SortExchange;
import org.apache.calcite.rel.core.Spool;
import org.apache.calcite.rel.core.TableFunctionScan;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.core.Uncollect;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.core.Window;
import org.apache.calcite.rel.logical.LogicalTableScan;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.schema.TransientTable;
import org.jspecify.annotations.Nullable;

/**
 * Traces relational expressions bottom up: the origins of each output column are the answer, what bears on the rows goes
 * to the influences.
 *
 * <p>INVARIANT: a node that is not in {@link #TRACERS} ends in {@link NotUnderstood}. Nodes other than scans are
 * recognised by Calcite's core classes, because the variants of every convention mean the same.
 */
final class RelOrigins {
    /** Every node that is understood; the first that fits traces it. */
    private static final List<Tracer<?>> TRACERS = List.of(
            new Tracer<>(SealedScan.class, SealOrigins::of),
            // Scans one by one: a scan of another kind may filter and project by itself.
            new Tracer<>(SourceScan.class, (scan, plans) -> plans.scan(scan)),
            new Tracer<>(LogicalTableScan.class, (scan, plans) -> plans.scan(scan)),
            new Tracer<>(EnumerableTableScan.class, (scan, plans) -> plans.scan(scan)),
            new Tracer<>(Bindables.BindableTableScan.class, (scan, plans) -> plans.bindableScan(scan)),
            new Tracer<>(Values.class, (values, plans) -> none(values)),
            new Tracer<>(TableFunctionScan.class, CollectionOrigins::of),
            new Tracer<>(Project.class, (project, plans) -> plans.project(project)),
            new Tracer<>(Filter.class, (filter, plans) -> plans.filter(filter)),
            new Tracer<>(Calc.class, (calc, plans) -> plans.calc(calc)),
            new Tracer<>(Aggregate.class, AggregateOrigins::of),
            new Tracer<>(Window.class, WindowOrigins::of),
            new Tracer<>(Match.class, WindowOrigins::of),
            new Tracer<>(
                    Sort.class,
                    (sort, plans) ->
                            plans.sorted(plans.of(sort.getInput()), sort.getCollation(), sort.offset, sort.fetch)),
            new Tracer<>(
                    EnumerableLimit.class,
                    (limit, plans) -> plans.sorted(plans.of(limit.getInput()), null, limit.offset, limit.fetch)),
            new Tracer<>(
                    SortExchange.class,
                    (exchange, plans) ->
                            plans.sorted(plans.of(exchange.getInput()), exchange.getCollation(), null, null)),
            new Tracer<>(Snapshot.class, (snapshot, plans) -> plans.snapshot(snapshot)),
            new Tracer<>(Uncollect.class, CollectionOrigins::of),
            new Tracer<>(Collect.class, CollectionOrigins::of),
            new Tracer<>(Join.class, (join, plans) -> plans.join(join)),
            new Tracer<>(Correlate.class, (correlate, plans) -> plans.correlate(correlate)),
            new Tracer<>(SetOp.class, (operation, plans) -> plans.setOperation(operation)),
            new Tracer<>(RepeatUnion.class, (recursion, plans) -> plans.recursion(recursion)),
            // The rest hand their only input's rows on.
            new Tracer<>(Sample.class, (sample, plans) -> plans.of(sample.getInput())),
            new Tracer<>(Spool.class, (spool, plans) -> plans.of(spool.getInput())),
            new Tracer<>(Exchange.class, (exchange, plans) -> plans.of(exchange.getInput())),
            new Tracer<>(ConverterImpl.class, (converter, plans) -> plans.of(converter.getInput())),
            new Tracer<>(EnumerableInterpreter.class, (interpreter, plans) -> plans.of(interpreter.getInput())));

    /** How to trace nodes of one core class. */
    private record Tracer<N extends RelNode>(Class<N> type, BiFunction<N, RelOrigins, List<ColumnOrigins>> how) {
        List<ColumnOrigins> trace(RelNode node, RelOrigins plans) {
            return how.apply(type.cast(node), plans);
        }
    }

    private final Influences influences;
    private final Scope scope;
    private final UnaryOperator<RelNode> standsFor;

    /** @param standsFor the plan to trace in place of a node */
    RelOrigins(Influences influences, Scope scope, UnaryOperator<RelNode> standsFor) {
        this.influences = influences;
        this.scope = scope;
        this.standsFor = standsFor;
    }

    Influences influences() {
        return influences;
    }

    Scope scope() {
        return scope;
    }

    /** The same, where more is in scope. */
    RelOrigins in(Scope inner) {
        return inner == scope ? this : new RelOrigins(influences, inner, standsFor);
    }

    /** The same, where every influence is a policy's. */
    RelOrigins ofPolicy() {
        return new RelOrigins(influences.ofPolicy(), scope, standsFor);
    }

    /** One per field of the node's row type. */
    List<ColumnOrigins> of(RelNode planned) {
        RelNode node = standsFor.apply(stripped(planned));
        List<ColumnOrigins> columns = TRACERS.stream()
                .filter(tracer -> tracer.type().isInstance(node))
                .findFirst()
                .orElseThrow(() -> new NotUnderstood("node " + node.getClass().getName()))
                .trace(node, this);
        if (columns.size() != node.getRowType().getFieldCount()) {
            throw new NotUnderstood("shape of " + node.getClass().getName());
        }
        return columns;
    }

    /** The planner wraps nodes in its own. */
    private static RelNode stripped(RelNode planned) {
        RelNode node = planned;
        while (node.stripped() != node) {
            node = node.stripped();
        }
        return node;
    }

    /** Whether nodes of that class are understood. */
    static boolean knows(Class<? extends RelNode> type) {
        return TRACERS.stream().anyMatch(tracer -> tracer.type().isAssignableFrom(type));
    }

    private List<ColumnOrigins> scan(TableScan scan) {
        List<String> name = scan.getTable().getQualifiedName();
        if (scan.getTable().unwrap(TransientTable.class) != null) {
            return scope.recursion(name);
        }
        if (name.size() != 3) {
            throw new NotUnderstood("table " + name);
        }
        TableName table = TableName.of(name);
        return scan.getTable().getRowType().getFieldNames().stream()
                .map(column -> ColumnOrigins.stored(new Origin(table, column)))
                .toList();
    }

    /** Filters and projects by itself: its filters see all columns of the table. */
    private List<ColumnOrigins> bindableScan(Bindables.BindableTableScan scan) {
        List<ColumnOrigins> row = scan(scan);
        influences.add(Kind.FILTER, rowOf(scan, row).ofAll(scan.filters));
        return scan.projects.stream().map(row::get).toList();
    }

    /** A row that comes from no table. */
    static List<ColumnOrigins> none(RelNode node) {
        return Collections.nCopies(node.getRowType().getFieldCount(), ColumnOrigins.NONE);
    }

    /** Expressions of {@code node} over {@code row}, which is also what the node's correlation variables stand for. */
    private RexOrigins rowOf(RelNode node, List<ColumnOrigins> row) {
        return new RexOrigins(row, in(scope.with(node.getVariablesSet(), row)));
    }

    private List<ColumnOrigins> filter(Filter filter) {
        List<ColumnOrigins> row = of(filter.getInput());
        influences.add(Kind.FILTER, rowOf(filter, row).of(filter.getCondition()));
        return row;
    }

    private List<ColumnOrigins> snapshot(Snapshot snapshot) {
        List<ColumnOrigins> row = of(snapshot.getInput());
        influences.add(Kind.FILTER, rowOf(snapshot, row).of(snapshot.getPeriod()));
        return row;
    }

    private List<ColumnOrigins> project(Project project) {
        RexOrigins row = rowOf(project, of(project.getInput()));
        List<ColumnOrigins> columns =
                project.getProjects().stream().map(row::of).toList();
        influences.mention(columns);
        influences.parameters().flow(project.getProjects());
        return columns;
    }

    private List<ColumnOrigins> calc(Calc calc) {
        List<ColumnOrigins> input = of(calc.getInput());
        RelOrigins inside = in(scope.with(calc.getVariablesSet(), input));
        RexOrigins row = new RexOrigins(input, calc.getProgram().getExprList(), inside);
        RexNode condition = calc.getProgram().getCondition();
        if (condition != null) {
            influences.add(Kind.FILTER, row.of(condition));
        }
        return calc.getProgram().getProjectList().stream().map(row::of).toList();
    }

    private List<ColumnOrigins> sorted(
            List<ColumnOrigins> row,
            @Nullable RelCollation collation,
            @Nullable RexNode offset,
            @Nullable RexNode fetch) {
        if (collation != null) {
            collated(Kind.SORT, collation, row);
        }
        RexOrigins noRow = new RexOrigins(List.of(), this);
        for (RexNode limit : new @Nullable RexNode[] {offset, fetch}) {
            if (limit != null) {
                influences.add(Kind.FILTER, noRow.of(limit));
            }
        }
        return row;
    }

    void collated(Kind kind, RelCollation collation, List<ColumnOrigins> row) {
        for (RelFieldCollation key : collation.getFieldCollations()) {
            influences.add(kind, row.get(key.getFieldIndex()));
        }
    }

    private List<ColumnOrigins> join(Join join) {
        List<ColumnOrigins> left = of(join.getLeft());
        List<ColumnOrigins> right = in(scope.with(join.getVariablesSet(), left)).of(join.getRight());
        List<ColumnOrigins> both = RexOrigins.concat(left, right);
        RexOrigins row = rowOf(join, both);
        ColumnOrigins condition = row.of(join.getCondition());
        if (join instanceof AsofJoin asof) {
            condition = condition.merge(row.of(asof.getMatchCondition()));
        }
        return joined(join.getJoinType(), left, both, condition);
    }

    /** The right side runs once for each row of the left one, which it refers to by the correlation variable. */
    private List<ColumnOrigins> correlate(Correlate correlate) {
        List<ColumnOrigins> left = of(correlate.getLeft());
        List<ColumnOrigins> right =
                in(scope.with(correlate.getVariablesSet(), left)).of(correlate.getRight());
        List<ColumnOrigins> both = RexOrigins.concat(left, right);
        ColumnOrigins condition = rowOf(correlate, both).of(correlate.getCondition());
        return joined(correlate.getJoinType(), left, both, condition);
    }

    private List<ColumnOrigins> joined(
            JoinRelType type, List<ColumnOrigins> left, List<ColumnOrigins> both, ColumnOrigins condition) {
        if (type == JoinRelType.LEFT_MARK) {
            // Keeps every left row, and says in a column whether it found a partner.
            return RexOrigins.concat(left, List.of(condition.atLeast(Kind.TRANSFORMATION)));
        }
        influences.add(Kind.JOIN, condition);
        return type.projectsRight() ? both : left;
    }

    /** EXCEPT shows values of its first branch only; the others decide which. */
    private List<ColumnOrigins> setOperation(SetOp operation) {
        List<List<ColumnOrigins>> branches =
                operation.getInputs().stream().map(this::of).toList();
        if (!(operation instanceof Union) || !operation.all) {
            branches.forEach(branch -> influences.add(Kind.FILTER, ColumnOrigins.merge(branch)));
        }
        if (operation instanceof Minus) {
            return branches.get(0);
        }
        return branches.stream().reduce(RelOrigins::byPosition).orElseThrow();
    }

    private static List<ColumnOrigins> byPosition(List<ColumnOrigins> one, List<ColumnOrigins> other) {
        if (one.size() != other.size()) {
            throw new NotUnderstood("branches of different shapes");
        }
        List<ColumnOrigins> merged = new ArrayList<>(one.size());
        for (int i = 0; i < one.size(); i++) {
            merged.add(one.get(i).merge(other.get(i)));
        }
        return merged;
    }

    /** Each round can only add origins, strengthen kinds and uncover masks, so the rounds end. */
    private List<ColumnOrigins> recursion(RepeatUnion recursion) {
        List<ColumnOrigins> known = of(recursion.getSeedRel());
        List<ColumnOrigins> before;
        do {
            before = known;
            Scope round = recursion.getTransientTable() == null
                    ? scope
                    : scope.withRecursion(recursion.getTransientTable().getQualifiedName(), before);
            known = byPosition(before, in(round).of(recursion.getIterativeRel()));
        } while (!known.equals(before));
        if (!recursion.all) {
            influences.add(Kind.FILTER, ColumnOrigins.merge(known));
        }
        return known;
    }
}
