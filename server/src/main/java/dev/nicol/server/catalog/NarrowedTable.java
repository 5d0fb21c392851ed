package dev.nicol.server.catalog;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.linq4j.tree.Expressions;
import org.apache.calcite.linq4j.tree.TableExpressionFactory;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.prepare.RelOptTableImpl;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.Wrapper;
import org.apache.calcite.schema.impl.AbstractTable;
import org.jspecify.annotations.Nullable;

/** A table as a view knows it that was made before the table had some of its columns: no {@code *} shows those. */
final class NarrowedTable extends AbstractTable implements TranslatableTable {
    private final TranslatableTable table;
    private final Set<String> hidden;

    NarrowedTable(TranslatableTable table, Set<String> hidden) {
        this.table = table;
        this.hidden = Set.copyOf(hidden);
    }

    @Override
    public RelDataType getRowType(RelDataTypeFactory types) {
        RelDataTypeFactory.Builder row = types.builder();
        for (RelDataTypeField field : table.getRowType(types).getFieldList()) {
            if (!hidden.contains(field.getName())) {
                row.add(field);
            }
        }
        return row.build();
    }

    @Override
    public <C> @Nullable C unwrap(Class<C> wanted) {
        return wanted == PlanningSpace.OwnRoot.class && table instanceof Wrapper view
                ? view.unwrap(wanted)
                : super.unwrap(wanted);
    }

    @Override
    public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable narrowed) {
        RelDataTypeFactory types = context.getCluster().getTypeFactory();
        List<String> name = narrowed.getQualifiedName();
        TableExpressionFactory neverAsked = wanted -> Expressions.constant(name.toString());
        RelOptTable whole = RelOptTableImpl.create(
                narrowed.getRelOptSchema(), table.getRowType(types), List.copyOf(name), table, neverAsked);
        RelNode all = table.toRel(context, whole);
        List<RexNode> shown = new ArrayList<>();
        for (RelDataTypeField field : all.getRowType().getFieldList()) {
            if (!hidden.contains(field.getName())) {
                shown.add(context.getCluster().getRexBuilder().makeInputRef(all, field.getIndex()));
            }
        }
        return LogicalProject.create(all, List.of(), shown, getRowType(types), Set.of());
    }
}
