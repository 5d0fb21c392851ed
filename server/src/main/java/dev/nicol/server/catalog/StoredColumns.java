package dev.nicol.server.catalog;

import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.SourceScan;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rex.RexInputRef;

/** Which columns of a plan are columns of a source's table, as it is stored, and nothing that is computed of one, as a mask is. */
final class StoredColumns {
    private StoredColumns() {}

    /** Whether that field of a node's inputs, one after the other, is one. When in doubt it is none. */
    static boolean isInput(RelNode node, int field) {
        int at = field;
        for (RelNode input : node.getInputs()) {
            int width = input.getRowType().getFieldCount();
            if (at < width) {
                return isOutput(input, at);
            }
            at -= width;
        }
        return false;
    }

    private static boolean isOutput(RelNode node, int field) {
        if (node instanceof SealedScan scan) {
            return !scan.ofView() && (scan.storedColumn(field) >= 0 || scan.filterableColumn(field) >= 0);
        } else if (node instanceof Project project) {
            return project.getProjects().get(field) instanceof RexInputRef ref && isInput(project, ref.getIndex());
        } else if (node instanceof Aggregate aggregate) {
            return field < aggregate.getGroupCount()
                    && isInput(aggregate, aggregate.getGroupSet().nth(field));
        } else if (node instanceof SetOp set) {
            return set.getInputs().stream().allMatch(input -> isOutput(input, field));
        }
        boolean handsOn =
                node instanceof Filter || node instanceof Sort || node instanceof Join || node instanceof Correlate;
        return node instanceof SourceScan || handsOn && isInput(node, field);
    }
}
