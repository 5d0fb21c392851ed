package dev.nicol.adapters;

import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeName;

/** Decimal types of sources whose decimals may be wider than ours. */
public final class Decimals {
    private Decimals() {}

    /** Of a column declared without precision. */
    public static RelDataType unbounded(RelDataTypeFactory types) {
        return types.createSqlType(
                SqlTypeName.DECIMAL, NicolTypeSystem.MAX_DECIMAL_DIGITS, NicolTypeSystem.FRACTION_DIGITS);
    }

    /** At most {@link NicolTypeSystem#MAX_DECIMAL_DIGITS} digits; a negative scale is none. */
    public static RelDataType of(RelDataTypeFactory types, int precision, int scale) {
        int fraction = Math.min(Math.max(scale, 0), NicolTypeSystem.MAX_DECIMAL_DIGITS);
        int digits = Math.min(Math.max(precision - Math.min(scale, 0), fraction), NicolTypeSystem.MAX_DECIMAL_DIGITS);
        return types.createSqlType(SqlTypeName.DECIMAL, Math.max(digits, 1), fraction);
    }
}
