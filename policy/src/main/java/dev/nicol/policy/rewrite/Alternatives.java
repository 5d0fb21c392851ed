package dev.nicol.policy.rewrite;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.InferTypes;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;

/** {@code (a OR b OR …)} as one operator: Calcite prints a long OR by recursion, one call deep for every operand. */
public final class Alternatives extends SqlSpecialOperator {
    public static final Alternatives ANY = new Alternatives();

    private Alternatives() {
        super(
                "ANY OF",
                SqlKind.OTHER,
                100,
                true,
                ReturnTypes.BOOLEAN_NULLABLE,
                InferTypes.BOOLEAN,
                OperandTypes.VARIADIC);
    }

    /** FALSE where there are none. */
    static RexNode any(RexBuilder rex, List<RexNode> operands) {
        List<RexNode> left = new ArrayList<>();
        for (RexNode operand : operands) {
            if (operand.isAlwaysTrue()) {
                return rex.makeLiteral(true);
            } else if (!operand.isAlwaysFalse()) {
                left.add(operand);
            }
        }
        return switch (left.size()) {
            case 0 -> rex.makeLiteral(false);
            case 1 -> left.get(0);
            default -> rex.makeCall(ANY, left);
        };
    }

    /** TRUE where there are none; constants are folded. */
    static RexNode all(RexBuilder rex, List<RexNode> operands) {
        return RexUtil.composeConjunction(rex, operands);
    }

    @Override
    public void unparse(SqlWriter writer, SqlCall call, int leftPrecedence, int rightPrecedence) {
        int binding = SqlStdOperatorTable.OR.getLeftPrec();
        SqlWriter.Frame all = writer.startList("(", ")");
        for (int i = 0; i < call.operandCount(); i++) {
            SqlNode operand = call.operand(i);
            if (i > 0) {
                writer.sep("OR");
            }
            operand.unparse(writer, binding, binding);
        }
        writer.endList(all);
    }
}
