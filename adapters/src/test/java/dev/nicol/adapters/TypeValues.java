package dev.nicol.adapters;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** Calendar values as the engine has them. */
final class TypeValues {
    private TypeValues() {}

    static int days(String date) {
        return (int) LocalDate.parse(date).toEpochDay();
    }

    static long millis(String timestamp) {
        return LocalDateTime.parse(timestamp).toInstant(ZoneOffset.UTC).toEpochMilli();
    }
}
