package dev.nicol.server.wire;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.calcite.avatica.ColumnMetaData.Rep;
import org.apache.calcite.avatica.remote.TypedValue;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.avatica.util.DateTimeUtils;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.joou.UByte;
import org.joou.UInteger;
import org.joou.ULong;
import org.joou.UShort;
import org.jspecify.annotations.Nullable;

/**
 * Bound values from the wire to the engine's representation of the parameter's own type. Conversions lose nothing: a
 * value that does not fit is refused.
 */
final class ParameterValues {
    private ParameterValues() {}

    /**
     * @param parameterTypes one field per {@code ?}
     * @throws NicolException {@code DATA} where the count differs or a value does not fit
     */
    static List<@Nullable Object> of(List<@Nullable TypedValue> bound, RelDataType parameterTypes) {
        List<RelDataTypeField> declared = parameterTypes.getFieldList();
        if (bound.size() != declared.size()) {
            throw NicolError.DATA.because("The statement has `" + declared.size() + "` parameters and `" + bound.size()
                    + "` are bound. Bind one value for every `?`.");
        }
        List<@Nullable Object> values = new ArrayList<>(bound.size());
        for (int i = 0; i < bound.size(); i++) {
            TypedValue value = bound.get(i);
            RelDataType type = declared.get(i).getType();
            try {
                values.add(value == null ? null : convert(value.value, value.type, type));
            } catch (RuntimeException unfit) {
                throw NicolError.DATA.because("Parameter `" + (i + 1) + "` is `" + shortened(value) + "`, which is no "
                        + WireType.of(type).type().name + ". Bind a value of that type.");
            }
        }
        return values;
    }

    private static @Nullable Object convert(@Nullable Object value, @Nullable Rep rep, RelDataType type) {
        if (value == null) {
            return null;
        }
        if (value instanceof TypedValue nested) {
            return convert(nested.value, nested.type, type);
        }
        return switch (type.getSqlTypeName()) {
            case BOOLEAN -> truth(value);
            case TINYINT -> exact(value).byteValueExact();
            case SMALLINT -> exact(value).shortValueExact();
            case INTEGER -> exact(value).intValueExact();
            case BIGINT -> exact(value).longValueExact();
            case UTINYINT -> UByte.valueOf(exact(value).shortValueExact());
            case USMALLINT -> UShort.valueOf(exact(value).intValueExact());
            case UINTEGER -> UInteger.valueOf(exact(value).longValueExact());
            case UBIGINT -> ULong.valueOf(whole(value));
            case DECIMAL -> exact(value);
            case REAL -> value instanceof Number number ? number.floatValue() : Float.parseFloat(value.toString());
            case FLOAT, DOUBLE ->
                value instanceof Number number ? number.doubleValue() : Double.parseDouble(value.toString());
            case DATE -> date(value, rep);
            case TIME -> time(value, rep);
            case TIMESTAMP -> timestamp(value, rep);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> instant(value, rep);
            case CHAR, VARCHAR -> text(value, rep);
            case BINARY, VARBINARY -> bytes(value);
            case UUID -> UUID.fromString(value.toString());
            case ARRAY -> array(value, type);
            default -> rep == null ? value : TypedValue.ofSerial(rep, value).toLocal();
        };
    }

    private static Object truth(Object value) {
        if (value instanceof Boolean) {
            return value;
        }
        return switch (value.toString().toLowerCase(java.util.Locale.ROOT)) {
            case "true", "1" -> true;
            case "false", "0" -> false;
            default -> throw new IllegalArgumentException("no truth value");
        };
    }

    private static BigDecimal exact(Object value) {
        if (value instanceof BigDecimal decimal) {
            return decimal;
        }
        if (value instanceof Boolean truth) {
            return truth ? BigDecimal.ONE : BigDecimal.ZERO;
        }
        return new BigDecimal(value.toString().strip());
    }

    private static BigInteger whole(Object value) {
        return exact(value).toBigIntegerExact();
    }

    private static Object date(Object value, @Nullable Rep rep) {
        if (value instanceof String text) {
            return Math.toIntExact(LocalDate.parse(text.strip()).toEpochDay());
        }
        long number = ((Number) value).longValue();
        return Math.toIntExact(isTimestamp(rep) ? Math.floorDiv(number, DateTimeUtils.MILLIS_PER_DAY) : number);
    }

    private static Object time(Object value, @Nullable Rep rep) {
        if (value instanceof String text) {
            return Math.toIntExact(LocalTime.parse(text.strip()).toNanoOfDay() / 1_000_000);
        }
        long number = ((Number) value).longValue();
        return Math.toIntExact(isTimestamp(rep) ? Math.floorMod(number, DateTimeUtils.MILLIS_PER_DAY) : number);
    }

    private static Object timestamp(Object value, @Nullable Rep rep) {
        if (value instanceof String text) {
            return localDateTime(text).toInstant(ZoneOffset.UTC).toEpochMilli();
        }
        long number = ((Number) value).longValue();
        return rep == Rep.JAVA_SQL_DATE ? Math.multiplyExact(number, DateTimeUtils.MILLIS_PER_DAY) : number;
    }

    /** Text says its own offset; a bare timestamp is meant in UTC, as everywhere in a session. */
    private static Object instant(Object value, @Nullable Rep rep) {
        if (value instanceof String text) {
            String iso = text.strip().replace(' ', 'T');
            boolean zoned = iso.endsWith("Z") || iso.lastIndexOf('+') > 0 || iso.lastIndexOf('-') > "yyyy-mm-".length();
            Instant instant = zoned
                    ? OffsetDateTime.parse(iso).toInstant()
                    : LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC);
            // An Instant where milliseconds do not hold it; sources take both.
            return instant.getNano() % 1_000_000 == 0 ? (Object) instant.toEpochMilli() : instant;
        }
        return timestamp(value, rep);
    }

    private static LocalDateTime localDateTime(String text) {
        String iso = text.strip().replace(' ', 'T');
        return iso.indexOf('T') < 0 ? LocalDate.parse(iso).atStartOfDay() : LocalDateTime.parse(iso);
    }

    private static Object text(Object value, @Nullable Rep rep) {
        if (rep == Rep.JAVA_SQL_DATE) {
            return DateTimeUtils.unixDateToString(((Number) value).intValue());
        }
        if (rep == Rep.JAVA_SQL_TIME) {
            return DateTimeUtils.unixTimeToString(((Number) value).intValue());
        }
        if (isTimestamp(rep)) {
            return DateTimeUtils.unixTimestampToString(((Number) value).longValue(), 3);
        }
        return value.toString();
    }

    private static Object bytes(Object value) {
        if (value instanceof byte[] bytes) {
            return new ByteString(bytes);
        }
        return value instanceof ByteString ? value : ByteString.ofBase64((String) value);
    }

    private static Object array(Object value, RelDataType type) {
        RelDataType component = type.getComponentType();
        if (component == null) {
            throw new IllegalStateException("an array type has a component type");
        }
        List<@Nullable Object> elements = new ArrayList<>();
        for (Object element : (List<?>) value) {
            elements.add(convert(element, null, component));
        }
        return elements;
    }

    private static boolean isTimestamp(@Nullable Rep rep) {
        return rep == Rep.JAVA_SQL_TIMESTAMP || rep == Rep.JAVA_UTIL_DATE;
    }

    private static String shortened(@Nullable TypedValue value) {
        String text = value == null ? "NULL" : String.valueOf(value.value);
        return text.length() <= 40 ? text : text.substring(0, 40) + "…";
    }
}
