package dev.nicol.adapters.federation;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;

/**
 * References that have the types of what they refer to. Rules build aggregates anew that are known not to be NULL where the
 * written ones were not, and the projections above keep what they knew; nothing implements those.
 */
final class ActualTypes extends RelHomogeneousShuttle {
    @Override
    public RelNode visit(RelNode other) {
        RelNode node = super.visit(other);
        if (!(node instanceof Project || node instanceof Filter)) {
            return node;
        }
        RexBuilder rex = node.getCluster().getRexBuilder();
        List<RelDataTypeField> input = node.getInput(0).getRowType().getFieldList();
        RexShuttle actual = new RexShuttle() {
            @Override
            public RexNode visitInputRef(RexInputRef reference) {
                RelDataType type = input.get(reference.getIndex()).getType();
                return type.equals(reference.getType()) ? reference : rex.makeInputRef(type, reference.getIndex());
            }
        };
        if (node instanceof Filter filter) {
            return filter.copy(
                    filter.getTraitSet(),
                    filter.getInput(),
                    filter.getCondition().accept(actual));
        }
        Project project = (Project) node;
        List<RexNode> fields = new ArrayList<>();
        for (RexNode field : project.getProjects()) {
            fields.add(typed(rex, field.accept(actual), field.getType()));
        }
        return fields.equals(project.getProjects())
                ? project
                : project.copy(project.getTraitSet(), project.getInput(), fields, project.getRowType());
    }

    /** The expression as one of exactly that type. */
    static RexNode typed(RexBuilder rex, RexNode expression, RelDataType type) {
        return expression.getType().equals(type) ? expression : rex.makeAbstractCast(type, expression, false);
    }
}
