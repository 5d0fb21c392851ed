package dev.nicol.server.wire;

import com.fasterxml.jackson.databind.util.RawValue;
import dev.nicol.policy.NicolError;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.avatica.util.DateTimeUtils;
import org.apache.calcite.avatica.util.TimeUnitRange;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * Turns values of one column from the engine's representation into the shape that {@link WireType} declares.
 *
 * <p>INVARIANT: the stock driver reads back the same value, over both formats, or the statement fails; never another.
 */
@FunctionalInterface
interface ValueEncoder {
    /** Infinity in JSON: a number so large that every reader of doubles rounds it there. */
    RawValue JSON_INFINITY = new RawValue("1e999");

    RawValue JSON_NEGATIVE_INFINITY = new RawValue("-1e999");

    /** Negative zero in JSON: so small a number that every reader of doubles rounds it there; decimals have none. */
    RawValue JSON_NEGATIVE_ZERO = new RawValue("-1e-999");

    /** ISO-8601 in UTC, with fraction digits only where there are any. */
    DateTimeFormatter INSTANT = new DateTimeFormatterBuilder()
            .parseCaseInsensitive()
            .appendInstant()
            .toFormatter();

    /** Never called with null. */
    Object encode(Object value);

    static ValueEncoder of(RelDataType type, WireFormat format) {
        return switch (type.getSqlTypeName()) {
            case BOOLEAN -> value -> (Boolean) value;
            case TINYINT -> value -> ((Number) value).byteValue();
            case SMALLINT, UTINYINT -> value -> ((Number) value).shortValue();
            case INTEGER, USMALLINT, DATE, TIME -> ValueEncoder::integer;
            case BIGINT, UINTEGER, TIMESTAMP -> ValueEncoder::number;
            case DECIMAL, UBIGINT -> ValueEncoder::decimal;
            case REAL -> value -> real(((Number) value).floatValue(), format);
            case FLOAT, DOUBLE -> value -> floating(((Number) value).doubleValue(), format);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> ValueEncoder::instant;
            case BINARY, VARBINARY -> ValueEncoder::bytes;
            case ARRAY -> array(type, format);
            default -> SqlTypeName.INTERVAL_TYPES.contains(type.getSqlTypeName()) ? interval(type) : Object::toString;
        };
    }

    /** Bytes of a value: text in UTF-8, a number eight, a decimal its digits and two, a list its elements. */
    static long size(@Nullable Object encoded) {
        if (encoded == null) {
            return 1;
        }
        if (encoded instanceof String text) {
            return text.getBytes(StandardCharsets.UTF_8).length;
        }
        if (encoded instanceof byte[] bytes) {
            return bytes.length;
        }
        if (encoded instanceof BigDecimal decimal) {
            return decimal.precision() + 2L;
        }
        if (encoded instanceof List<?> list) {
            return list.stream().mapToLong(ValueEncoder::size).sum();
        }
        return encoded instanceof Boolean ? 1 : Long.BYTES;
    }

    private static Object integer(Object value) {
        if (value instanceof java.sql.Time time) {
            return (int) (time.getTime() % DateTimeUtils.MILLIS_PER_DAY);
        }
        return ((Number) value).intValue();
    }

    private static Object number(Object value) {
        return value instanceof Date date ? date.getTime() : ((Number) value).longValue();
    }

    private static Object decimal(Object value) {
        return value instanceof BigDecimal decimal ? decimal : new BigDecimal(value.toString());
    }

    private static Object real(float value, WireFormat format) {
        return format == WireFormat.PROTOBUF ? (Object) value : jsonNumber(value, value);
    }

    private static Object floating(double value, WireFormat format) {
        return format == WireFormat.PROTOBUF ? (Object) value : jsonNumber(value, value);
    }

    /** {@code plain} where JSON has it, and the reader's way back to it. */
    private static Object jsonNumber(double value, Object plain) {
        if (Double.isNaN(value)) {
            throw NicolError.NOT_SUPPORTED.because("The answer holds the number `NaN`, which JSON cannot carry. Connect"
                    + " with `serialization=protobuf`, or cast the column to VARCHAR.");
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? JSON_INFINITY : JSON_NEGATIVE_INFINITY;
        }
        return value == 0 && 1 / value < 0 ? JSON_NEGATIVE_ZERO : plain;
    }

    private static Object instant(Object value) {
        return INSTANT.format(value instanceof Instant instant ? instant : Instant.ofEpochMilli((Long) number(value)));
    }

    private static Object bytes(Object value) {
        return value instanceof ByteString bytes ? bytes.getBytes() : (byte[]) value;
    }

    private static ValueEncoder interval(RelDataType type) {
        TimeUnitRange range = type.getIntervalQualifier() == null ? null : type.getIntervalQualifier().timeUnitRange;
        if (range == null) {
            return Object::toString;
        }
        int scale = Math.max(type.getScale(), 0);
        return SqlTypeName.YEAR_INTERVAL_TYPES.contains(type.getSqlTypeName())
                ? value -> DateTimeUtils.intervalYearMonthToString(((Number) value).intValue(), range)
                : value -> DateTimeUtils.intervalDayTimeToString(((Number) value).longValue(), range, scale);
    }

    private static ValueEncoder array(RelDataType type, WireFormat format) {
        RelDataType component = type.getComponentType();
        if (component == null) {
            throw new IllegalStateException("an array type has a component type");
        }
        ValueEncoder element = of(component, format);
        // the stock driver cuts the last digit off whole decimals of an array; with an exponent they are no whole ones
        boolean exponent = format == WireFormat.JSON && encodesDecimals(component);
        return value -> {
            List<?> elements = value instanceof Object[] objects ? Arrays.asList(objects) : (List<?>) value;
            List<@Nullable Object> encoded = new ArrayList<>(elements.size());
            for (Object each : elements) {
                Object plain = each == null ? null : element.encode(each);
                encoded.add(exponent && plain instanceof BigDecimal decimal ? withExponent(decimal) : plain);
            }
            return encoded;
        };
    }

    private static boolean encodesDecimals(RelDataType component) {
        return component.getSqlTypeName() == SqlTypeName.DECIMAL || component.getSqlTypeName() == SqlTypeName.UBIGINT;
    }

    private static RawValue withExponent(BigDecimal decimal) {
        return new RawValue(decimal.unscaledValue() + "e" + -decimal.scale());
    }
}
