package dev.nicol.adapters.sql;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalValues;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;

/** Literal rows whose columns of nothing but NULLs, or of no rows at all, have their types: a source takes them for text. */
final class TypedValues {
    private TypedValues() {}

    /** The same rows; {@code values} itself where each column has a value that tells its type. */
    static RelNode of(Values values) {
        RexBuilder rex = values.getCluster().getRexBuilder();
        int width = values.getRowType().getFieldCount();
        RelDataTypeFactory.Builder kept = rex.getTypeFactory().builder();
        List<Integer> columns = new ArrayList<>();
        List<RexNode> fields = new ArrayList<>();
        for (int i = 0; i < width; i++) {
            int column = i;
            if (values.getTuples().stream().allMatch(tuple -> tuple.get(column).isNull())) {
                fields.add(rex.makeNullLiteral(
                        values.getRowType().getFieldList().get(i).getType()));
            } else {
                fields.add(rex.makeInputRef(
                        values.getRowType().getFieldList().get(i).getType(), columns.size()));
                kept.add(values.getRowType().getFieldList().get(i));
                columns.add(i);
            }
        }
        if (columns.size() == width) {
            return values;
        }
        RelNode rows = LogicalValues.createOneRow(values.getCluster());
        if (values.getTuples().isEmpty()) {
            rows = LogicalFilter.create(rows, rex.makeLiteral(false));
        } else {
            RexLiteral zero = ((Values) rows).getTuples().get(0).get(0);
            ImmutableList.Builder<ImmutableList<RexLiteral>> tuples = ImmutableList.builder();
            for (List<RexLiteral> tuple : values.getTuples()) {
                tuples.add(
                        columns.isEmpty()
                                ? ImmutableList.of(zero)
                                : columns.stream().map(tuple::get).collect(ImmutableList.toImmutableList()));
            }
            rows = LogicalValues.create(
                    values.getCluster(), columns.isEmpty() ? rows.getRowType() : kept.build(), tuples.build());
        }
        return LogicalProject.create(
                rows, List.of(), fields, values.getRowType().getFieldNames(), Set.of());
    }
}
