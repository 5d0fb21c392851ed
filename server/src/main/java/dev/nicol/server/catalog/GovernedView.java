package dev.nicol.server.catalog;

import dev.nicol.policy.Decision;
import dev.nicol.policy.rewrite.Sealer;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.schema.Schema;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;

/**
 * A view as one subject sees it: its query over the subject's own catalogue, so that what it reads is governed by the
 * reader's rights and nothing of its author's passes on. Rules on the view itself seal it once more.
 */
final class GovernedView extends AbstractTable implements TranslatableTable {
    private final VirtualSchemas.View view;
    private final RelDataType rowType;
    private final Decision decision;
    private final String fingerprint;
    private final StoredCatalog stored;

    /**
     * @param rowType of the view's query over the subject's catalogue
     * @param decision on the view itself
     * @param stored what look-ups of row filters on the view read
     */
    GovernedView(
            VirtualSchemas.View view,
            RelDataType rowType,
            Decision decision,
            String fingerprint,
            StoredCatalog stored) {
        this.view = view;
        this.rowType = rowType;
        this.decision = decision;
        this.fingerprint = fingerprint;
        this.stored = stored;
    }

    /** Its query, as its author wrote it. */
    String sql() {
        return view.sql();
    }

    @Override
    public RelDataType getRowType(RelDataTypeFactory types) {
        return Sealer.visibleRowType(rowType, decision, types);
    }

    @Override
    public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
        List<String> schemaPath = List.of(view.name().catalog(), view.name().schema());
        RelNode query =
                context.expandView(rowType, view.sql(), schemaPath, view.name().parts()).rel;
        if (!restricted()) {
            return query;
        }
        // Nothing binds within a seal afterwards: CURRENT_USER must not be asked of a source, nor of the engine.
        RexBuilder rex = query.getCluster().getRexBuilder();
        RelNode named = Sealer.bound(LogicalProject.create(
                query, List.of(), rex.identityProjects(query.getRowType()), rowType.getFieldNames(), Set.of()));
        return new Sealer(stored.with(view.name(), named.getRowType())).seal(named, table, decision, fingerprint);
    }

    private boolean restricted() {
        return !decision.rowFilters().isEmpty()
                || decision.columns().stream().anyMatch(column -> column.denied() || column.mask() != null);
    }

    @Override
    public Schema.TableType getJdbcTableType() {
        return Schema.TableType.VIEW;
    }
}
