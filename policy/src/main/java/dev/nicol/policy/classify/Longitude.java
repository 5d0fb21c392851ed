package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code LONGITUDE}: how far east somebody is. */
final class Longitude implements Detector {
    private static final Pattern DEGREES =
            Pattern.compile("\\d{1,3}(?:\\.\\d{1,8})?° ?(?:\\d{1,2}['′] ?)?(?:\\d{1,2}(?:\\.\\d{1,4})?[\"″] ?)?[EW]");

    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(2)
            .telling(
                    "longitude",
                    "lon",
                    "lng",
                    "geo lon",
                    "geo lng",
                    "geo long",
                    "gps lon",
                    "gps lng",
                    "gps long",
                    "longitud",
                    "longitudine",
                    "laengengrad",
                    "langengrad",
                    "pos lon",
                    "pos lng",
                    "lon deg",
                    "dlugosc geograficzna",
                    "lengtegraad")
            .suggesting("geo x", "gps x", "coord lon", "long")
            .values(
                    Share.of(
                                    "lie between -180 and 180, with the decimals of a position",
                                    value -> Amounts.degrees(value, 180),
                                    0.03)
                            .enough(20),
                    Share.of("lie between -180 and 180", value -> Amounts.within(value, 180), 0.5)
                            .enough(1000),
                    Share.of(
                            "are degrees east or west",
                            value -> value.length() <= 24
                                    && DEGREES.matcher(value).matches(),
                            0.0005))
            .clues();

    @Override
    public String entity() {
        return "LONGITUDE";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
