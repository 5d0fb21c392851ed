package dev.nicol.adapters.execution;

import dev.nicol.policy.NicolError;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/**
 * A conversion that changes no value: what would not come back from it the same fails. A standard CAST cuts texts off and
 * rounds numbers without a word.
 */
public final class ExactCast {
    /** {@code (fits, what)}: true, or a failure that says {@code what}. No source has it and no statement can name it. */
    static final SqlFunction FITS = new SqlFunction(
            "NICOL_FITS",
            SqlKind.OTHER_FUNCTION,
            ReturnTypes.BOOLEAN,
            null,
            OperandTypes.VARIADIC,
            SqlFunctionCategory.SYSTEM);

    private static final Set<SqlTypeName> CONVERTIBLE = EnumSet.of(
            SqlTypeName.BOOLEAN,
            SqlTypeName.TINYINT,
            SqlTypeName.SMALLINT,
            SqlTypeName.INTEGER,
            SqlTypeName.BIGINT,
            SqlTypeName.DECIMAL,
            SqlTypeName.REAL,
            SqlTypeName.FLOAT,
            SqlTypeName.DOUBLE,
            SqlTypeName.CHAR,
            SqlTypeName.VARCHAR,
            SqlTypeName.BINARY,
            SqlTypeName.VARBINARY,
            SqlTypeName.DATE,
            SqlTypeName.TIME,
            SqlTypeName.TIMESTAMP);

    private ExactCast() {}

    /** Whether values of one type can be converted to the other and back at all. */
    public static boolean possible(RelDataType from, RelDataType to) {
        return CONVERTIBLE.contains(from.getSqlTypeName())
                && CONVERTIBLE.contains(to.getSqlTypeName())
                && SqlTypeUtil.canCastFrom(to, from, true)
                && SqlTypeUtil.canCastFrom(from, to, true);
    }

    /**
     * A value as one of another type, nullable where the value is.
     *
     * @param what said of a value that does not fit
     * @see #possible
     */
    public static RexNode of(RexBuilder rex, RexNode value, RelDataType to, String what) {
        RelDataType type = rex.getTypeFactory()
                .createTypeWithNullability(to, value.getType().isNullable());
        RexNode converted = rex.makeAbstractCast(type, value, false);
        if (RexUtil.isLosslessCast(value.getType(), type)) {
            return converted;
        }
        RexNode back = rex.makeAbstractCast(value.getType(), converted, false);
        RexNode same = rex.makeCall(SqlStdOperatorTable.EQUALS, back, value);
        if (type.isNullable()) {
            same = rex.makeCall(SqlStdOperatorTable.OR, rex.makeCall(SqlStdOperatorTable.IS_NULL, value), same);
        }
        RexNode fits = rex.makeCall(FITS, same, rex.makeLiteral(what));
        return rex.makeCall(type, SqlStdOperatorTable.CASE, List.of(fits, converted, never(rex, type)));
    }

    /** Some value of the type: where it would be taken, {@link #FITS} has failed. */
    private static RexNode never(RexBuilder rex, RelDataType type) {
        return type.isNullable()
                ? rex.makeNullLiteral(type)
                : rex.makeAbstractCast(type, rex.makeZeroLiteral(type), false);
    }

    /** {@link #FITS}. Public because generated code calls it. */
    public static Boolean fits(@Nullable Boolean fits, String what) {
        if (fits == null || !fits) {
            throw NicolError.DATA.because(what);
        }
        return true;
    }
}
