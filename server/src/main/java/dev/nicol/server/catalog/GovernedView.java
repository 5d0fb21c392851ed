package dev.nicol.server.catalog;

import java.util.List;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Schema;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;

/**
 * A view as one subject sees it: its query over the subject's own catalogue, so that what it reads is governed by the
 * reader's rights and nothing of its author's passes on.
 */
final class GovernedView extends AbstractTable implements TranslatableTable {
    private final VirtualSchemas.View view;
    private final RelDataType rowType;

    GovernedView(VirtualSchemas.View view, RelDataType rowType) {
        this.view = view;
        this.rowType = rowType;
    }

    @Override
    public RelDataType getRowType(RelDataTypeFactory types) {
        return rowType;
    }

    @Override
    public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
        List<String> schemaPath = List.of(view.name().catalog(), view.name().schema());
        return context.expandView(rowType, view.sql(), schemaPath, view.name().parts()).rel;
    }

    @Override
    public Schema.TableType getJdbcTableType() {
        return Schema.TableType.VIEW;
    }
}
