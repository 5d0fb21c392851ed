package dev.nicol.policy.mask;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/**
 * {@code bucket}: {@code floor(x / size) * size}, in the column's type. Where that would lie below the type's least value,
 * it is that least value. An approximate number whose bucket is lost in rounding (2^52 sizes away from zero, and NaN) shows
 * NULL.
 *
 * @param size above zero, without trailing zeros
 */
public record Bucket(BigDecimal size) implements Mask {
    /** Largest size. */
    public static final BigDecimal MAX_SIZE = BigDecimal.TEN.pow(18);

    private static final BigDecimal EXACT_DOUBLES = BigDecimal.valueOf(1L << 52);

    static final MaskType TYPE = new MaskType("bucket", Set.of("size"), parameters -> {
        Object size = parameters.get("size");
        if (size instanceof Long whole) {
            return new Bucket(BigDecimal.valueOf(whole));
        } else if (size instanceof BigDecimal number) {
            return new Bucket(number);
        }
        throw new IllegalArgumentException("`size` must be a number, such as `size: 1000`");
    });

    public Bucket {
        if (size.signum() <= 0 || size.compareTo(MAX_SIZE) > 0) {
            throw new IllegalArgumentException("`size` must be above 0 and at most 10^18");
        }
        BigDecimal shortest = size.stripTrailingZeros();
        size = shortest.setScale(Math.max(shortest.scale(), 0));
    }

    @Override
    public String kind() {
        return TYPE.kind();
    }

    @Override
    public @Nullable String misfit(RelDataType columnType) {
        if (SqlTypeUtil.isApproximateNumeric(columnType)) {
            return null;
        }
        BigDecimal least = least(columnType);
        if (least == null) {
            return "`" + kind() + "` masks numbers, and the column is `" + columnType.getSqlTypeName() + "`";
        }
        boolean holds = size.scale() <= least.scale() && size.compareTo(least.abs()) <= 0;
        return holds
                ? null
                : "`size` " + size.toPlainString() + " is no value of the column's type `" + columnType + "`";
    }

    @Override
    public RexNode apply(RexBuilder builder, RexNode raw) {
        RelDataType type = raw.getType();
        BigDecimal least = least(type);
        if (least == null) {
            BigDecimal bound = size.multiply(EXACT_DOUBLES);
            return builder.makeCall(
                    builder.getTypeFactory().createTypeWithNullability(type, true),
                    MaskFunctions.BUCKET,
                    List.of(raw, approximate(builder, size), approximate(builder, bound), approximate(builder, bound)));
        }
        BigDecimal lowest = least.divide(size, 0, RoundingMode.CEILING).multiply(size);
        return builder.makeCall(
                type,
                MaskFunctions.BUCKET,
                List.of(raw, exact(builder, type, size), exact(builder, type, lowest), exact(builder, type, least)));
    }

    private static RexNode exact(RexBuilder builder, RelDataType type, BigDecimal number) {
        RelDataType present = builder.getTypeFactory().createTypeWithNullability(type, false);
        int scale = type.getSqlTypeName() == SqlTypeName.DECIMAL ? type.getScale() : 0;
        return builder.makeExactLiteral(number.setScale(scale, RoundingMode.UNNECESSARY), present);
    }

    private static RexNode approximate(RexBuilder builder, BigDecimal number) {
        return builder.makeApproxLiteral(number, builder.getTypeFactory().createSqlType(SqlTypeName.DOUBLE));
    }

    /** The least value of a type of exact numbers, with its scale; null for other types. */
    private static @Nullable BigDecimal least(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case TINYINT -> BigDecimal.valueOf(Byte.MIN_VALUE);
            case SMALLINT -> BigDecimal.valueOf(Short.MIN_VALUE);
            case INTEGER -> BigDecimal.valueOf(Integer.MIN_VALUE);
            case BIGINT -> BigDecimal.valueOf(Long.MIN_VALUE);
            case DECIMAL ->
                BigDecimal.ONE
                        .scaleByPowerOfTen(type.getPrecision())
                        .subtract(BigDecimal.ONE)
                        .scaleByPowerOfTen(-type.getScale())
                        .setScale(type.getScale())
                        .negate();
            default -> null;
        };
    }

    @Override
    public String toString() {
        return "{kind: bucket, size: " + size.toPlainString() + "}";
    }
}
