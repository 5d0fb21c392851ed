package dev.nicol.server.scenario;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.jspecify.annotations.Nullable;

/**
 * What came of running a scenario's statement.
 *
 * @param rows values as text; empty for writes
 * @param count rows answered or written
 */
record Outcome(List<String> columns, List<List<@Nullable String>> rows, long count) {
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** One row as text: numbers without exponent, dates and times as ISO 8601 has them, with a blank for the T. */
    static List<@Nullable String> texts(RelDataType rowType, @Nullable Object[] row) {
        List<@Nullable String> texts = new ArrayList<>();
        for (RelDataTypeField field : rowType.getFieldList()) {
            Object value = row[field.getIndex()];
            texts.add(value == null ? null : text(field.getType(), value));
        }
        return texts;
    }

    private static String text(RelDataType type, Object value) {
        return switch (type.getSqlTypeName()) {
            case DATE -> LocalDate.ofEpochDay(((Number) value).longValue()).toString();
            case TIME ->
                LocalTime.ofNanoOfDay(((Number) value).longValue() * NANOS_PER_MILLI)
                        .toString();
            case TIMESTAMP ->
                blank(LocalDateTime.ofInstant(instant(value), ZoneOffset.UTC).toString());
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> instant(value).toString();
            default -> value instanceof BigDecimal number ? number.toPlainString() : String.valueOf(value);
        };
    }

    private static Instant instant(Object value) {
        return value instanceof Instant moment ? moment : Instant.ofEpochMilli(((Number) value).longValue());
    }

    private static String blank(String iso) {
        return iso.replace('T', ' ');
    }

    /** Equal as text, or as numbers. */
    static boolean same(@Nullable String expected, @Nullable String actual) {
        if (expected == null || actual == null || expected.equals(actual)) {
            return expected == null ? actual == null : expected.equals(actual);
        }
        try {
            return new BigDecimal(expected).compareTo(new BigDecimal(actual)) == 0;
        } catch (NumberFormatException noNumbers) {
            return false;
        }
    }
}
