package dev.nicol.policy.rewrite;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;

/** Finds the sealed scans of a plan. */
public final class Seals {
    private Seals() {}

    /** Every sealed scan, sub-queries and what sealed views read included, in the order of the plan. */
    public static List<SealedScan> in(RelNode plan) {
        List<SealedScan> found = new ArrayList<>();
        collect(plan, found);
        return found;
    }

    private static void collect(RelNode node, List<SealedScan> found) {
        if (node instanceof SealedScan scan) {
            found.add(scan);
            if (scan.ofView()) {
                collect(scan.viewPlan(), found);
            }
        }
        node.accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                collect(subQuery.rel, found);
                return super.visitSubQuery(subQuery);
            }
        });
        node.getInputs().forEach(input -> collect(input, found));
    }
}
