package dev.nicol.server.materialized;

import dev.nicol.policy.rewrite.SealedScan;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.jspecify.annotations.Nullable;

/** What row filters and masks compute behind a seal; of a view's seal without the view's own query. */
public final class PolicyCalls {
    private PolicyCalls() {}

    /** Whether a policy computes something of a kind, in its sub-queries too. */
    public static boolean any(SealedScan scan, Predicate<RexCall> wanted) {
        return any(scan.governed(), scan.ofView() ? scan.viewPlan() : null, wanted);
    }

    /** @param end below which nothing is the policy's any more; null: all is */
    private static boolean any(RelNode policy, @Nullable RelNode end, Predicate<RexCall> wanted) {
        if (policy == end) {
            return false;
        }
        AtomicBoolean found = new AtomicBoolean();
        policy.accept(new RexShuttle() {
            @Override
            public RexNode visitCall(RexCall call) {
                if (wanted.test(call)) {
                    found.set(true);
                }
                return super.visitCall(call);
            }

            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                if (wanted.test(subQuery) || any(subQuery.rel, null, wanted)) {
                    found.set(true);
                }
                return super.visitSubQuery(subQuery);
            }
        });
        return found.get() || policy.getInputs().stream().anyMatch(input -> any(input, end, wanted));
    }
}
