package dev.nicol.lineage;

import dev.nicol.lineage.LineageEdge.Kind;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.calcite.adapter.enumerable.EnumerableInterpreter;
import org.apache.calcite.adapter.enumerable.EnumerableLimit;
import org.apache.calcite.interpreter.Bindables;
import org.apache.calcite.rel.RelCollation;
import org.apache.calcite.rel.RelFieldCollation;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.convert.Converter;
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
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.schema.TransientTable;
import org.jspecify.annotations.Nullable;

/**
 * Traces relational expressions bottom up: the origins of each output column are the answer, what bears on the rows goes
 * to the influences.
 *
 * <p>INVARIANT: a node that is in none of the lists below ends in {@link NotUnderstood}. Nodes are recognised by
 * Calcite's core classes, whose physical variants of every convention mean the same; where a variant means more, it is
 * named here or refused.
 */
final class RelOrigins {
    private final Influences influences;
    private final Scope scope;

    RelOrigins(Influences influences, Scope scope) {
        this.influences = influences;
        this.scope = scope;
    }

    Influences influences() {
        return influences;
    }

    Scope scope() {
        return scope;
    }

    /** The same, where more is in scope. */
    RelOrigins in(Scope inner) {
        return inner == scope ? this : new RelOrigins(influences, inner);
    }

    /** The same, where every influence is a policy's. */
    RelOrigins ofPolicy() {
        return new RelOrigins(influences.ofPolicy(), scope);
    }

    /** One per field of the node's row type. */
    List<ColumnOrigins> of(RelNode planned) {
        RelNode node = planned;
        while (node.stripped() != node) {
            node = node.stripped();
        }
        List<ColumnOrigins> columns = leaf(node);
        columns = columns == null ? oneInput(node) : columns;
        columns = columns == null ? severalInputs(node) : columns;
        if (columns == null) {
            throw new NotUnderstood("node " + node.getClass().getName());
        }
        if (columns.size() != node.getRowType().getFieldCount()) {
            throw new NotUnderstood("shape of " + node.getClass().getName());
        }
        return columns;
    }

    private @Nullable List<ColumnOrigins> leaf(RelNode node) {
        if (node instanceof SealedScan sealed) {
            return SealOrigins.of(sealed, this);
        } else if (node instanceof TableScan scan) {
            return scan(scan);
        } else if (node instanceof Values) {
            return none(node);
        }
        return null;
    }

    private @Nullable List<ColumnOrigins> oneInput(RelNode node) {
        if (node instanceof Project project) {
            return project(project);
        } else if (node instanceof Filter filter) {
            List<ColumnOrigins> row = of(filter.getInput());
            influences.add(Kind.FILTER, rowOf(filter, row).of(filter.getCondition()));
            return row;
        } else if (node instanceof Calc calc) {
            return calc(calc);
        } else if (node instanceof Aggregate aggregate) {
            return AggregateOrigins.of(aggregate, this);
        } else if (node instanceof Window window) {
            return WindowOrigins.of(window, this);
        } else if (node instanceof Match match) {
            return WindowOrigins.of(match, this);
        } else if (node instanceof Sort sort) {
            return sorted(of(sort.getInput()), sort.getCollation(), sort.offset, sort.fetch);
        } else if (node instanceof EnumerableLimit limit) {
            return sorted(of(limit.getInput()), null, limit.offset, limit.fetch);
        } else if (node instanceof Uncollect uncollect) {
            return CollectionOrigins.of(uncollect, this);
        } else if (node instanceof Collect collect) {
            return CollectionOrigins.of(collect, this);
        } else if (node instanceof SortExchange exchange) {
            return sorted(of(exchange.getInput()), exchange.getCollation(), null, null);
        } else if (node instanceof Snapshot snapshot) {
            List<ColumnOrigins> row = of(snapshot.getInput());
            influences.add(Kind.FILTER, rowOf(snapshot, row).of(snapshot.getPeriod()));
            return row;
        } else if (passesRowsThrough(node)) {
            return of(node.getInput(0));
        }
        return null;
    }

    private static boolean passesRowsThrough(RelNode node) {
        return node instanceof Sample
                || node instanceof Spool
                || node instanceof Exchange
                || node instanceof Converter
                || node instanceof EnumerableInterpreter;
    }

    private @Nullable List<ColumnOrigins> severalInputs(RelNode node) {
        if (node instanceof Join join) {
            return join(join);
        } else if (node instanceof Correlate correlate) {
            return correlate(correlate);
        } else if (node instanceof SetOp setOperation) {
            return setOperation(setOperation);
        } else if (node instanceof RepeatUnion recursion) {
            return recursion(recursion);
        } else if (node instanceof TableFunctionScan function) {
            return CollectionOrigins.of(function, this);
        }
        return null;
    }

    private List<ColumnOrigins> scan(TableScan scan) {
        List<String> name = scan.getTable().getQualifiedName();
        if (scan.getTable().unwrap(TransientTable.class) != null) {
            return scope.recursion(name);
        }
        if (name.size() != 3) {
            throw new NotUnderstood("table " + name);
        }
        if (scan instanceof Bindables.BindableTableScan) {
            // It filters and projects by itself.
            throw new NotUnderstood("node " + scan.getClass().getName());
        }
        TableName table = TableName.of(name);
        return scan.getRowType().getFieldNames().stream()
                .map(column -> ColumnOrigins.stored(new Origin(table, column)))
                .toList();
    }

    /** A row that comes from no table. */
    static List<ColumnOrigins> none(RelNode node) {
        return Collections.nCopies(node.getRowType().getFieldCount(), ColumnOrigins.NONE);
    }

    /** Expressions of {@code node} over {@code row}, which is also what the node's correlation variables stand for. */
    private RexOrigins rowOf(RelNode node, List<ColumnOrigins> row) {
        return new RexOrigins(row, in(scope.with(node.getVariablesSet(), row)));
    }

    private List<ColumnOrigins> project(Project project) {
        RexOrigins row = rowOf(project, of(project.getInput()));
        return project.getProjects().stream().map(row::of).toList();
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
