package dev.nicol.lineage;

import dev.nicol.lineage.LineageEdge.Kind;
import dev.nicol.policy.Decision;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rex.RexNode;

/**
 * Opens a seal: Project(masks)(Filter(row filter)(table)). Which columns are masked is read from the decision, not from
 * the expressions, because a mask may yield a constant; the expressions add what a mask reads beside its own column.
 */
final class SealOrigins {
    private SealOrigins() {}

    static List<ColumnOrigins> of(SealedScan sealed, RelOrigins plans) {
        if (sealed.governed() instanceof Values) {
            // A row filter that no row can meet, simplified: nothing is read.
            return RelOrigins.none(sealed);
        }
        if (!(sealed.governed() instanceof Project masks)) {
            throw new NotUnderstood("seal without a projection");
        }
        RelNode below = masks.getInput();
        Filter rowFilter = null;
        if (sealed.filtersRows() && below instanceof Filter filter) {
            rowFilter = filter;
            below = filter.getInput();
        }
        // Below is the table, or the plan of a view: its own filters are the statement's, not the policy's.
        List<ColumnOrigins> raw = plans.of(below);
        RelOrigins policy = plans.ofPolicy();
        if (rowFilter != null) {
            ColumnOrigins condition = rowOf(rowFilter, raw, policy).of(rowFilter.getCondition());
            policy.influences().add(Kind.POLICY_FILTER, condition);
        }
        List<ColumnOrigins> columns = masked(sealed, masks, raw, rowOf(masks, raw, policy));
        crossed(sealed, raw, columns, plans);
        return columns;
    }

    /** What crossed the seal sees columns as they are shown, but for those that conditions may see as they are stored. */
    private static void crossed(
            SealedScan sealed, List<ColumnOrigins> raw, List<ColumnOrigins> shown, RelOrigins plans) {
        List<ColumnOrigins> seen = new ArrayList<>();
        for (int i = 0; i < shown.size(); i++) {
            int stored = sealed.filterableColumn(i);
            seen.add(stored < 0 ? shown.get(i) : raw.get(stored));
        }
        plans.influences().add(Kind.FILTER, new RexOrigins(seen, plans).ofAll(sealed.crossing()));
    }

    private static RexOrigins rowOf(RelNode node, List<ColumnOrigins> raw, RelOrigins policy) {
        return new RexOrigins(raw, policy.in(policy.scope().with(node.getVariablesSet(), raw)));
    }

    private static List<ColumnOrigins> masked(
            SealedScan sealed, Project masks, List<ColumnOrigins> raw, RexOrigins row) {
        Decision decision = sealed.decision();
        List<ColumnOrigins> columns = new ArrayList<>();
        List<String> names = masks.getRowType().getFieldNames();
        int rowKeys = names.size() - sealed.rowKeys();
        int shown = rowKeys - sealed.keys().size();
        for (int i = 0; i < rowKeys; i++) {
            int position =
                    i < shown ? position(decision, names.get(i)) : sealed.keys().get(i - shown);
            RexNode expression = masks.getProjects().get(i);
            ColumnOrigins read = row.of(expression);
            if (decision.columns().get(position).mask() == null) {
                columns.add(read);
            } else if (position < raw.size()) {
                columns.add(raw.get(position).merge(read).masked());
            } else {
                throw new NotUnderstood("decision that does not fit its table");
            }
        }
        masks.getProjects().subList(rowKeys, names.size()).forEach(key -> columns.add(row.of(key)));
        return columns;
    }

    /** Where the table has that column. Denied columns are in the table and not in the seal. */
    private static int position(Decision decision, String name) {
        for (int i = 0; i < decision.columns().size(); i++) {
            if (decision.columns().get(i).name().equals(name)) {
                return i;
            }
        }
        throw new NotUnderstood("column " + name + " without a decision");
    }
}
