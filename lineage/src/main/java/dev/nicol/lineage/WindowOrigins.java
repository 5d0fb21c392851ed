package dev.nicol.lineage;

import dev.nicol.lineage.LineageEdge.Kind;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.rel.core.Match;
import org.apache.calcite.rel.core.Window;
import org.apache.calcite.rex.RexNode;

/** Traces window functions that stand in a node of their own, and MATCH_RECOGNIZE. */
final class WindowOrigins {
    private WindowOrigins() {}

    /** The input's columns, then one per function, group after group. */
    static List<ColumnOrigins> of(Window window, RelOrigins plans) {
        List<ColumnOrigins> row = plans.of(window.getInput());
        List<ColumnOrigins> rowAndConstants = new ArrayList<>(row);
        window.constants.forEach(constant -> rowAndConstants.add(ColumnOrigins.NONE));
        RexOrigins expressions = new RexOrigins(rowAndConstants, plans);
        List<ColumnOrigins> columns = new ArrayList<>(row);
        for (Window.Group group : window.groups) {
            group.keys.forEach(key -> plans.influences().add(Kind.WINDOW, row.get(key)));
            plans.collated(Kind.WINDOW, group.orderKeys, row);
            expressions.bound(group.lowerBound);
            expressions.bound(group.upperBound);
            group.aggCalls.forEach(call -> columns.add(expressions.of(call)));
        }
        return columns;
    }

    /** Measures by their names; every other output column is the input column of that name. */
    static List<ColumnOrigins> of(Match match, RelOrigins plans) {
        List<ColumnOrigins> row = plans.of(match.getInput());
        RexOrigins expressions = new RexOrigins(row, plans);
        match.getPartitionKeys().forEach(key -> plans.influences().add(Kind.WINDOW, row.get(key)));
        plans.collated(Kind.WINDOW, match.getOrderKeys(), row);
        plans.influences()
                .add(
                        Kind.FILTER,
                        expressions.ofAll(match.getPatternDefinitions().values()));
        RexNode interval = match.getInterval();
        if (interval != null) {
            plans.influences().add(Kind.FILTER, expressions.of(interval));
        }
        List<String> inputNames = match.getInput().getRowType().getFieldNames();
        List<ColumnOrigins> columns = new ArrayList<>();
        for (String name : match.getRowType().getFieldNames()) {
            RexNode measure = match.getMeasures().get(name);
            int inputColumn = inputNames.indexOf(name);
            if (measure != null) {
                columns.add(expressions.of(measure));
            } else if (inputColumn >= 0) {
                columns.add(row.get(inputColumn));
            } else {
                throw new NotUnderstood("MATCH_RECOGNIZE column " + name);
            }
        }
        return columns;
    }
}
