package dev.nicol.server.catalog;

import dev.nicol.policy.Decision;
import dev.nicol.policy.rewrite.Sealer;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Schema;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;
import org.jspecify.annotations.Nullable;

/**
 * A view as one subject sees it: its query over the subject's own catalogue, so that what it reads is governed by the
 * reader's rights and nothing of its author's passes on. Rules on the view itself seal it once more.
 */
final class GovernedView extends AbstractTable implements TranslatableTable, PlanningSpace.OwnRoot {
    private final VirtualSchemas.View view;
    private final ViewShape shape;
    private final @Nullable CalciteSchema root;
    private final Decision decision;
    private final String fingerprint;
    private final StoredCatalog stored;

    /**
     * @param shape of the view over the subject's catalogue
     * @param root where its names are looked up; null for the subject's catalogue as it is
     * @param decision on the view itself
     * @param stored what look-ups of row filters on the view read
     */
    GovernedView(
            VirtualSchemas.View view,
            ViewShape shape,
            @Nullable CalciteSchema root,
            Decision decision,
            String fingerprint,
            StoredCatalog stored) {
        this.view = view;
        this.shape = shape;
        this.root = root;
        this.decision = decision;
        this.fingerprint = fingerprint;
        this.stored = stored;
    }

    /** Its query, with the names of its columns. */
    String query() {
        return view.query();
    }

    @Override
    public RelDataType getRowType(RelDataTypeFactory types) {
        return Sealer.visibleRowType(shape.rowType(), decision, types);
    }

    @Override
    public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
        RelNode query = shape.expanded(context, view);
        if (!restricted()) {
            return shape.of(query, view.name());
        }
        // Nothing binds within a seal afterwards: CURRENT_USER must not be asked of a source, nor of the engine.
        RelNode named = Sealer.bound(shape.over(query, view.name()));
        return new Sealer(stored.with(view.name(), named.getRowType())).seal(named, table, decision, fingerprint);
    }

    @Override
    public @Nullable CalciteSchema root() {
        return root;
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
