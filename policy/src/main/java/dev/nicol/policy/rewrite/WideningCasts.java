package dev.nicol.policy.rewrite;

import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * Takes casts of a text column to longer text out of comparisons with constants. The validator puts them there to make
 * lengths equal; they change no answer and would keep a source from using its index.
 */
final class WideningCasts {
    private WideningCasts() {}

    static RexNode dropped(RexCall call) {
        if (!call.isA(SqlKind.COMPARISON) || call.getOperands().size() != 2) {
            return call;
        }
        RexNode left = call.getOperands().get(0);
        RexNode right = call.getOperands().get(1);
        if (changesNothing(left, right)) {
            return call.clone(
                    call.getType(), List.of(((RexCall) left).getOperands().get(0), right));
        }
        if (changesNothing(right, left)) {
            return call.clone(
                    call.getType(),
                    List.of(left, ((RexCall) right).getOperands().get(0)));
        }
        return call;
    }

    /** A comparison with a bound value, which has the wider type itself. */
    static RexNode narrowedComparison(RexCall call) {
        if (!call.isA(SqlKind.COMPARISON) || call.getOperands().size() != 2) {
            return call;
        }
        RexNode left = call.getOperands().get(0);
        RexNode right = call.getOperands().get(1);
        if (right instanceof RexDynamicParam) {
            return call.clone(call.getType(), List.of(narrowed(left), right));
        } else if (left instanceof RexDynamicParam) {
            return call.clone(call.getType(), List.of(left, narrowed(right)));
        }
        return call;
    }

    /** An operand of a comparison with bound values, which have the wider type themselves. */
    static RexNode narrowed(RexNode node) {
        if (node.getKind() != SqlKind.CAST) {
            return node;
        }
        RexNode operand = ((RexCall) node).getOperands().get(0);
        boolean integers = SqlTypeName.INT_TYPES.contains(node.getType().getSqlTypeName())
                && SqlTypeName.INT_TYPES.contains(operand.getType().getSqlTypeName())
                && operand.getType().getPrecision() <= node.getType().getPrecision();
        return integers || widening(node) ? operand : node;
    }

    /** Of a CHAR only beside a parameter: blanks at the end of a literal would count in one place and not in another. */
    private static boolean changesNothing(RexNode cast, RexNode constant) {
        return constant instanceof RexDynamicParam
                ? widening(cast, SqlTypeName.CHAR_TYPES)
                : constant instanceof RexLiteral && widening(cast);
    }

    private static boolean widening(RexNode node) {
        return widening(node, List.of(SqlTypeName.VARCHAR));
    }

    private static boolean widening(RexNode node, List<SqlTypeName> texts) {
        if (node.getKind() != SqlKind.CAST) {
            return false;
        }
        RelDataType to = node.getType();
        RelDataType from = ((RexCall) node).getOperands().get(0).getType();
        return to.getSqlTypeName() == SqlTypeName.VARCHAR
                && texts.contains(from.getSqlTypeName())
                && (to.getPrecision() == RelDataType.PRECISION_NOT_SPECIFIED
                        || from.getPrecision() != RelDataType.PRECISION_NOT_SPECIFIED
                                && from.getPrecision() <= to.getPrecision());
    }
}
