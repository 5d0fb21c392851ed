package dev.nicol.policy.rewrite;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;

/** Long ANDs and ORs as trees of little depth: what prints and parses them recurses. Constants are folded. */
final class Balanced {
    private Balanced() {}

    static RexNode all(RexBuilder rex, List<RexNode> operands) {
        return tree(rex, SqlStdOperatorTable.AND, operands, true);
    }

    static RexNode any(RexBuilder rex, List<RexNode> operands) {
        return tree(rex, SqlStdOperatorTable.OR, operands, false);
    }

    /** @param neutral the constant that changes nothing, and stands for no operand at all; the other decides all */
    private static RexNode tree(RexBuilder rex, SqlOperator operator, List<RexNode> operands, boolean neutral) {
        List<RexNode> left = new ArrayList<>();
        for (RexNode operand : operands) {
            if (neutral ? operand.isAlwaysFalse() : operand.isAlwaysTrue()) {
                return rex.makeLiteral(!neutral);
            } else if (!(neutral ? operand.isAlwaysTrue() : operand.isAlwaysFalse())) {
                left.add(operand);
            }
        }
        return left.isEmpty() ? rex.makeLiteral(neutral) : halves(rex, operator, left);
    }

    private static RexNode halves(RexBuilder rex, SqlOperator operator, List<RexNode> operands) {
        if (operands.size() == 1) {
            return operands.get(0);
        }
        int middle = operands.size() / 2;
        return rex.makeCall(
                operator,
                halves(rex, operator, operands.subList(0, middle)),
                halves(rex, operator, operands.subList(middle, operands.size())));
    }
}
