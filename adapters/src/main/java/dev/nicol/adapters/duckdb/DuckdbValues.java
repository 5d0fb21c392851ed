package dev.nicol.adapters.duckdb;

import dev.nicol.adapters.SourceAdapter.ValueReader;
import dev.nicol.adapters.StandardValues;
import dev.nicol.policy.NicolError;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Blob;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/** Elements of DuckDB's lists, which come as Java objects of the driver's choice. */
final class DuckdbValues {
    private DuckdbValues() {}

    static ValueReader arrayReader(RelDataType type) {
        RelDataType element = Objects.requireNonNull(type.getComponentType());
        return (row, index) -> {
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
            case DATE -> StandardValues.days((LocalDate) value);
            case TIME -> StandardValues.millisOfDay((LocalTime) value);
            case TIMESTAMP -> millis(value);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE -> StandardValues.instantMillis((OffsetDateTime) value);
            case VARBINARY ->
                value instanceof Blob blob
                        ? StandardValues.bytes(blob.getBytes(1, (int) blob.length()))
                        : StandardValues.bytes((byte[]) value);
            case ARRAY -> elements((Array) value, Objects.requireNonNull(type.getComponentType()));
            default -> value.toString();
        };
    }

    /** The driver makes {@code java.sql.Timestamp} of an element, by way of this JVM's zone. */
    private static @Nullable Long millis(Object value) {
        if (value instanceof LocalDateTime timestamp) {
            return StandardValues.millis(timestamp);
        } else if (value instanceof java.sql.Timestamp timestamp) {
            return StandardValues.millis(timestamp.toLocalDateTime());
        } else if (value instanceof Instant instant) {
            return instant.toEpochMilli();
        }
        throw NicolError.NOT_SUPPORTED.because("A list of timestamps cannot be read from this source; unnest it.");
    }
}
