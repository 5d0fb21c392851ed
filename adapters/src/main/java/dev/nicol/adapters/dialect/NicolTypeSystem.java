package dev.nicol.adapters.dialect;

import java.math.RoundingMode;
import org.apache.calcite.jdbc.JavaTypeFactoryImpl;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystemImpl;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * Types wide enough for every source: decimals to 38 digits, unbounded text, microseconds. SUM of integers widens and
 * AVG keeps a fraction, as PostgreSQL has them.
 */
public final class NicolTypeSystem extends RelDataTypeSystemImpl {
    public static final NicolTypeSystem INSTANCE = new NicolTypeSystem();

    /** Digits of the widest decimal. */
    public static final int MAX_DECIMAL_DIGITS = 38;

    /** Fraction digits that AVG and division add, and decimals of unknown scale have. */
    public static final int FRACTION_DIGITS = 16;

    private NicolTypeSystem() {}

    /** A factory of these types; factories are cheap and hold an interning cache. */
    public static RelDataTypeFactory factory() {
        return new JavaTypeFactoryImpl(INSTANCE);
    }

    @Override
    public int getMaxPrecision(SqlTypeName typeName) {
        return switch (typeName) {
            case DECIMAL -> MAX_DECIMAL_DIGITS;
            case TIME, TIME_TZ, TIME_WITH_LOCAL_TIME_ZONE, TIMESTAMP, TIMESTAMP_TZ, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> 9;
            default -> super.getMaxPrecision(typeName);
        };
    }

    @Override
    public int getMaxScale(SqlTypeName typeName) {
        return typeName == SqlTypeName.DECIMAL ? MAX_DECIMAL_DIGITS : super.getMaxScale(typeName);
    }

    @Override
    public int getDefaultPrecision(SqlTypeName typeName) {
        return switch (typeName) {
            case DECIMAL -> MAX_DECIMAL_DIGITS;
            case TIMESTAMP, TIMESTAMP_TZ, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> 6;
            default -> super.getDefaultPrecision(typeName);
        };
    }

    @Override
    public RoundingMode roundingMode() {
        return RoundingMode.HALF_UP;
    }

    @Override
    public RelDataType deriveSumType(RelDataTypeFactory factory, RelDataType argument) {
        RelDataType wide =
                switch (argument.getSqlTypeName()) {
                    case TINYINT, SMALLINT, INTEGER, UTINYINT, USMALLINT -> factory.createSqlType(SqlTypeName.BIGINT);
                    case BIGINT, UINTEGER, UBIGINT -> factory.createSqlType(SqlTypeName.DECIMAL, MAX_DECIMAL_DIGITS, 0);
                    case DECIMAL -> factory.createSqlType(SqlTypeName.DECIMAL, MAX_DECIMAL_DIGITS, argument.getScale());
                    case REAL, FLOAT, DOUBLE -> factory.createSqlType(SqlTypeName.DOUBLE);
                    default -> argument;
                };
        return factory.createTypeWithNullability(wide, argument.isNullable());
    }

    @Override
    public RelDataType deriveAvgAggType(RelDataTypeFactory factory, RelDataType argument) {
        RelDataType wide =
                switch (argument.getSqlTypeName()) {
                    case TINYINT, SMALLINT, INTEGER, BIGINT, UTINYINT, USMALLINT, UINTEGER, UBIGINT ->
                        factory.createSqlType(SqlTypeName.DECIMAL, MAX_DECIMAL_DIGITS, FRACTION_DIGITS);
                    case DECIMAL ->
                        factory.createSqlType(
                                SqlTypeName.DECIMAL,
                                MAX_DECIMAL_DIGITS,
                                Math.max(FRACTION_DIGITS, argument.getScale()));
                    case REAL, FLOAT, DOUBLE -> factory.createSqlType(SqlTypeName.DOUBLE);
                    default -> argument;
                };
        return factory.createTypeWithNullability(wide, argument.isNullable());
    }

    /** That of an average over both: the default is the first one's own, and a covariance of whole numbers is none. */
    @Override
    public RelDataType deriveCovarType(RelDataTypeFactory factory, RelDataType first, RelDataType second) {
        RelDataType one = deriveAvgAggType(factory, first);
        RelDataType other = deriveAvgAggType(factory, second);
        boolean approximate = other.getSqlTypeName() == SqlTypeName.DOUBLE;
        return factory.createTypeWithNullability(
                approximate || one.getSqlTypeName() == SqlTypeName.DECIMAL && one.getScale() < other.getScale()
                        ? other
                        : one,
                first.isNullable() || second.isNullable());
    }

    /** Texts of several lengths, as in VALUES, keep theirs: blanks at the end would be equal to no stored text. */
    @Override
    public boolean shouldConvertRaggedUnionTypesToVarying() {
        return true;
    }

    @Override
    public boolean isSchemaCaseSensitive() {
        return false;
    }
}
