package dev.nicol.adapters.federation;

import dev.nicol.adapters.dialect.NicolTypeSystem;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;

/**
 * Which expressions and columns may be computed, grouped and added up by a source on rows that a join might still leave out:
 * those that never fail, and are the same there and here.
 */
final class PartialExpressions {
    /** Their equal values are equal to every source, and different ones are different. Text is not: collations differ. */
    private static final Set<SqlTypeName> GROUPED = EnumSet.of(
            SqlTypeName.BOOLEAN,
            SqlTypeName.TINYINT,
            SqlTypeName.SMALLINT,
            SqlTypeName.INTEGER,
            SqlTypeName.BIGINT,
            SqlTypeName.DECIMAL,
            SqlTypeName.DATE);

    private static final Set<SqlKind> ARITHMETIC = EnumSet.of(SqlKind.PLUS, SqlKind.MINUS, SqlKind.TIMES);

    private PartialExpressions() {}

    static boolean isGrouped(RelDataType type) {
        return GROUPED.contains(type.getSqlTypeName());
    }

    /** Their order is the same to every source. */
    static boolean isOrdered(RelDataType type) {
        return isGrouped(type) && type.getSqlTypeName() != SqlTypeName.BOOLEAN;
    }

    /** Sums of them do not depend on the order in which they are added. */
    static boolean isAdded(RelDataType type) {
        return SqlTypeUtil.isExactNumeric(type);
    }

    /** Whether it is NULL where a column is that it reads. */
    static boolean isStrict(RexNode expression) {
        return expression instanceof RexInputRef
                || expression instanceof RexCall call
                        && (ARITHMETIC.contains(call.getKind()) || call.getKind() == SqlKind.EXTRACT)
                        && call.getOperands().stream().allMatch(one -> isStrict(one) || one instanceof RexLiteral)
                        && call.getOperands().stream().anyMatch(PartialExpressions::isStrict);
    }

    /** Whether it fails on no row: columns, and arithmetic whose results have room for all digits. */
    static boolean isTotal(RexNode expression) {
        if (expression instanceof RexInputRef || expression instanceof RexLiteral) {
            return true;
        }
        if (!(expression instanceof RexCall call)
                || !call.getOperands().stream().allMatch(PartialExpressions::isTotal)) {
            return false;
        }
        if (call.getKind() == SqlKind.EXTRACT) {
            return call.getOperands().get(1).getType().getSqlTypeName() == SqlTypeName.DATE;
        }
        return ARITHMETIC.contains(call.getKind()) && hasRoom(call);
    }

    private static boolean hasRoom(RexCall call) {
        List<RelDataType> operands =
                call.getOperands().stream().map(RexNode::getType).toList();
        if (call.getType().getSqlTypeName() != SqlTypeName.DECIMAL
                || !operands.stream().allMatch(SqlTypeUtil::isExactNumeric)) {
            return false;
        }
        int fraction = 0;
        int whole = 0;
        for (RelDataType operand : operands) {
            int scale = operand.getSqlTypeName() == SqlTypeName.DECIMAL ? operand.getScale() : 0;
            int digits = operand.getPrecision() - scale;
            boolean product = call.getKind() == SqlKind.TIMES;
            fraction = product ? fraction + scale : Math.max(fraction, scale);
            whole = product ? whole + digits : Math.max(whole, digits) + 1;
        }
        return fraction <= call.getType().getScale() && whole + fraction <= NicolTypeSystem.MAX_DECIMAL_DIGITS;
    }
}
