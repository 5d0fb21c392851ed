package dev.nicol.adapters.sql;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceAdapter.Capability;
import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.SourceScan;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Intersect;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Minus;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.Util;

/**
 * Decides what a source may compute: an allowlist of plan nodes by capability, and of operators by the adapter's word.
 * What is not known to be computed alike is computed here.
 */
public final class Pushdown {
    private Pushdown() {}

    /** Names of the sources that a plan reads, sub-queries and policy look-ups behind seals included. */
    public static Set<String> sources(RelNode plan) {
        Set<String> sources = new TreeSet<>();
        collectSources(plan, sources);
        return sources;
    }

    private static void collectSources(RelNode plan, Set<String> sources) {
        if (plan instanceof SealedScan scan) {
            collectSources(scan.governed(), sources);
        } else if (plan.getTable() != null && plan.getTable().unwrap(StoredTable.class) != null) {
            sources.add(plan.getTable().getQualifiedName().get(0));
        }
        subQueries(plan).forEach(subQuery -> collectSources(subQuery.rel, sources));
        plan.getInputs().forEach(input -> collectSources(input, sources));
    }

    /** Whether {@code adapter}'s source computes this whole tree exactly as the engine would. */
    public static boolean computes(SourceAdapter adapter, RelNode plan) {
        return computesTree(adapter, plan)
                && (has(adapter, Capability.OUTER_NAMES_IN_FROM)
                        || !correlated(plan)
                        || !OuterNames.inFrom(new SqlGenerator(adapter).queryNode(plan)));
    }

    /** Whether something in it has a sub-query that names columns of it. */
    private static boolean correlated(RelNode plan) {
        return subQueries(plan).stream()
                        .anyMatch(
                                query -> !RelOptUtil.getVariablesUsed(query.rel).isEmpty() || correlated(query.rel))
                || plan.getInputs().stream().anyMatch(Pushdown::correlated);
    }

    private static boolean computesTree(SourceAdapter adapter, RelNode plan) {
        return computesNode(adapter, plan) && plan.getInputs().stream().allMatch(input -> computesTree(adapter, input));
    }

    /** The same of a write that reads {@code plan}, of whose own table it reads no mask. */
    public static boolean computesWrite(SourceAdapter adapter, RelNode plan, SealedScan written) {
        return plan == written
                || computesNode(adapter, plan)
                        && plan.getInputs().stream().allMatch(input -> computesWrite(adapter, input, written));
    }

    /** Whether it computes all behind a seal. */
    private static boolean sealed(SourceAdapter adapter, SealedScan scan) {
        return scan.ofView() ? computesTree(adapter, scan.governed()) : masks(adapter, scan);
    }

    /** Whether it computes all masks of a seal; of the others the engine computes what is left. */
    static boolean masks(SourceAdapter adapter, SealedScan scan) {
        return !(scan.governed() instanceof Project project)
                || project.getProjects().stream().allMatch(mask -> computes(adapter, mask));
    }

    /** Whether a table's source computes the mask of one of the seal's columns; else the engine does. */
    public static boolean computesMask(SourceAdapter adapter, SealedScan scan, String column) {
        int field = scan.getRowType().getFieldNames().indexOf(column);
        return !(scan.governed() instanceof Project project)
                || computes(adapter, project.getProjects().get(field));
    }

    /** Whether it computes an expression. */
    public static boolean computes(SourceAdapter adapter, RexNode expression) {
        return allowed(checking -> expression.accept(checking), adapter);
    }

    /** The same for one node, its inputs left out. */
    static boolean computesNode(SourceAdapter adapter, RelNode node) {
        boolean kind = node instanceof SealedScan scan && sealed(adapter, scan)
                // Only a policy's own look-up: the seal's proof lets no other reach a plan.
                || node instanceof SourceScan
                || node instanceof Filter
                || node instanceof Project
                || node instanceof Sort
                || node instanceof Values
                || node instanceof Union
                || node instanceof Minus minus && (!minus.all || has(adapter, Capability.EXCEPT_ALL))
                || node instanceof Intersect intersect && (!intersect.all || has(adapter, Capability.INTERSECT_ALL))
                || node instanceof Join join && joins(adapter, join)
                || node instanceof Aggregate aggregate && aggregates(adapter, aggregate);
        return kind
                && expressions(adapter, node)
                && (has(adapter, Capability.ROW_NOT_IN) || rowsOnlyTrue(node))
                && !(node instanceof SetOp && node.getInputs().isEmpty());
    }

    private static boolean joins(SourceAdapter adapter, Join join) {
        return (join.getJoinType() != JoinRelType.FULL
                        || has(adapter, Capability.FULL_JOIN)
                                && (has(adapter, Capability.FULL_JOIN_ON_ANYTHING) || FullJoins.onColumns(join)))
                && (join.getJoinType() == JoinRelType.INNER
                        || has(adapter, Capability.SUB_QUERY_IN_OUTER_JOIN)
                        || subQueries(join).isEmpty());
    }

