package dev.nicol.adapters.federation;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptRuleCall;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.rules.SubQueryRemoveRule;
import org.apache.calcite.rex.LogicVisitor;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.tools.RelBuilder;

/**
 * Makes joins of a projection's sub-queries. Where a projection names no row of its own, Calcite 1.42 takes every row that
 * its sub-queries name for its own, those of queries further out too; and it does one sub-query at a time and forgets whose
 * rows the others name.
 */
final class ProjectSubQueries extends SubQueryRemoveRule {
    ProjectSubQueries() {
        super(Config.PROJECT);
    }

    @Override
    public void onMatch(RelOptRuleCall call) {
        Project project = call.rel(0);
        RelBuilder builder = call.builder().push(project.getInput());
        List<RexNode> fields = project.getProjects();
        RexSubQuery next = RexUtil.SubQueryFinder.find(fields);
        for (int count = 1; next != null; count++) {
            RexSubQuery subQuery = next;
            Set<CorrelationId> own = new HashSet<>(RelOptUtil.getVariablesUsed(subQuery.rel));
            own.retainAll(project.getVariablesSet());
            RelOptUtil.Logic logic =
                    LogicVisitor.find(RelOptUtil.Logic.TRUE_FALSE_UNKNOWN, List.copyOf(fields), subQuery);
            RexNode joined = apply(
                    subQuery,
                    own,
                    logic,
                    builder,
                    1,
                    builder.peek().getRowType().getFieldCount(),
                    count);
            fields = new RexShuttle() {
                @Override
                public RexNode visitSubQuery(RexSubQuery other) {
                    return other.equals(subQuery) ? joined : other;
                }
            }.apply(fields);
            next = RexUtil.SubQueryFinder.find(fields);
        }
        call.transformTo(
                builder.project(fields, project.getRowType().getFieldNames()).build());
    }
}
