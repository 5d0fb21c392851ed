package dev.nicol.policy.mask;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/**
 * {@code tokenize}: a keyed stand-in that is equal for equal values, on every source and in the engine, so that columns can
 * still be joined and counted. Of text it is the first digits of {@link Hash}.
 *
 * <p>Of a whole number it is one of the column's type, from 0 on: the first 63 bits of HMAC-SHA256 over the decimal text,
 * cut to the type's bits. A value that an INTEGER can hold gets at most an INTEGER's 31 bits, in wider columns too, so that
 * INTEGER and BIGINT columns of equal values have equal tokens. SMALLINT and TINYINT have fewer bits and tokens of their
 * own. Different values meet in one token with the odds of the birthday problem: among 31 bits at about 50,000 values.
 *
 * @param length hexadecimal digits of a text's token
 */
public record Tokenize(int length) implements Mask {
    /** Fewest digits: fewer would make different values equal. */
    public static final int MIN_LENGTH = 8;

    /** Bits of a token of a value that an INTEGER can hold. */
    private static final int NARROW_BITS = 31;

    private static final int WIDE_BITS = 63;

    static final MaskType TYPE = new MaskType(
            "tokenize",
            Set.of("length"),
            parameters -> new Tokenize(TextMasks.count(parameters, "length", 16, Hash.LENGTH)));

    public Tokenize {
        if (length < MIN_LENGTH || length > Hash.LENGTH) {
            throw new IllegalArgumentException(
                    "`length` must be a whole number from " + MIN_LENGTH + " to " + Hash.LENGTH);
        }
    }

    @Override
    public String kind() {
        return TYPE.kind();
    }

    @Override
    public @Nullable String misfit(RelDataType columnType) {
        boolean fits = SqlTypeUtil.inCharFamily(columnType) || bits(columnType) > 0;
        return fits
                ? null
                : "`" + kind() + "` masks text and whole numbers, and the column is `" + columnType.getSqlTypeName()
                        + "`";
    }

    @Override
    public RexNode apply(RexBuilder builder, RexNode raw) {
        RexNode inner = Hash.pad(builder, false);
        RexNode outer = Hash.pad(builder, true);
        if (SqlTypeUtil.inCharFamily(raw.getType())) {
            boolean fits =
                    raw.getType().getSqlTypeName() == SqlTypeName.VARCHAR && TextMasks.holds(raw.getType(), length);
            RexNode text = fits ? raw : TextMasks.widened(builder, raw);
            RexNode digits = builder.makeExactLiteral(BigDecimal.valueOf(length));
            return builder.makeCall(text.getType(), MaskFunctions.TOKEN, List.of(text, inner, outer, digits));
        }
        int bits = bits(raw.getType());
        return builder.makeCall(
                raw.getType(),
                MaskFunctions.TOKEN_INTEGER,
                List.of(raw, inner, outer, ones(builder, Math.min(bits, NARROW_BITS)), ones(builder, bits)));
    }

    /** Bits of the largest token that a type of whole numbers holds; 0 for other types. */
    private static int bits(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case TINYINT -> 7;
            case SMALLINT -> 15;
            case INTEGER -> NARROW_BITS;
            case BIGINT -> WIDE_BITS;
            case DECIMAL ->
                type.getScale() != 0
                        ? 0
                        : Math.min(
                                WIDE_BITS,
                                BigInteger.TEN.pow(type.getPrecision()).bitLength() - 1);
            default -> 0;
        };
    }

    private static RexNode ones(RexBuilder builder, int bits) {
        BigInteger ones = BigInteger.ONE.shiftLeft(bits).subtract(BigInteger.ONE);
        return builder.makeExactLiteral(
                new BigDecimal(ones), builder.getTypeFactory().createSqlType(SqlTypeName.BIGINT));
    }

    /** Whether a text is what this mask shows of one; a number's token looks like any number. */
    @Override
    public boolean sentinel(String value) {
        return value.length() == length && value.chars().allMatch(digit -> "0123456789abcdef".indexOf(digit) >= 0);
    }

    @Override
    public String toString() {
        return "{kind: tokenize, length: " + length + "}";
    }
}
