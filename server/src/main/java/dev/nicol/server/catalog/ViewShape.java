package dev.nicol.server.catalog;

import dev.nicol.adapters.dialect.PushableOperators;
import dev.nicol.adapters.execution.ExactCast;
import dev.nicol.policy.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/** The projection on top of a view's query that makes of it what the view was when it was defined. */
final class ViewShape {
    /** @param pinned null where the column is as the query has it */
    private record Column(int index, String name, @Nullable RelDataType pinned) {}

    private final RelDataType query;
    private final List<Column> columns;
    private final RelDataType rowType;

    private ViewShape(RelDataType query, List<Column> columns, RelDataTypeFactory types) {
        this.query = query;
        this.columns = columns;
        RelDataTypeFactory.Builder row = types.builder();
        RexBuilder rex = new RexBuilder(types);
        for (Column column : columns) {
            row.add(
                    column.name(),
                    cast(rex, rex.makeInputRef(type(column), column.index()), column, "")
                            .getType());
        }
        this.rowType = row.build();
    }

    /**
     * The shape of a view for one subject, or for nobody in particular.
     *
     * @param query what the query has over what the subject sees: columns may be left out, or masked
     * @param masked the columns that show nothing but masked values; asked only where a type has changed
     */
    static ViewShape of(RelDataType query, ViewDrift drift, Supplier<Set<String>> masked, RelDataTypeFactory types) {
        List<Column> columns = new ArrayList<>();
        if (drift.columns().isEmpty()) {
            for (RelDataTypeField field : query.getFieldList()) {
                columns.add(new Column(field.getIndex(), field.getName(), null));
            }
            return new ViewShape(query, columns, types);
        }
        Set<String> hidden = drift.changed().isEmpty() ? Set.of() : masked.get();
        for (String name : drift.columns()) {
            RelDataTypeField field = query.getField(name, true, false);
            field = field == null ? query.getField(name, false, false) : field;
            if (field != null) {
                ViewDrift.Change change = drift.changed().get(name);
                boolean applies = change != null && applies(change, field.getType(), hidden.contains(field.getName()));
                columns.add(new Column(field.getIndex(), name, applies && change != null ? change.then() : null));
            }
        }
        return new ViewShape(query, columns, types);
    }

    /** What a mask makes of a column has the type that the mask gives it, whatever the column was. */
    private static boolean applies(ViewDrift.Change change, RelDataType seen, boolean masked) {
        boolean asStored = SqlTypeUtil.equalSansNullability(seen, change.now());
        return asStored
                && (!masked
                        || !PushableOperators.isText(seen)
                                && seen.getSqlTypeName().getFamily()
                                        == change.then().getSqlTypeName().getFamily());
    }

    RelDataType query() {
        return query;
    }

    RelDataType rowType() {
        return rowType;
    }

    /** Whether the query is the view as it is. */
    private boolean isPlain() {
        for (int i = 0; i < columns.size(); i++) {
            Column column = columns.get(i);
            if (column.index() != i
                    || column.pinned() != null
                    || !column.name().equals(query.getFieldNames().get(i))) {
                return false;
            }
        }
        return columns.size() == query.getFieldCount();
    }

    /** The plan of the view's query, where its names are looked up. */
    RelNode expanded(RelOptTable.ToRelContext context, VirtualSchemas.View view) {
        return context.expandView(
                        query,
                        view.query(),
                        view.name().schemaPath(),
                        view.name().parts())
                .rel;
    }

    /** A plan of the query as the view: itself where the query is the view as it is. */
    RelNode of(RelNode plan, TableName view) {
        return isPlain() ? plan : over(plan, view);
    }

    /** @param plan of the query; it may have more columns, by which it is ordered */
    RelNode over(RelNode plan, TableName view) {
        RexBuilder rex = plan.getCluster().getRexBuilder();
        List<RexNode> shown = new ArrayList<>();
        for (Column column : columns) {
            String what = column.pinned() == null
                    ? ""
                    : "A value of column `" + column.name() + "` of view `" + view + "` does not fit " + column.pinned()
                            + ", the type that it was defined with. Ask a steward to define the view anew.";
            shown.add(cast(rex, rex.makeInputRef(plan, column.index()), column, what));
        }
        return LogicalProject.create(plan, List.of(), shown, rowType.getFieldNames(), Set.of());
    }

    private RelDataType type(Column column) {
        return query.getFieldList().get(column.index()).getType();
    }

    private static RexNode cast(RexBuilder rex, RexNode value, Column column, String what) {
        RelDataType pinned = column.pinned();
        return pinned == null ? value : ExactCast.of(rex, value, pinned, what);
    }
}
