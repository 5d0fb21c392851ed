package dev.nicol.adapters;

import dev.nicol.adapters.SourceAdapter.ValueReader;
import dev.nicol.policy.NicolError;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/**
 * Values between JDBC and the engine, by way of java.time: {@code java.sql.Timestamp} would apply the zone and the
 * Julian calendar of this JVM. Kinds replace what their driver does differently.
 */
public final class StandardValues {
    private static final long DAY_MS = TimeUnit.DAYS.toMillis(1);

    private StandardValues() {}

    /** A reader for a driver that follows JDBC 4.2. */
    public static ValueReader reader(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case BOOLEAN -> (row, index) -> orNull(row, row.getBoolean(index));
            case TINYINT -> (row, index) -> orNull(row, row.getByte(index));
            case SMALLINT -> (row, index) -> orNull(row, row.getShort(index));
            case INTEGER -> (row, index) -> orNull(row, row.getInt(index));
            case BIGINT -> (row, index) -> orNull(row, row.getLong(index));
            case DECIMAL -> ResultSet::getBigDecimal;
            case REAL -> (row, index) -> orNull(row, row.getFloat(index));
            case FLOAT, DOUBLE -> (row, index) -> orNull(row, row.getDouble(index));
            case DATE -> (row, index) -> days(row.getObject(index, LocalDate.class));
            case TIME -> (row, index) -> millisOfDay(row.getObject(index, LocalTime.class));
            case TIMESTAMP -> (row, index) -> millis(row.getObject(index, LocalDateTime.class));
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ ->
                (row, index) -> instantMillis(row.getObject(index, OffsetDateTime.class));
            case BINARY, VARBINARY -> (row, index) -> bytes(row.getBytes(index));
            case UUID -> (row, index) -> uuid(row.getObject(index));
            case ARRAY -> arrayReader(type);
            default -> ResultSet::getString;
        };
    }

    /** Elements through the array's own result set, so that they are read as columns are. */
    private static ValueReader arrayReader(RelDataType type) {
        RelDataType element = type.getComponentType();
        if (element == null) {
            throw new IllegalArgumentException("an array without an element type");
        }
        return (row, index) -> {
            Array array = row.getArray(index);
            if (array == null) {
                return null;
            }
            ValueReader reader = reader(element);
            List<@Nullable Object> values = new ArrayList<>();
            try (ResultSet elements = array.getResultSet()) {
                while (elements.next()) {
                    values.add(reader.read(elements, 2));
                }
            }
            return values;
        };
    }

    private static <T> @Nullable T orNull(ResultSet row, T value) throws SQLException {
        return row.wasNull() ? null : value;
    }

    /** Days since 1970 in the proleptic Gregorian calendar. */
    public static @Nullable Integer days(@Nullable LocalDate date) {
        if (date == null) {
            return null;
        }
        long days = date.toEpochDay();
        if (date.equals(LocalDate.MAX) || date.equals(LocalDate.MIN) || days != (int) days) {
            throw infinite();
        }
        return (int) days;
    }

    public static @Nullable Integer millisOfDay(@Nullable LocalTime time) {
        if (time == null) {
            return null;
        }
        // pgjdbc's LocalTime of 24:00
        return time.equals(LocalTime.MAX)
                ? Integer.valueOf((int) DAY_MS)
                : Integer.valueOf((int) (time.toNanoOfDay() / 1_000_000));
    }

    /** Milliseconds since 1970 as if in UTC; finer fractions are cut towards the past. */
    public static @Nullable Long millis(@Nullable LocalDateTime timestamp) {
        if (timestamp == null) {
            return null;
        } else if (timestamp.equals(LocalDateTime.MAX) || timestamp.equals(LocalDateTime.MIN)) {
            throw infinite();
        }
        return timestamp.toInstant(ZoneOffset.UTC).toEpochMilli();
    }

    /** A moment in either of its forms: an Instant, or milliseconds. */
    public static Instant moment(Object value) {
        return value instanceof Instant instant ? instant : Instant.ofEpochMilli(((Number) value).longValue());
    }

    public static @Nullable Long instantMillis(@Nullable OffsetDateTime timestamp) {
        Instant instant = instant(timestamp);
        return instant == null ? null : instant.toEpochMilli();
    }

    public static @Nullable Instant instant(@Nullable OffsetDateTime timestamp) {
        if (timestamp == null) {
            return null;
        } else if (timestamp.equals(OffsetDateTime.MAX) || timestamp.equals(OffsetDateTime.MIN)) {
            throw infinite();
        }
        return timestamp.toInstant();
    }

    public static @Nullable ByteString bytes(byte @Nullable [] bytes) {
        return bytes == null ? null : new ByteString(bytes);
    }

    public static @Nullable UUID uuid(@Nullable Object value) {
        if (value == null || value instanceof UUID) {
            return (UUID) value;
        }
        return UUID.fromString(value.toString());
    }

    private static RuntimeException infinite() {
        return NicolError.DATA.because("A date or time in the result is `infinity`, which has no place in the calendar;"
                + " leave such rows out, or write CASE around the column.");
    }

    /** Binds for a driver that follows JDBC 4.2. */
    public static void bind(PreparedStatement statement, int index, @Nullable Object value, RelDataType type)
            throws SQLException {
        if (value == null) {
            statement.setNull(index, jdbcType(type));
            return;
        }
        switch (type.getSqlTypeName()) {
            case DATE -> statement.setObject(index, LocalDate.ofEpochDay(((Number) value).intValue()));
            case TIME -> statement.setObject(index, LocalTime.ofNanoOfDay(((Number) value).intValue() * 1_000_000L));
            case TIMESTAMP -> statement.setObject(index, timestamp(((Number) value).longValue()));
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ ->
                statement.setObject(index, moment(value).atOffset(ZoneOffset.UTC));
            case TINYINT, SMALLINT, INTEGER -> statement.setInt(index, ((Number) value).intValue());
            case BIGINT, UTINYINT, USMALLINT, UINTEGER -> statement.setLong(index, ((Number) value).longValue());
            case REAL -> statement.setFloat(index, ((Number) value).floatValue());
            case FLOAT, DOUBLE -> statement.setDouble(index, ((Number) value).doubleValue());
            case DECIMAL, UBIGINT -> statement.setBigDecimal(index, decimal(value));
            default -> bindAsIs(statement, index, value);
        }
    }

    /** Elements for {@code createArrayOf}: what JDBC 4.2 calls the values of that type. */
    public static @Nullable Object[] arrayElements(List<?> values, RelDataType element) {
        @Nullable Object[] elements = new Object[values.size()];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = arrayElement(values.get(i), element);
        }
        return elements;
    }

    private static @Nullable Object arrayElement(@Nullable Object value, RelDataType type) {
        if (value == null) {
            return null;
        }
        return switch (type.getSqlTypeName()) {
            case DATE -> LocalDate.ofEpochDay(((Number) value).intValue());
            case TIME -> LocalTime.ofNanoOfDay(((Number) value).intValue() * 1_000_000L);
            case TIMESTAMP -> timestamp(((Number) value).longValue());
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> moment(value).atOffset(ZoneOffset.UTC);
            case BINARY, VARBINARY -> ((ByteString) value).getBytes();
            default -> value;
        };
    }

    private static void bindAsIs(PreparedStatement statement, int index, Object value) throws SQLException {
        if (value instanceof ByteString bytes) {
            statement.setBytes(index, bytes.getBytes());
        } else if (value instanceof String text) {
            statement.setString(index, text);
        } else if (value instanceof Boolean flag) {
            statement.setBoolean(index, flag);
        } else if (value instanceof BigDecimal number) {
            statement.setBigDecimal(index, number);
        } else if (value instanceof Long number) {
            statement.setLong(index, number);
        } else if (value instanceof Integer number) {
            statement.setInt(index, number);
        } else {
            statement.setObject(index, value);
        }
    }

    private static BigDecimal decimal(Object value) {
        return value instanceof BigDecimal number ? number : new BigDecimal(value.toString());
    }

    private static LocalDateTime timestamp(long millis) {
        return LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC);
    }

    private static int jdbcType(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case BOOLEAN -> Types.BOOLEAN;
            case TINYINT, SMALLINT -> Types.SMALLINT;
            case INTEGER -> Types.INTEGER;
            case BIGINT -> Types.BIGINT;
            case DECIMAL -> Types.NUMERIC;
            case REAL -> Types.REAL;
            case FLOAT, DOUBLE -> Types.DOUBLE;
            case DATE -> Types.DATE;
            case TIME -> Types.TIME;
            case TIMESTAMP -> Types.TIMESTAMP;
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> Types.TIMESTAMP_WITH_TIMEZONE;
            case BINARY, VARBINARY -> Types.VARBINARY;
            case CHAR, VARCHAR -> Types.VARCHAR;
            default -> Types.NULL;
        };
    }
}
