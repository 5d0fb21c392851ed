package dev.nicol.adapters.sql;

import dev.nicol.adapters.SourceTable;
import dev.nicol.policy.rewrite.SealedScan;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Calc;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rex.RexInputRef;
import org.jspecify.annotations.Nullable;

/**
 * A column of a source's table that a plan's field shows as it is stored.
 *
 * @param name the column's
 */
record StoredColumn(SourceTable table, String name) {
    /** Null where a field shows none, or something computed of one. */
    static @Nullable StoredColumn of(RelNode plan, int field) {
        RelNode within = Estimates.within(plan);
        SourceTable table = plan instanceof SealedScan scan ? Estimates.stored(scan) : null;
        if (plan instanceof SealedScan scan && table != null) {
            int column = scan.storedColumn(field);
            return column < 0
                    ? null
                    : new StoredColumn(table, table.columns().get(column).name());
        } else if (within != null) {
            return of(within, field);
        } else if (plan instanceof Project || plan instanceof Calc) {
            return Estimates.plain(Estimates.computed(plan, field)) instanceof RexInputRef column
                    ? of(plan.getInput(0), column.getIndex())
                    : null;
        } else if (plan instanceof Join join) {
            int left = join.getLeft().getRowType().getFieldCount();
            return field < left ? of(join.getLeft(), field) : of(join.getRight(), field - left);
        } else if (plan instanceof Aggregate aggregate) {
            return field < aggregate.getGroupCount()
                    ? of(aggregate.getInput(), aggregate.getGroupSet().nth(field))
                    : null;
        }
        return plan instanceof Filter || plan instanceof Sort ? of(plan.getInput(0), field) : null;
    }

    /** Whether the source says how many values it has. */
    boolean isCounted() {
        return table.counts(name);
    }
}
