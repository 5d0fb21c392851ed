package dev.nicol.adapters.dialect;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** Decimal types of sources whose decimals may be wider than ours, and what the engine does with their values. */
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

    /** A quotient with {@link NicolTypeSystem#FRACTION_DIGITS} significant digits and fraction digits at least. */
    public static @Nullable BigDecimal divide(@Nullable BigDecimal dividend, @Nullable BigDecimal divisor) {
        if (dividend == null || divisor == null) {
            return null;
        }
        int smaller = (divisor.precision() - divisor.scale()) - (dividend.precision() - dividend.scale());
        int scale = NicolTypeSystem.FRACTION_DIGITS + Math.max(0, smaller + 1);
        return dividend.divide(divisor, Math.max(scale, dividend.scale()), RoundingMode.HALF_UP);
    }

    /**
     * The same value in the one form that equal values share within a type, as hash tables need it.
     *
     * @param scale of the type; a value with more digits keeps them
     */
    public static @Nullable BigDecimal canonical(@Nullable BigDecimal value, int scale) {
        if (value == null || value.scale() == scale) {
            return value;
        }
        BigDecimal shortest = value.stripTrailingZeros();
        return shortest.scale() <= scale ? shortest.setScale(scale) : shortest;
    }
}
