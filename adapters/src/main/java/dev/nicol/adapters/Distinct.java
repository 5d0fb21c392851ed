package dev.nicol.adapters;

import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.SourceScan;
import java.util.Objects;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;

/** How many values a column is thought to have: a number for costs, never for what is right. */
final class Distinct {
    private Distinct() {}

    /** Of the stored column that a column of a plan shows; where it is computed, as many as the plan has rows. */
    static double values(RelNode plan, int field) {
        if (plan instanceof SealedScan scan && !scan.ofView()) {
            return stored(scan, field);
        } else if (plan instanceof Project project) {
            RexNode value = project.getProjects().get(field);
            RexNode plain = value instanceof RexCall cast && cast.getKind() == SqlKind.CAST
                    ? cast.getOperands().get(0)
                    : value;
            if (plain instanceof RexInputRef reference) {
                return values(project.getInput(), reference.getIndex());
            }
        } else if (plan instanceof Filter || plan instanceof Sort) {
            return values(plan.getInput(0), field);
        } else if (plan instanceof Join join) {
            int left = join.getLeft().getRowType().getFieldCount();
            return field < left ? values(join.getLeft(), field) : values(join.getRight(), field - left);
        } else if (plan instanceof Aggregate aggregate && field < aggregate.getGroupCount()) {
            return values(aggregate.getInput(), aggregate.getGroupSet().nth(field));
        }
        return plan.getCluster().getMetadataQuery().getRowCount(plan);
    }

    private static double stored(SealedScan scan, int field) {
        RelNode at = scan.governed();
        while (!(at instanceof SourceScan) && at.getInputs().size() == 1) {
            at = at.getInput(0);
        }
        if (!(at instanceof SourceScan)) {
            return 0;
        }
        SourceTable table = Objects.requireNonNull(at.getTable())
                .unwrapOrThrow(StoredTable.class)
                .table();
        return table.rowCount();
    }
}
