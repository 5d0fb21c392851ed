package dev.nicol.policy.rewrite;

import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.util.Util;

/** Whether parts of a policy read tables of another source than the one it governs. */
final class ForeignScans {
    private ForeignScans() {}

    /** In the plan itself, its expressions left out. */
    static boolean in(RelNode plan, String own) {
        if (plan instanceof SourceScan scan) {
            return !scan.getTable().getQualifiedName().get(0).equals(own);
        }
        return plan.getInputs().stream().anyMatch(input -> in(input, own));
    }

    /** Anywhere, sub-queries included. */
    static boolean anywhere(RelNode plan, String own) {
        if (plan instanceof SourceScan) {
            return in(plan, own);
        }
        boolean[] found = {false};
        plan.accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                found[0] |= anywhere(subQuery.rel, own);
                return super.visitSubQuery(subQuery);
            }
        });
        return found[0] || plan.getInputs().stream().anyMatch(input -> anywhere(input, own));
    }

    /** In a sub-query of an expression. */
    static boolean anywhere(RexNode expression, String own) {
        try {
            expression.accept(new RexVisitorImpl<Void>(true) {
                @Override
                public Void visitSubQuery(RexSubQuery subQuery) {
                    if (anywhere(subQuery.rel, own)) {
                        throw Util.FoundOne.NULL;
                    }
                    return super.visitSubQuery(subQuery);
                }
            });
            return false;
        } catch (Util.FoundOne found) {
            return true;
        }
    }
}
