package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code DRIVING_LICENCE}: numbers of driving licences. */
final class DrivingLicence implements Detector {
    private static final Pattern BRITISH =
            Pattern.compile("[A-Z]{1,5}9{0,4}\\d[0156]\\d[0-3]\\d{2}[A-Z][A-Z9][A-Z0-9]{3}(?: ?\\d{2})?");

    private static final Pattern OTHER = Pattern.compile("(?i)[A-Z]{0,5}[ -]?\\d[A-Z0-9 -]{3,18}");

    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(5)
            .personal()
            .telling(
                    "driving licence",
                    "driving license",
                    "driver licence",
                    "driver license",
                    "drivers license",
                    "drivers licence",
                    "driver license number",
                    "drivers license number",
                    "driver licence number",
                    "driving licence number",
                    "driving license number",
                    "driver license no",
                    "drivers license no",
                    "driving licence no",
                    "dl number",
                    "dl no",
                    "dl num",
                    "licence number driver",
                    "fuhrerschein",
                    "fuhrerscheinnummer",
                    "fuehrerschein",
                    "fuehrerscheinnummer",
                    "permis de conduire",
                    "numero permis",
                    "permiso de conducir",
                    "licencia de conducir",
                    "patente di guida",
                    "carteira de motorista",
                    "cnh",
                    "rijbewijs",
                    "rijbewijsnummer",
                    "prawo jazdy",
                    "korkort")
            .suggesting("dl", "licence number", "license number", "license no", "licence no", "dvla", "dmv")
            .misleading("software license", "license key", "license plate", "licence plate", "business license")
            .values(
                    Share.of(
                            "have the form of British driving licences",
                            value -> value.length() >= 16
                                    && value.length() <= 18
                                    && BRITISH.matcher(value).matches(),
                            0.0005),
                    Share.of(
                                    "have the form of licence numbers",
                                    value -> value.length() <= 20
                                            && OTHER.matcher(value).matches(),
                                    0.2)
                            .enough(20))
            .clues();

    @Override
    public String entity() {
        return "DRIVING_LICENCE";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
