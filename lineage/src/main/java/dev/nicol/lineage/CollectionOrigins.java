package dev.nicol.lineage;

import dev.nicol.lineage.LineageEdge.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Collect;
import org.apache.calcite.rel.core.TableFunctionScan;
import org.apache.calcite.rel.core.Uncollect;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlTumbleTableFunction;
import org.apache.calcite.sql.SqlWindowTableFunction;
import org.apache.calcite.sql.type.SqlTypeName;

/** Traces values that become rows and rows that become values: UNNEST, collections, table functions. */
final class CollectionOrigins {
    private CollectionOrigins() {}

    /** Every row of the input in one value. */
    static List<ColumnOrigins> of(Collect collect, RelOrigins plans) {
        return List.of(ColumnOrigins.merge(plans.of(collect.getInput())).atLeast(Kind.AGGREGATION));
    }

    /**
     * Each input column is a collection, and gives as many output columns as its elements have parts. How many elements
     * there are decides how many rows there are.
     */
    static List<ColumnOrigins> of(Uncollect uncollect, RelOrigins plans) {
        List<ColumnOrigins> row = plans.of(uncollect.getInput());
        List<RelDataTypeField> fields = uncollect.getInput().getRowType().getFieldList();
        List<ColumnOrigins> columns = new ArrayList<>();
        for (int i = 0; i < fields.size(); i++) {
            int parts =
                    parts(fields.get(i).getType(), !uncollect.getItemAliases().isEmpty());
            plans.influences().add(Kind.FILTER, row.get(i));
            columns.addAll(Collections.nCopies(parts, row.get(i).atLeast(Kind.TRANSFORMATION)));
        }
        if (uncollect.withOrdinality) {
            columns.add(ColumnOrigins.NONE);
        }
        return columns;
    }

    private static int parts(RelDataType collection, boolean aliased) {
        if (collection.getSqlTypeName() == SqlTypeName.MAP) {
            return 2;
        }
        RelDataType element = collection.getComponentType();
        return element != null && element.isStruct() && !aliased ? element.getFieldCount() : 1;
    }

    /**
     * A function that hands its input's rows on with window bounds is traced by position. What any other function does
     * with its rows and arguments is its own affair: each output column, and which rows there are, then comes from all
     * of them.
     */
    static List<ColumnOrigins> of(TableFunctionScan function, RelOrigins plans) {
        List<ColumnOrigins> row = new ArrayList<>();
        for (RelNode input : function.getInputs()) {
            row.addAll(plans.of(input));
        }
        RexNode call = function.getCall();
        int width = function.getRowType().getFieldCount();
        ColumnOrigins arguments = new RexOrigins(row, plans).of(call).atLeast(Kind.TRANSFORMATION);
        if (call instanceof RexCall invocation
                && invocation.getOperator() instanceof SqlWindowTableFunction
                && width >= row.size()) {
            if (!(invocation.getOperator() instanceof SqlTumbleTableFunction)) {
                // HOP repeats a row for each window it is in; SESSION is left to itself as carefully.
                plans.influences().add(Kind.FILTER, arguments);
            }
            List<ColumnOrigins> columns = new ArrayList<>(row);
            columns.addAll(Collections.nCopies(width - row.size(), arguments));
            return columns;
        }
        ColumnOrigins all = ColumnOrigins.merge(row).atLeast(Kind.TRANSFORMATION);
        plans.influences().add(Kind.FILTER, all.merge(arguments));
        return Collections.nCopies(width, all.merge(arguments));
    }
}
