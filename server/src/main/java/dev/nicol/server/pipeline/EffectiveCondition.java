package dev.nicol.server.pipeline;

import java.util.List;
import org.apache.calcite.plan.RelOptPredicateList;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSimplify;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;

/** Whether a WHERE can leave out a row: {@code 1=1}, {@code id=id} and {@code x OR TRUE} cannot. */
final class EffectiveCondition {
    private EffectiveCondition() {}

    static boolean bounds(RexNode condition, RexBuilder rex) {
        RexNode plain = condition.accept(new SameOperands(rex));
        RexNode simple =
                new RexSimplify(rex, RelOptPredicateList.EMPTY, RexUtil.EXECUTOR).simplifyUnknownAsFalse(plain);
        List<RexNode> conjuncts = RelOptUtil.conjunctions(simple);
        return conjuncts.stream().anyMatch(conjunct -> !conjunct.isAlwaysTrue());
    }

    /** {@code id = id} leaves out NULLs at most: it is meant to bound nothing. */
    private static final class SameOperands extends RexShuttle {
        private final RexBuilder rex;

        SameOperands(RexBuilder rex) {
            this.rex = rex;
        }

        @Override
        public RexNode visitCall(RexCall call) {
            boolean reflexive = call.getKind() == SqlKind.EQUALS
                    || call.getKind() == SqlKind.LESS_THAN_OR_EQUAL
                    || call.getKind() == SqlKind.GREATER_THAN_OR_EQUAL
                    || call.getKind() == SqlKind.IS_NOT_DISTINCT_FROM
                    || call.getKind() == SqlKind.LIKE;
            if (reflexive && call.getOperands().get(0).equals(call.getOperands().get(1))) {
                return rex.makeLiteral(true);
            }
            return super.visitCall(call);
        }
    }
}
