package dev.nicol.policy.mask;

import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.fun.SqlTrimFunction;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/**
 * What stands for a stored value where joins may compare it: {@link Hash} of its canonical text, equal for equal values on
 * every source and in the engine. It is shown to nobody, so no policy file names it. Text is as it is, CHAR without the blanks
 * that pad it; a whole number of any width is its decimal digits.
 */
public record JoinKey() implements Mask {
    @Override
    public String kind() {
        return "join key";
    }

    @Override
    public @Nullable String misfit(RelDataType columnType) {
        return SqlTypeUtil.inCharFamily(columnType) || whole(columnType)
                ? null
                : "joins compare stored text and whole numbers, and the column is `" + columnType.getSqlTypeName()
                        + "`";
    }

    /** Whether values of the two types have keys, and equal ones for equal values. */
    public boolean joins(RelDataType one, RelDataType other) {
        return misfit(one) == null && misfit(other) == null && whole(one) == whole(other);
    }

    /** Whether a cast changes no value: to wider whole numbers, or to longer text. */
    public boolean keeps(RelDataType from, RelDataType to) {
        if (!joins(from, to)) {
            return false;
        } else if (whole(from)) {
            return from.getPrecision() <= to.getPrecision();
        }
        return to.getSqlTypeName() == SqlTypeName.VARCHAR
                && (to.getPrecision() == RelDataType.PRECISION_NOT_SPECIFIED
                        || from.getPrecision() != RelDataType.PRECISION_NOT_SPECIFIED
                                && from.getPrecision() <= to.getPrecision());
    }

    /** @return text, whatever the type of {@code raw} */
    @Override
    public RexNode apply(RexBuilder builder, RexNode raw) {
        return new Hash().apply(builder, text(builder, raw));
    }

    private static RexNode text(RexBuilder builder, RexNode raw) {
        RelDataType type = raw.getType();
        if (type.getSqlTypeName() == SqlTypeName.CHAR) {
            return unpadded(builder, raw);
        } else if (!whole(type)) {
            return raw;
        }
        // By way of BIGINT: a source may write a type of its own otherwise, with leading zeros.
        RexNode number = builder.makeAbstractCast(like(builder, SqlTypeName.BIGINT, type), raw, false);
        return builder.makeAbstractCast(like(builder, SqlTypeName.VARCHAR, type), number, false);
    }

    /** Text without the blanks at its end, which fill a CHAR. */
    public static RexNode unpadded(RexBuilder builder, RexNode text) {
        return builder.makeCall(
                SqlStdOperatorTable.TRIM,
                List.of(builder.makeFlag(SqlTrimFunction.Flag.TRAILING), builder.makeLiteral(" "), text));
    }

    private static RelDataType like(RexBuilder builder, SqlTypeName name, RelDataType type) {
        RelDataTypeFactory types = builder.getTypeFactory();
        return types.createTypeWithNullability(types.createSqlType(name), type.isNullable());
    }

    private static boolean whole(RelDataType type) {
        return SqlTypeName.INT_TYPES.contains(type.getSqlTypeName());
    }
}
