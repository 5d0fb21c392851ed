package dev.nicol.server.parser;

import dev.nicol.policy.NicolError;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.sql.SqlIntervalLiteral;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.type.SqlTypeFamily;

/** How often something is refreshed, as it may be written: {@code INTERVAL '10' MINUTE}, {@code '10 minutes'}, {@code '10m'}. */
public final class RefreshPeriod {
    /** A source is not asked for everything more often than this. */
    public static final Duration LEAST = Duration.ofSeconds(1);

    /** What stands once a year is not kept fresh. */
    public static final Duration MOST = Duration.ofDays(366);

    private static final Pattern TEXT = Pattern.compile(
            "\\s*(\\d{1,9})\\s*(s|seconds?|m|min|minutes?|h|hours?|d|days?)\\s*", Pattern.CASE_INSENSITIVE);

    private RefreshPeriod() {}

    /** @throws dev.nicol.policy.NicolException SYNTAX where it is none, or out of its bounds */
    public static Duration of(SqlNode written) {
        Duration period = written instanceof SqlIntervalLiteral interval
                ? ofInterval(interval)
                : ofText(((SqlLiteral) written).getValueAs(String.class));
        if (period.compareTo(LEAST) < 0 || period.compareTo(MOST) > 0) {
            throw NicolError.SYNTAX.because("REFRESH EVERY takes a period from " + LEAST.toSeconds() + " second to "
                    + MOST.toDays() + " days.");
        }
        return period;
    }

    private static Duration ofInterval(SqlIntervalLiteral interval) {
        if (interval.getTypeName().getFamily() != SqlTypeFamily.INTERVAL_DAY_TIME) {
            throw NicolError.SYNTAX.because(
                    "REFRESH EVERY takes days, hours, minutes or seconds: months differ in length.");
        }
        return Duration.ofMillis(interval.getValueAs(Long.class));
    }

    private static Duration ofText(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw NicolError.SYNTAX.because(
                    "`" + text
                            + "` is no period. Write REFRESH EVERY INTERVAL '10' MINUTE, or '10 minutes'; s, m, h and d are known.");
        }
        long count = Long.parseLong(parts.group(1));
        return switch (parts.group(2).toLowerCase(Locale.ROOT).charAt(0)) {
            case 's' -> Duration.ofSeconds(count);
            case 'm' -> Duration.ofMinutes(count);
            case 'h' -> Duration.ofHours(count);
            default -> Duration.ofDays(count);
        };
    }
}
