package dev.nicol.policy.mask;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.DateString;
import org.apache.calcite.util.TimeString;
import org.apache.calcite.util.TimestampString;
import org.jspecify.annotations.Nullable;

/**
 * {@code constant}: the same value for every one. It is written as the column's type is: text and UUID in quotes, numbers
 * and booleans bare, {@code '2020-01-31'}, {@code '2020-01-31 23:59:59'} (of a moment, in UTC), {@code '23:59:59'}.
 *
 * @param value a String, Boolean, Long or BigDecimal
 */
public record Constant(Object value) implements Mask {
    /** Longest text, in characters. */
    public static final int MAX_LENGTH = 1000;

    private static final int LAST_WRITTEN_YEAR = 9999;

    static final MaskType TYPE = new MaskType("constant", Set.of("value"), Constant::read);

    public Constant {
        if (value instanceof String text && text.codePointCount(0, text.length()) > MAX_LENGTH) {
            throw new IllegalArgumentException("`value` must have at most " + MAX_LENGTH + " characters");
        } else if (!(value instanceof String
                || value instanceof Boolean
                || value instanceof Long
                || value instanceof BigDecimal)) {
            throw new IllegalArgumentException("`value` must be a text, number or boolean");
        }
    }

    private static Mask read(Map<String, Object> parameters) {
        Object value = parameters.get("value");
        if (value == null) {
            throw new IllegalArgumentException("`value` is missing — write what every value is to become");
        }
        return new Constant(value);
    }

    @Override
    public String kind() {
        return TYPE.kind();
    }

    @Override
    public @Nullable String misfit(RelDataType columnType) {
        return fitting(columnType) == null
                ? "`value` " + value + " is no value of the column's type `" + columnType + "`"
                : null;
    }

    @Override
    public RexNode apply(RexBuilder builder, RexNode raw) {
        RelDataType type = raw.getType();
        Object fitting = fitting(type);
        if (fitting == null) {
            return builder.makeNullLiteral(type);
        } else if (fitting instanceof String text) {
            return TextMasks.fixed(builder, raw, text);
        }
        return TextMasks.unlessNull(builder, raw, type, literal(builder, type, fitting));
    }

    private static RexNode literal(RexBuilder builder, RelDataType type, Object fitting) {
        RelDataType present = builder.getTypeFactory().createTypeWithNullability(type, false);
        if (fitting instanceof Boolean flag) {
            return builder.makeLiteral(flag);
        } else if (fitting instanceof BigDecimal number) {
            return SqlTypeUtil.isApproximateNumeric(type)
                    ? builder.makeApproxLiteral(number, present)
                    : builder.makeExactLiteral(number, present);
        } else if (fitting instanceof UUID uuid) {
            return builder.makeUuidLiteral(uuid);
        } else if (fitting instanceof DateString date) {
            return builder.makeDateLiteral(date);
        } else if (fitting instanceof TimeString time) {
            return builder.makeTimeLiteral(time, type.getPrecision());
        }
        TimestampString timestamp = (TimestampString) fitting;
        return type.getSqlTypeName() == SqlTypeName.TIMESTAMP
                ? builder.makeTimestampLiteral(timestamp, type.getPrecision())
                : builder.makeTimestampWithLocalTimeZoneLiteral(timestamp, type.getPrecision());
    }

    /** The value in the form of a literal of that type; null where it is none. */
    private @Nullable Object fitting(RelDataType type) {
        try {
            return switch (type.getSqlTypeName()) {
                case CHAR, VARCHAR -> value instanceof String ? value : null;
                case BOOLEAN -> value instanceof Boolean ? value : null;
                case TINYINT -> whole(Byte.MIN_VALUE, Byte.MAX_VALUE);
                case SMALLINT -> whole(Short.MIN_VALUE, Short.MAX_VALUE);
                case INTEGER -> whole(Integer.MIN_VALUE, Integer.MAX_VALUE);
                case BIGINT -> whole(Long.MIN_VALUE, Long.MAX_VALUE);
                case DECIMAL -> decimal(type);
                case REAL, FLOAT, DOUBLE -> number();
                case UUID -> value instanceof String text ? UUID.fromString(text) : null;
                case DATE -> value instanceof String text ? new DateString(written(LocalDate.parse(text))) : null;
                case TIME ->
                    value instanceof String text ? new TimeString(LocalTime.parse(text) + seconds(text)) : null;
                case TIMESTAMP, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> value instanceof String text ? timestamp(text) : null;
                default -> null;
            };
        } catch (DateTimeException | IllegalArgumentException | ArithmeticException notOfThatType) {
            return null;
        }
    }

    private @Nullable BigDecimal number() {
        if (value instanceof Long whole) {
            return BigDecimal.valueOf(whole);
        }
        return value instanceof BigDecimal number ? number : null;
    }

    private @Nullable BigDecimal whole(long least, long largest) {
        return value instanceof Long whole && whole >= least && whole <= largest ? BigDecimal.valueOf(whole) : null;
    }

    private @Nullable BigDecimal decimal(RelDataType type) {
        BigDecimal number = number();
        if (number == null) {
            return null;
        }
        BigDecimal scaled = number.setScale(type.getScale(), RoundingMode.UNNECESSARY);
        return scaled.precision() <= type.getPrecision() ? scaled : null;
    }

    private static String written(LocalDate date) {
        if (date.getYear() < 1 || date.getYear() > LAST_WRITTEN_YEAR) {
            throw new IllegalArgumentException("a literal has years from 1 to 9999");
        }
        return date.toString();
    }

    private static TimestampString timestamp(String text) {
        LocalDateTime parsed = LocalDateTime.parse(text.replace(' ', 'T'));
        String time = parsed.toLocalTime() + seconds(parsed.toLocalTime().toString());
        return new TimestampString(written(parsed.toLocalDate()) + " " + trimmed(time));
    }

    /** {@code LocalTime} leaves seconds out that are zero; literals have them. */
    private static String seconds(String time) {
        return LocalTime.parse(time).toString().length() == "23:59".length() ? ":00" : "";
    }

    /** Literals have no zeros at the end of a fraction. */
    private static String trimmed(String time) {
        return time.contains(".") ? time.replaceAll("0+$", "") : time;
    }

    /** Whether a value is the one that this mask shows: text as it is, a number in plain digits. */
    @Override
    public boolean sentinel(String shown) {
        return value instanceof BigDecimal number
                ? shown.equals(number.toPlainString())
                : shown.equals(value.toString());
    }

    @Override
    public String toString() {
        return "{kind: constant, value: "
                + (value instanceof String text ? "'" + text.replace("'", "''") + "'" : value.toString())
                + "}";
    }
}
