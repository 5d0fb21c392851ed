package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code PASSPORT}: numbers of passports. */
final class Passport implements Detector {
    private static final Pattern NUMBER = Pattern.compile("(?i)[A-Z]{0,3} ?[A-Z0-9]{5,10}");

    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(6)
            .personal()
            .telling(
                    "passport",
                    "passport number",
                    "passport no",
                    "passport num",
                    "passport id",
                    "passportno",
                    "reisepass",
                    "reisepassnummer",
                    "passnummer",
                    "pasaporte",
                    "numero de pasaporte",
                    "passeport",
                    "numero passeport",
                    "numero de passeport",
                    "passaporto",
                    "passaporte",
                    "paspoort",
                    "paspoortnummer",
                    "paszport",
                    "numer paszportu",
                    "travel document",
                    "travel document number",
                    "travel doc")
            .suggesting(
                    "document number",
                    "document no",
                    "doc number",
                    "id document",
                    "travel doc no",
                    "ausweis",
                    "ausweisnummer",
                    "personalausweis",
                    "identity document")
            .misleading("passport country", "passport office")
            .values(Share.of("have the form of passport numbers", Passport::number, 0.15)
                    .enough(20))
            .clues();

    @Override
    public String entity() {
        return "PASSPORT";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static boolean number(String value) {
        return value.length() >= 6
                && value.length() <= 12
                && NUMBER.matcher(value).matches()
                && Identifiers.digits(value).length() >= 4;
    }
}
