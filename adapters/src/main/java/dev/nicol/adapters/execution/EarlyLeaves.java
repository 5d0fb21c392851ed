package dev.nicol.adapters.execution;

import dev.nicol.adapters.sql.SourceSql;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.adapter.enumerable.EnumerableHashJoin;
import org.apache.calcite.adapter.enumerable.EnumerableLimit;
import org.apache.calcite.adapter.enumerable.EnumerableNestedLoopJoin;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.RepeatUnion;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rel.core.Window;
import org.apache.calcite.rex.RexLiteral;

/**
 * The leaves of an engine's plan that are read whatever the sources answer, and before the plan has its first row: none of
 * them holds a connection while a client takes its time.
 */
final class EarlyLeaves {
    private final List<SourceSql> found = new ArrayList<>();

    private EarlyLeaves() {}

    /** What these leaves ask, each once; nothing where there is one only, which the run itself sends at once. */
    static List<SourceSql> of(RelNode plan) {
        EarlyLeaves leaves = new EarlyLeaves();
        leaves.collect(plan, false);
        return leaves.found.size() < 2 ? List.of() : leaves.found;
    }

    /** @param whole whether all rows of the node are read before the plan has one */
    private void collect(RelNode node, boolean whole) {
        if (node instanceof SourceRel leaf) {
            if (found.stream().noneMatch(sql -> sql == leaf.sql())) {
                found.add(leaf.sql());
            }
        } else if (node instanceof SealedMasks masks) {
            collect(masks.read(), whole);
        } else if (node instanceof SealedView view) {
            collect(view.plan(), whole);
        } else if (node instanceof EnumerableHashJoin || node instanceof EnumerableNestedLoopJoin) {
            collect(node.getInput(0), whole);
            collect(node.getInput(1), true);
        } else if (node instanceof Correlate || node instanceof Union union && union.all && !whole) {
            // what follows is asked once for each row of the first, or after all of its rows
            collect(node.getInput(0), whole);
        } else if (!(node instanceof RepeatUnion) && !isEmpty(node)) {
            boolean keeps = node instanceof Sort
                    || node instanceof Aggregate
                    || node instanceof Window
                    || node instanceof SetOp operation && !(operation instanceof Union union && union.all);
            node.getInputs().forEach(input -> collect(input, whole || keeps));
        }
    }

    private static boolean isEmpty(RelNode node) {
        return node instanceof EnumerableLimit limit
                && limit.fetch instanceof RexLiteral most
                && RexLiteral.intValue(most) == 0;
    }
}
