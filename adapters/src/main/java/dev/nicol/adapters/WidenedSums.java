package dev.nicol.adapters;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.logical.LogicalAggregate;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;

/**
 * Our sums are wider than what they add up ({@link NicolTypeSystem}), and Calcite's generated code adds values of the
 * sum's own class only: it finds no {@code BigDecimal.add(long)}. So the values are cast before.
 */
final class WidenedSums extends RelHomogeneousShuttle {
    @Override
    public RelNode visit(RelNode node) {
        RelNode visited = super.visit(node);
        return visited instanceof Aggregate aggregate ? widened(aggregate) : visited;
    }

    private static RelNode widened(Aggregate aggregate) {
        RelNode input = aggregate.getInput();
        RexBuilder rex = aggregate.getCluster().getRexBuilder();
        List<RexNode> fields = new ArrayList<>(rex.identityProjects(input.getRowType()));
        List<AggregateCall> calls = new ArrayList<>();
        for (AggregateCall call : aggregate.getAggCallList()) {
            boolean sums = call.getAggregation().getKind() == SqlKind.SUM
                    || call.getAggregation().getKind() == SqlKind.SUM0;
            RexNode value = sums ? fields.get(call.getArgList().get(0)) : null;
            if (value == null
                    || value.getType().getSqlTypeName() == call.getType().getSqlTypeName()) {
                calls.add(call);
                continue;
            }
            RelDataType accumulator = accumulator(rex, call.getType());
            calls.add(summing(call, fields.size(), accumulator));
            fields.add(rex.makeCast(nullable(rex, accumulator, value.getType().isNullable()), value));
        }
        if (calls.equals(aggregate.getAggCallList())) {
            return aggregate;
        }
        RelNode cast = LogicalProject.create(input, List.of(), fields, (List<String>) null, Set.of());
        RelNode summed = LogicalAggregate.create(
                cast, aggregate.getHints(), aggregate.getGroupSet(), aggregate.getGroupSets(), calls);
        return RelOptUtil.createCastRel(summed, aggregate.getRowType(), true);
    }

    /** The type whose sum has the same type: that of the sum itself, or one wider. */
    private static RelDataType accumulator(RexBuilder rex, RelDataType sum) {
        RelDataTypeFactory types = rex.getTypeFactory();
        return types.createTypeWithNullability(types.getTypeSystem().deriveSumType(types, sum), sum.isNullable());
    }

    private static RelDataType nullable(RexBuilder rex, RelDataType type, boolean nullable) {
        return rex.getTypeFactory().createTypeWithNullability(type, nullable);
    }

    private static AggregateCall summing(AggregateCall call, int field, RelDataType type) {
        return AggregateCall.create(
                call.getParserPosition(),
                call.getAggregation(),
                call.isDistinct(),
                call.isApproximate(),
                call.ignoreNulls(),
                call.rexList,
                List.of(field),
                call.filterArg,
                call.distinctKeys,
                call.collation,
                type,
                call.name);
    }
}
