package dev.nicol.adapters.execution;

import com.google.common.base.CharMatcher;
import org.apache.calcite.avatica.util.DateTimeUtils;
import org.jspecify.annotations.Nullable;

/** Times as text, with as many digits of a second as they have. */
public final class PrintedTimes {
    private static final int MILLIS_DIGITS = 3;

    private PrintedTimes() {}

    /** {@code CAST} of a time of day, in milliseconds. */
    public static @Nullable String ofTime(@Nullable Integer millis) {
        return millis == null ? null : shortened(DateTimeUtils.unixTimeToString(millis, MILLIS_DIGITS));
    }

    /** {@code CAST} of a moment without a zone, in milliseconds since 1970. */
    public static @Nullable String ofTimestamp(@Nullable Long millis) {
        return millis == null ? null : shortened(DateTimeUtils.unixTimestampToString(millis, MILLIS_DIGITS));
    }

    private static String shortened(String seconds) {
        // only a fraction's: it is always there
        return CharMatcher.is('.').trimTrailingFrom(CharMatcher.is('0').trimTrailingFrom(seconds));
    }
}
