package dev.nicol.policy.classify;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** {@code DATE_OF_BIRTH}: days on which people were born. */
final class DateOfBirth implements Detector {
    private static final int EARLIEST_YEAR = 1900;

    /** People of working age were born so long ago; what is logged, ordered or hired happened later. */
    private static final int ADULT = 18;

    /** Years over which the births of a column of people spread. */
    private static final int SPREAD = 25;

    private static final Pattern ISO =
            Pattern.compile("(\\d{4})[-/.]?(\\d{2})[-/.]?(\\d{2})(?:[T ]00:00(?::00(?:\\.0{1,9})?)?Z?)?");
    private static final Pattern NUMBERS = Pattern.compile("(\\d{1,2})[-/.](\\d{1,2})[-/.](\\d{4})");
    private static final Pattern WORDS =
            Pattern.compile("(?:\\d{1,2}[. -]{1,2}\\p{L}{3,9}\\.?[ -]|\\p{L}{3,9} \\d{1,2}, )(\\d{4})");

    private static final Clues CLUES = Clues.in(
                    Set.of(ColumnKind.DATE, ColumnKind.MOMENT, ColumnKind.TEXT, ColumnKind.WHOLE_NUMBER))
            .shortest(6)
            .personal()
            .telling(
                    "date of birth",
                    "dob",
                    "birth date",
                    "birthdate",
                    "birthday",
                    "birth day",
                    "bdate",
                    "born",
                    "born on",
                    "birth dt",
                    "d o b",
                    "geburtsdatum",
                    "geburtstag",
                    "gebdat",
                    "geb datum",
                    "date naissance",
                    "date de naissance",
                    "naissance",
                    "fecha nacimiento",
                    "fecha de nacimiento",
                    "fec nac",
                    "nacimiento",
                    "data nascimento",
                    "data de nascimento",
                    "nascimento",
                    "data nascita",
                    "data di nascita",
                    "nascita",
                    "geboortedatum",
                    "geboren",
                    "data urodzenia",
                    "fodelsedatum",
                    "fodselsdato",
                    "dogum tarihi",
                    "datum narozeni",
                    "birth year",
                    "year of birth",
                    "birthyear",
                    "yob")
            .suggesting("birth", "bday", "bd", "age date")
            .misleading(
                    "created",
                    "updated",
                    "modified",
                    "hire date",
                    "hired",
                    "order date",
                    "ship date",
                    "release date",
                    "released",
                    "founded",
                    "start date",
                    "end date",
                    "expiry",
                    "expiry date",
                    "due date",
                    "joined",
                    "signup date",
                    "registered",
                    "registration date",
                    "published",
                    "publication date",
                    "timestamp",
                    "invoice date",
                    "payment date",
                    "birth place",
                    "birth order",
                    "birth weight",
                    "birth country",
                    "valid from",
                    "valid to",
                    "effective date",
                    "event date",
                    "opened",
                    "closed",
                    "last login",
                    "last seen",
                    "logged",
                    "hire dt",
                    "start dt",
                    "end dt",
                    "admission date",
                    "visit date",
                    "built",
                    "established",
                    "production year",
                    "model year",
                    "issue date",
                    "issued",
                    "built on",
                    "premiere")
            .values(DateOfBirth::lifetimes, DateOfBirth::years)
            .clues();

    @Override
    public String entity() {
        return "DATE_OF_BIRTH";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    /** Days that spread over generations, most of them of people who are grown up. */
    private static ValueClue.Finding lifetimes(Column column) {
        List<Integer> years = column.values().stream().map(DateOfBirth::year).toList();
        int adultYear = today().getYear() - ADULT;
        boolean generations = spread(years) >= SPREAD;
        return finding(
                column,
                years.stream()
                        .map(year -> generations && year >= EARLIEST_YEAR && year <= adultYear)
                        .toList(),
                0.008,
                10,
                "are days long enough ago and spread over generations, as births are");
    }

    /** Any days that are past: so may births be where the name says so. */
    private static ValueClue.Finding years(Column column) {
        int thisYear = today().getYear();
        boolean number = column.kind() == ColumnKind.WHOLE_NUMBER;
        return finding(
                column,
                column.values().stream()
                        .map(value -> {
                            int year = number && value.length() == 4 ? Integer.parseInt(value) : year(value);
                            return year >= EARLIEST_YEAR && year <= thisYear;
                        })
                        .toList(),
                0.3,
                1000,
                "are days of the past hundred years");
    }

    private static ValueClue.Finding finding(
            Column column, List<Boolean> passes, double alike, int enough, String words) {
        BitSet passed = new BitSet();
        IntStream.range(0, passes.size()).filter(passes::get).forEach(passed::set);
        int of = passes.size();
        double weight = Likelihood.ofForm(passed.cardinality(), of, 0.02, alike, 0.05);
        return new ValueClue.Finding(
                weight > 0 ? weight * of / (of + enough) : weight,
                passed,
                Share.percent(passed.cardinality(), of) + " " + words);
    }

    /** Between the 5th and the 95th of a hundred. */
    private static int spread(List<Integer> years) {
        List<Integer> known = years.stream().filter(year -> year > 0).sorted().toList();
        return known.isEmpty() ? 0 : known.get(known.size() * 95 / 100) - known.get(known.size() * 5 / 100);
    }

    /** The year of a day; 0 where the text is none. */
    private static int year(String value) {
        if (value.length() > 40) {
            return 0;
        }
        Matcher iso = ISO.matcher(value);
        if (iso.matches()) {
            return day(Integer.parseInt(iso.group(1)), Integer.parseInt(iso.group(2)), Integer.parseInt(iso.group(3)));
        }
        Matcher numbers = NUMBERS.matcher(value);
        if (numbers.matches()) {
            int one = Integer.parseInt(numbers.group(1));
            int other = Integer.parseInt(numbers.group(2));
            return day(Integer.parseInt(numbers.group(3)), Math.min(one, other), Math.max(one, other));
        }
        Matcher words = WORDS.matcher(value);
        return words.matches() ? Integer.parseInt(words.group(1)) : 0;
    }

    private static int day(int year, int month, int day) {
        try {
            return LocalDate.of(year, month, day).getYear();
        } catch (DateTimeException noDay) {
            return 0;
        }
    }

    private static LocalDate today() {
        return LocalDate.now(ZoneOffset.UTC);
    }
}