    private static boolean aggregates(SourceAdapter adapter, Aggregate aggregate) {
        if (aggregate.getGroupSets().size() > 1 && !has(adapter, Capability.GROUPING_SETS)) {
            return false;
        }
        for (AggregateCall call : aggregate.getAggCallList()) {
            List<RelDataType> operands = new ArrayList<>();
            for (int argument : call.getArgList()) {
                operands.add(aggregate
                        .getInput()
                        .getRowType()
                        .getFieldList()
                        .get(argument)
                        .getType());
            }
            if (call.distinctKeys != null
                    || !call.getCollation().getFieldCollations().isEmpty()
                    || call.filterArg >= 0 && !has(adapter, Capability.AGGREGATE_FILTER)
                    || !adapter.computes(call.getAggregation(), operands)) {
                return false;
            }
        }
        return true;
    }

    private static boolean expressions(SourceAdapter adapter, RelNode node) {
        return allowed(node::accept, adapter);
    }

    private static boolean allowed(Consumer<RexShuttle> walk, SourceAdapter adapter) {
        try {
            walk.accept(new RexShuttle() {
                @Override
                public RexNode visitCall(RexCall call) {
                    check(adapter, call);
                    return super.visitCall(call);
                }

                @Override
                public RexNode visitOver(RexOver over) {
                    check(adapter, over);
                    return super.visitOver(over);
                }

                @Override
                public RexNode visitSubQuery(RexSubQuery subQuery) {
                    boolean row = subQuery.getOperands().size() > 1;
                    boolean correlated =
                            !RelOptUtil.getVariablesUsed(subQuery.rel).isEmpty();
                    if (row && !has(adapter, Capability.ROW_IN)
                            || correlated && !has(adapter, Capability.CORRELATED_OUTER_JOIN) && outerJoins(subQuery.rel)
                            || !computesTree(adapter, subQuery.rel)) {
                        throw Util.FoundOne.NULL;
                    }
                    return super.visitSubQuery(subQuery);
                }
            });
            return true;
        } catch (Util.FoundOne notComputed) {
            return false;
        }
    }

    /** Whether it is the same to a node that a {@code (a, b) IN (SELECT ...)} in it is FALSE and that it is unknown. */
    private static boolean rowsOnlyTrue(RelNode node) {
        if (node instanceof Filter filter) {
            return rowsOnlyTrue(filter.getCondition(), true);
        } else if (node instanceof Join join) {
            return rowsOnlyTrue(join.getCondition(), true);
        }
        return !(node instanceof Project project)
                || project.getProjects().stream().allMatch(field -> rowsOnlyTrue(field, false));
    }

    /** @param only whether what is not TRUE is all the same to what the expression stands in */
    private static boolean rowsOnlyTrue(RexNode expression, boolean only) {
        if (expression instanceof RexSubQuery in
                && in.getKind() == SqlKind.IN
                && in.getOperands().size() > 1
                && !only) {
            return false;
        }
        if (!(expression instanceof RexCall call)) {
            return true;
        }
        List<RexNode> operands = call.getOperands();
        return IntStream.range(0, operands.size())
                .allMatch(i -> rowsOnlyTrue(
                        operands.get(i),
                        switch (call.getKind()) {
                            case AND, OR -> only;
                            case IS_TRUE, IS_NOT_TRUE -> true;
                            case CASE -> i % 2 == 0 && i < operands.size() - 1 || only;
                            default -> false;
                        }));
    }

    /** Whether something in a correlated sub-query is a full join, or another outer join on columns of the outer query. */
    private static boolean outerJoins(RelNode plan) {
        return plan instanceof Join join
                        && (join.getJoinType() == JoinRelType.FULL
                                || join.getJoinType() != JoinRelType.INNER && correlated(join.getCondition()))
                || plan.getInputs().stream().anyMatch(Pushdown::outerJoins);
    }

    private static boolean correlated(RexNode condition) {
        try {
            condition.accept(new RexVisitorImpl<Void>(true) {
                @Override
                public Void visitCorrelVariable(RexCorrelVariable variable) {
                    throw Util.FoundOne.NULL;
                }
            });
            return false;
        } catch (Util.FoundOne found) {
            return true;
        }
    }

    private static void check(SourceAdapter adapter, RexCall call) {
        List<RelDataType> types = new ArrayList<>();
        call.getOperands().forEach(operand -> types.add(operand.getType()));
        if (call.getKind() == SqlKind.CAST || call.getKind() == SqlKind.SAFE_CAST) {
            types.add(call.getType());
        }
        if (!adapter.computes(call.getOperator(), types)) {
            throw Util.FoundOne.NULL;
        }
    }

    private static boolean has(SourceAdapter adapter, Capability capability) {
        return adapter.capabilities().contains(capability);
    }

    static List<RexSubQuery> subQueries(RelNode node) {
        List<RexSubQuery> found = new ArrayList<>();
        node.accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                found.add(subQuery);
                return super.visitSubQuery(subQuery);
            }
        });
        return found;
    }
}
