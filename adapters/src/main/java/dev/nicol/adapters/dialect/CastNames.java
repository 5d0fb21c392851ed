package dev.nicol.adapters.dialect;

import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlAlienSystemTypeNameSpec;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** What dialects share about type names in {@code CAST}. */
public final class CastNames {
    private CastNames() {}

    /** The type as {@code CAST} will print it. */
    public static SqlNode spec(String name, RelDataType type) {
        return new SqlDataTypeSpec(
                new SqlAlienSystemTypeNameSpec(name, type.getSqlTypeName(), SqlParserPos.ZERO), SqlParserPos.ZERO);
    }

    /** {@code name(precision)}, no more than {@code most}; {@code name} alone where the type has no precision. */
    public static String sized(String name, RelDataType type, int most) {
        int precision = type.getPrecision();
        return precision == RelDataType.PRECISION_NOT_SPECIFIED || precision < 0
                ? name
                : name + "(" + Math.min(precision, most) + ")";
    }

    /** {@code name(precision, scale)} of a decimal. */
    public static String decimal(String name, RelDataType type) {
        int precision = type.getPrecision();
        if (precision <= 0) {
            return name;
        }
        return name + "(" + precision + ", " + Math.max(0, type.getScale()) + ")";
    }
}
