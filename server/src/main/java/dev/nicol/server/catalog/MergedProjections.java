package dev.nicol.server.catalog;

import java.util.List;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.tools.RelBuilder;

/**
 * One projection for two, in sub-queries too, where the upper one has no sub-query that names the rows of the lower one. And no
 * name that was made to tell columns apart: sources get these names.
 */
final class MergedProjections extends RelHomogeneousShuttle {
    @Override
    public RelNode visit(RelNode other) {
        RelNode node = super.visit(RepeatedNames.together(other)).accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                RexSubQuery visited = (RexSubQuery) super.visitSubQuery(subQuery);
                return visited.clone(visited.rel.accept(MergedProjections.this));
            }
        });
        return node instanceof Project upper
                        && upper.getInput() instanceof Project lower
                        && upper.getVariablesSet().isEmpty()
                ? merged(upper, lower)
                : node;
    }

    private static RelNode merged(Project upper, Project lower) {
        List<RexNode> fields =
                RelOptUtil.pushPastProjectUnlessBloat(upper.getProjects(), lower, RelBuilder.Config.DEFAULT.bloat());
        return fields == null
                ? upper
                : LogicalProject.create(
                        lower.getInput(),
                        lower.getHints(),
                        fields,
                        upper.getRowType().getFieldNames(),
                        lower.getVariablesSet());
    }
}
