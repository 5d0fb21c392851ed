package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code LATITUDE}: how far north somebody is. */
final class Latitude implements Detector {
    private static final Pattern DEGREES =
            Pattern.compile("\\d{1,2}(?:\\.\\d{1,8})?° ?(?:\\d{1,2}['′] ?)?(?:\\d{1,2}(?:\\.\\d{1,4})?[\"″] ?)?[NS]");

    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(2)
            .telling(
                    "latitude",
                    "lat",
                    "geo lat",
                    "gps lat",
                    "latitud",
                    "latitudine",
                    "breitengrad",
                    "breite",
                    "pos lat",
                    "lat deg",
                    "szerokosc geograficzna",
                    "breedtegraad")
            .suggesting("geo y", "gps y", "coord lat", "coordinate", "gps")
            .values(
                    Share.of(
                                    "lie between -90 and 90, with the decimals of a position",
                                    value -> Amounts.degrees(value, 90),
                                    0.03)
                            .enough(20),
                    Share.of("lie between -90 and 90", value -> Amounts.within(value, 90), 0.5)
                            .enough(1000),
                    Share.of(
                            "are degrees north or south",
                            value -> value.length() <= 24
                                    && DEGREES.matcher(value).matches(),
                            0.0005))
            .clues();

    @Override
    public String entity() {
        return "LATITUDE";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
