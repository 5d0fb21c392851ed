package dev.nicol.adapters.duckdb;

import dev.nicol.adapters.SourceAdapter.ValueReader;
import dev.nicol.adapters.StandardValues;
import dev.nicol.policy.NicolError;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Blob;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** Elements of DuckDB's lists, which come as Java objects of the driver's choice. */
final class DuckdbValues {
    private static final DateTimeFormatter BEFORE_CHRIST =
            DateTimeFormatter.ofPattern("yyyy-MM-dd '(BC)'", Locale.ROOT);

    /** Infinity is the last microsecond that 64 bits can count. */
    private static final int INFINITE_YEAR = 290_300;

    private static final Set<SqlTypeName> TIMESTAMPS =
            EnumSet.of(SqlTypeName.TIMESTAMP, SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE);

    private DuckdbValues() {}

    static ValueReader arrayReader(RelDataType type) {
        RelDataType element = Objects.requireNonNull(type.getComponentType());
        return (row, index) -> {
            if (TIMESTAMPS.contains(element.getSqlTypeName())) {
                return timestamps(row.getString(index));
            }
            Array array = row.getArray(index);
            return array == null ? null : elements(array, element);
        };
    }

    private static List<@Nullable Object> elements(Array array, RelDataType element) throws SQLException {
        List<@Nullable Object> values = new ArrayList<>();
        for (Object value : (Object[]) array.getArray()) {
            values.add(value == null ? null : value(value, element));
        }
        return values;
    }

    private static @Nullable Object value(Object value, RelDataType type) throws SQLException {
        return switch (type.getSqlTypeName()) {
            case TINYINT -> ((Number) value).byteValue();
            case SMALLINT -> ((Number) value).shortValue();
            case INTEGER -> ((Number) value).intValue();
            case BIGINT -> ((Number) value).longValue();
            case REAL -> ((Number) value).floatValue();
            case FLOAT, DOUBLE -> ((Number) value).doubleValue();
            case DECIMAL -> value instanceof BigDecimal ? value : new BigDecimal(value.toString());
            case BOOLEAN, UUID -> value;
            case DATE -> days(value);
            case TIME -> StandardValues.millisOfDay((LocalTime) value);
            case VARBINARY ->
                value instanceof Blob blob
                        ? StandardValues.bytes(blob.getBytes(1, (int) blob.length()))
                        : StandardValues.bytes((byte[]) value);
            case ARRAY -> elements((Array) value, Objects.requireNonNull(type.getComponentType()));
            default -> value.toString();
        };
    }

    /**
     * From text such as {@code ['2024-03-10 02:30:00', NULL]}: the driver makes {@code java.sql.Timestamp} of elements,
     * by way of this JVM's zone. Instants are printed in the session's zone, which is UTC.
     */
    private static @Nullable List<@Nullable Object> timestamps(@Nullable String text) {
        if (text == null) {
            return null;
        }
        List<@Nullable Object> values = new ArrayList<>();
        String inside = text.substring(1, text.length() - 1);
        for (String element : inside.isEmpty() ? new String[0] : inside.split(", ")) {
            values.add(element.equals("NULL") ? null : timestamp(element));
        }
        return values;
    }

    private static @Nullable Long timestamp(String element) {
        String plain = element.replace("'", "").replaceFirst("\\+00$", "");
        try {
            return StandardValues.millis(LocalDateTime.parse(plain.replace(' ', 'T')));
        } catch (DateTimeParseException unusual) {
            throw infinite();
        }
    }

    /** As DuckDB reads it: the driver's own binding of a date forgets the era. */
    static String date(LocalDate date) {
        return date.format(date.getYear() < 1 ? BEFORE_CHRIST : DateTimeFormatter.ISO_LOCAL_DATE);
    }

    static @Nullable Integer days(@Nullable Object value) {
        if (value instanceof LocalDate date) {
            if (Math.abs(date.toEpochDay()) >= Integer.MAX_VALUE) {
                throw infinite();
            }
            return StandardValues.days(date);
        }
        return null;
    }

    static @Nullable Long millis(@Nullable LocalDateTime timestamp) {
        if (timestamp != null && Math.abs(timestamp.getYear()) >= INFINITE_YEAR) {
            throw infinite();
        }
        return StandardValues.millis(timestamp);
    }

    /** As a number: the driver's OffsetDateTime forgets which of the two hours at the end of summer it was. */
    static @Nullable Long instantMillis(ResultSet row, int index) throws SQLException {
        Instant instant = instant(row, index);
        return instant == null ? null : instant.toEpochMilli();
    }

    static @Nullable Instant instant(ResultSet row, int index) throws SQLException {
        if (row.getObject(index) == null) {
            return null;
        }
        long micros = row.getLong(index);
        if (micros == Long.MAX_VALUE || micros == -Long.MAX_VALUE) {
            throw infinite();
        }
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    private static RuntimeException infinite() {
        return NicolError.DATA.because("A date or time in the result is `infinity` or outside the calendar;"
                + " leave such rows out, or write CASE around the column.");
    }
}
