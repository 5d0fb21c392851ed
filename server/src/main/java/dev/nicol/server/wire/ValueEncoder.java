package dev.nicol.server.wire;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.apache.calcite.avatica.proto.Common.Rep;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.avatica.util.DateTimeUtils;
import org.apache.calcite.avatica.util.TimeUnitRange;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** Writes values of one column, from the engine's representation, in the shape that {@link WireType} declares. */
@FunctionalInterface
interface ValueEncoder {
    /** ISO-8601 in UTC, with fraction digits only where there are any. */
    DateTimeFormatter INSTANT = new DateTimeFormatterBuilder()
            .parseCaseInsensitive()
            .appendInstant()
            .toFormatter();

    /** Digits of a second's fraction that intervals have. */
    int MILLISECOND_DIGITS = 3;

    /** Never called with null. */
    void encode(Object value, FrameWriter to);

    static ValueEncoder of(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case BOOLEAN -> (value, to) -> to.bool((Boolean) value);
            case TINYINT -> (value, to) -> to.whole(((Number) value).byteValue(), Rep.BYTE);
            case SMALLINT, UTINYINT -> (value, to) -> to.whole(((Number) value).shortValue(), Rep.SHORT);
            case INTEGER, USMALLINT, DATE, TIME -> (value, to) -> to.whole(integer(value), Rep.INTEGER);
            case BIGINT, UINTEGER, TIMESTAMP -> (value, to) -> to.whole(number(value), Rep.LONG);
            case DECIMAL, UBIGINT -> (value, to) -> to.decimal(decimal(value));
            case REAL -> (value, to) -> to.real(((Number) value).floatValue());
            case FLOAT, DOUBLE -> (value, to) -> to.floating(((Number) value).doubleValue());
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> (value, to) -> to.text(instant(value));
            case BINARY, VARBINARY -> (value, to) -> to.binary(bytes(value));
            case ARRAY -> array(type);
            default ->
                SqlTypeName.INTERVAL_TYPES.contains(type.getSqlTypeName())
                        ? interval(type)
                        : (value, to) -> to.text(value.toString());
        };
    }

    private static int integer(Object value) {
        if (value instanceof java.sql.Time time) {
            return (int) (time.getTime() % DateTimeUtils.MILLIS_PER_DAY);
        }
        return ((Number) value).intValue();
    }

    private static long number(Object value) {
        return value instanceof Date date ? date.getTime() : ((Number) value).longValue();
    }

    private static BigDecimal decimal(Object value) {
        return value instanceof BigDecimal decimal ? decimal : new BigDecimal(value.toString());
    }

    private static String instant(Object value) {
        return INSTANT.format(value instanceof Instant instant ? instant : Instant.ofEpochMilli(number(value)));
    }

    private static byte[] bytes(Object value) {
        return value instanceof ByteString bytes ? bytes.getBytes() : (byte[]) value;
    }

    private static ValueEncoder interval(RelDataType type) {
        TimeUnitRange range = type.getIntervalQualifier() == null ? null : type.getIntervalQualifier().timeUnitRange;
        if (range == null) {
            return (value, to) -> to.text(value.toString());
        }
        // the value is in milliseconds, and of more digits than three Avatica makes zeroes
        int scale = Math.min(Math.max(type.getScale(), 0), MILLISECOND_DIGITS);
        return SqlTypeName.YEAR_INTERVAL_TYPES.contains(type.getSqlTypeName())
                ? (value, to) -> to.text(DateTimeUtils.intervalYearMonthToString(((Number) value).intValue(), range))
                : (value, to) ->
                        to.text(DateTimeUtils.intervalDayTimeToString(((Number) value).longValue(), range, scale));
    }

    private static ValueEncoder array(RelDataType type) {
        RelDataType component = type.getComponentType();
        if (component == null) {
            throw new IllegalStateException("an array type has a component type");
        }
        ValueEncoder element = of(component);
        Rep rep = WireType.of(component).type().rep.toProto();
        return (value, to) -> {
            List<?> elements = value instanceof Object[] objects ? Arrays.asList(objects) : (List<?>) value;
            to.beginArray(rep);
            for (Object each : elements) {
                write(each, element, to);
            }
            to.endArray();
        };
    }

    /** A value or NULL. */
    static void write(@Nullable Object value, ValueEncoder encoder, FrameWriter to) {
        if (value == null) {
            to.nothing();
        } else {
            encoder.encode(value, to);
        }
    }
}
