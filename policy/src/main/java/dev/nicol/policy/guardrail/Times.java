package dev.nicol.policy.guardrail;

import dev.nicol.policy.NearestName;
import dev.nicol.policy.YamlNode;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A window of the week, by the clocks of a zone.
 *
 * @param days on which it opens
 * @param to when it closes; on the next day unless it is later than {@code from}
 */
record Times(Set<DayOfWeek> days, LocalTime from, LocalTime to, ZoneId zone) implements Condition {
    private static final String KEY = "times";
    static final ConditionType TYPE = ConditionType.key(KEY, Times::read);
    private static final List<String> DAYS = List.of("mon", "tue", "wed", "thu", "fri", "sat", "sun");

    Times {
        days = Set.copyOf(days);
    }

    private static @Nullable Condition read(YamlNode rule) {
        YamlNode times = rule.section(KEY);
        if (times == null) {
            return null;
        }
        times.only(List.of("days", "from", "to", "zone"));
        if (!times.has("days") && !times.has("from") && !times.has("to")) {
            times.problem("`" + KEY + "` says no time — add `days`, `from` or `to`");
        }
        Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
        for (YamlNode word : times.words("days")) {
            int day = DAYS.indexOf(word.scalarText());
            if (day < 0) {
                word.problem("unknown day " + word.shown() + " — use one of " + String.join(", ", DAYS));
            } else {
                days.add(DayOfWeek.of(day + 1));
            }
        }
        if (!times.has("days")) {
            days = EnumSet.allOf(DayOfWeek.class);
        }
        LocalTime from = time(times, "from");
        LocalTime to = time(times, "to");
        ZoneId zone = zone(times);
        return from == null || to == null || zone == null ? null : new Times(days, from, to, zone);
    }

    /** Midnight where it is not given: as the beginning of the day, and as its end. */
    private static @Nullable LocalTime time(YamlNode times, String key) {
        YamlNode value = times.child(key);
        if (value == null) {
            return LocalTime.MIDNIGHT;
        }
        try {
            return LocalTime.parse(value.scalarText());
        } catch (DateTimeException e) {
            value.problem("`" + key + "` must be a time of day such as `\"06:00\"`, in quotes, not " + value.shown());
            return null;
        }
    }

    private static @Nullable ZoneId zone(YamlNode times) {
        YamlNode value = times.child("zone");
        if (value == null) {
            return ZoneId.of("UTC");
        }
        String name = value.scalarText();
        if (ZoneId.getAvailableZoneIds().contains(name)) {
            return ZoneId.of(name);
        }
        String hint = NearestName.hint(name, ZoneId.getAvailableZoneIds());
        value.problem("there is no time zone " + value.shown()
                + (hint.isEmpty() ? " — name one such as `Europe/Berlin`" : hint));
        return null;
    }

    @Override
    public boolean holds(StatementFacts facts) {
        return at(facts.now());
    }

    /** Whether that moment is within. */
    boolean at(Instant moment) {
        ZonedDateTime now = moment.atZone(zone);
        LocalTime time = now.toLocalTime();
        boolean overMidnight = !to.isAfter(from);
        boolean opened = days.contains(now.getDayOfWeek()) && !time.isBefore(from);
        if (overMidnight) {
            return opened || days.contains(now.getDayOfWeek().minus(1)) && time.isBefore(to);
        }
        return opened && time.isBefore(to);
    }

    @Override
    public String toString() {
        String on = new TreeSet<>(days)
                .stream().map(day -> DAYS.get(day.getValue() - 1)).collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT, "%s: {days: [%s], from: '%s', to: '%s', zone: '%s'}", KEY, on, from, to, zone);
    }
}
