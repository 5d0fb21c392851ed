package dev.nicol.lineage;

import dev.nicol.lineage.LineageEdge.Kind;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.rel.RelFieldCollation;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.sql.SqlAggFunction;
import org.apache.calcite.util.Optionality;

/** Traces GROUP BY and aggregate functions, with FILTER, WITHIN GROUP, WITHIN DISTINCT and grouping sets. */
final class AggregateOrigins {
    private AggregateOrigins() {}

    static List<ColumnOrigins> of(Aggregate aggregate, RelOrigins plans) {
        List<ColumnOrigins> row = plans.of(aggregate.getInput());
        List<ColumnOrigins> columns = new ArrayList<>();
        for (int key : aggregate.getGroupSet()) {
            plans.influences().add(Kind.GROUP_BY, row.get(key));
            columns.add(row.get(key));
        }
        for (AggregateCall call : aggregate.getAggCallList()) {
            columns.add(call(call, row, plans));
        }
        return columns;
    }

    private static ColumnOrigins call(AggregateCall call, List<ColumnOrigins> row, RelOrigins plans) {
        if (call.hasFilter()) {
            plans.influences().add(Kind.FILTER, row.get(call.filterArg));
        }
        if (call.distinctKeys != null) {
            call.distinctKeys.forEach(key -> plans.influences().add(Kind.GROUP_BY, row.get(key)));
        }
        plans.collated(Kind.SORT, call.getCollation(), row);
        return switch (call.getAggregation().getKind()) {
            // These tell in which grouping set a row is: they read no value.
            case GROUPING, GROUPING_ID, GROUP_ID -> ColumnOrigins.NONE;
            default -> arguments(call, row, plans).atLeast(RexOrigins.kindOf(call.getAggregation()));
        };
    }

    private static ColumnOrigins arguments(AggregateCall call, List<ColumnOrigins> row, RelOrigins plans) {
        ColumnOrigins all = new RexOrigins(row, plans).ofAll(call.rexList);
        for (int argument : call.getArgList()) {
            all = all.merge(row.get(argument));
        }
        SqlAggFunction function = call.getAggregation();
        if (function.isPercentile() || function.requiresGroupOrder() == Optionality.MANDATORY) {
            // PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x) yields a value of x.
            for (RelFieldCollation key : call.getCollation().getFieldCollations()) {
                all = all.merge(row.get(key.getFieldIndex()));
            }
        }
        return all;
    }
}
