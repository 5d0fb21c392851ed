package dev.nicol.policy.guardrail;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimesTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
    private static final Times WEEKEND_NIGHTS =
            new Times(Set.of(DayOfWeek.FRIDAY, DayOfWeek.SATURDAY), LocalTime.of(18, 0), LocalTime.of(6, 0), BERLIN);
    private static final Times OFFICE_HOURS =
            new Times(Set.of(DayOfWeek.MONDAY), LocalTime.of(9, 0), LocalTime.of(17, 30), BERLIN);
    private static final Times SUNDAYS =
            new Times(Set.of(DayOfWeek.SUNDAY), LocalTime.MIDNIGHT, LocalTime.MIDNIGHT, BERLIN);

    /** In 2026 Berlin is two hours ahead of UTC from March 29 to October 25, else one. July 3 and January 2 are Fridays. */
    @ParameterizedTest
    @CsvSource({
        "2026-07-03T15:59:59Z, false",
        "2026-07-03T16:00:00Z, true",
        "2026-07-03T23:00:00Z, true",
        "2026-07-04T03:59:59Z, true",
        "2026-07-04T04:00:00Z, false",
        "2026-07-04T16:00:00Z, true",
        "2026-07-05T03:59:59Z, true",
        "2026-07-05T04:00:00Z, false",
        "2026-07-05T16:00:00Z, false",
        "2026-07-03T03:00:00Z, false",
        "2026-01-02T16:59:59Z, false",
        "2026-01-02T17:00:00Z, true",
        "2026-01-03T04:59:59Z, true",
        "2026-01-03T05:00:00Z, false",
        "2026-03-29T03:59:59Z, true",
        "2026-03-29T04:00:00Z, false",
        "2026-10-25T04:59:59Z, true",
        "2026-10-25T05:00:00Z, false"
    })
    void aWindowEndsOnTheNextDayByTheClocksOfItsZone(Instant now, boolean within) {
        assertThat(WEEKEND_NIGHTS.at(now)).isEqualTo(within);
    }

    @ParameterizedTest
    @CsvSource({
        "2026-07-06T06:59:59Z, false",
        "2026-07-06T07:00:00Z, true",
        "2026-07-06T15:29:59Z, true",
        "2026-07-06T15:30:00Z, false",
        "2026-07-07T08:00:00Z, false"
    })
    void orOnTheSameDay(Instant now, boolean within) {
        assertThat(OFFICE_HOURS.at(now)).isEqualTo(within);
    }

    @ParameterizedTest
    @CsvSource({
        "2026-07-04T21:59:59Z, false",
        "2026-07-04T22:00:00Z, true",
        "2026-07-05T21:59:59Z, true",
        "2026-07-05T22:00:00Z, false"
    })
    void orIsTheWholeDay(Instant now, boolean within) {
        assertThat(SUNDAYS.at(now)).isEqualTo(within);
    }
}
