package dev.nicol.adapters.federation;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalValues;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.jspecify.annotations.Nullable;

/**
 * The group of all rows is there even where there are no rows. Calcite's engine (1.42) keeps to that where it is the only one;
 * where it stands beside others, as with ROLLUP, one row is joined to whatever the aggregate yields, nothing included.
 */
final class GrandTotals extends RelHomogeneousShuttle {
    private final boolean correlated;

    /** @param correlated only those that name outer rows: as a join each of them would be a group of one outer row */
    GrandTotals(boolean correlated) {
        this.correlated = correlated;
    }

    @Override
    public RelNode visit(RelNode other) {
        RelNode node = super.visit(other);
        return node instanceof Aggregate aggregate
                        && aggregate.getGroupSets().size() > 1
                        && aggregate.getGroupSets().stream().anyMatch(set -> set.isEmpty())
                        && (!correlated
                                || !RelOptUtil.getVariablesUsed(aggregate).isEmpty())
                ? withTotal(aggregate)
                : node;
    }

    private static RelNode withTotal(Aggregate aggregate) {
        RexBuilder rex = aggregate.getCluster().getRexBuilder();
        RelNode joined = LogicalJoin.create(
                LogicalValues.createOneRow(aggregate.getCluster()),
                aggregate,
                List.of(),
                rex.makeLiteral(true),
                Set.of(),
                JoinRelType.LEFT);
        List<RexNode> fields = new ArrayList<>();
        int keys = aggregate.getGroupCount();
        for (int i = 0; i < aggregate.getRowType().getFieldCount(); i++) {
            RelDataType type = aggregate.getRowType().getFieldList().get(i).getType();
            RexNode field = rex.makeInputRef(joined, 1 + i);
            RexNode none =
                    i < keys ? null : ofNone(rex, aggregate.getAggCallList().get(i - keys), type);
            fields.add(
                    none == null
                            ? field
                            : rex.makeCall(
                                    type,
                                    SqlStdOperatorTable.CASE,
                                    List.of(
                                            rex.makeCall(SqlStdOperatorTable.IS_NOT_NULL, field),
                                            rex.makeNotNull(field),
                                            none)));
        }
        return LogicalProject.create(
                joined, List.of(), fields, aggregate.getRowType().getFieldNames(), Set.of());
    }

    /** What an aggregate makes of no rows; null for NULL. */
    private static @Nullable RexNode ofNone(RexBuilder rex, AggregateCall call, RelDataType type) {
        return switch (call.getAggregation().getKind()) {
            case COUNT, SUM0, GROUP_ID -> rex.makeLiteral(BigDecimal.ZERO, type, true);
            // A bit for each argument that is not grouped by.
            case GROUPING, GROUPING_ID ->
                rex.makeLiteral(BigDecimal.valueOf((1L << call.getArgList().size()) - 1), type, true);
            case LITERAL_AGG -> call.rexList.get(0);
            default -> null;
        };
    }
}
