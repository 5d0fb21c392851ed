package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code US_SSN}: US social security numbers. */
final class UsSsn implements Detector {
    private static final Pattern HIDDEN = Pattern.compile("[\\dxX*#]{3}-[\\dxX*#]{2}-\\d{4}");

    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(9)
            .telling(
                    "ssn",
                    "social security",
                    "social security number",
                    "social security no",
                    "soc sec",
                    "soc sec no",
                    "socsec",
                    "ss number",
                    "ssnumber",
                    "ss num",
                    "ssno",
                    "us ssn",
                    "social sec",
                    "social")
            .suggesting(
                    "tax id",
                    "tin",
                    "taxpayer id",
                    "tax number",
                    "national id",
                    "gov id",
                    "government id",
                    "identity number",
                    "taxpayer",
                    "personal id",
                    "id number")
            .misleading("social media", "social network", "social profile", "social login")
            .values(
                    Share.of("can have been issued as social security numbers", UsSsn::grouped, 0.0025)
                            .checked(Identifiers::ssn, 0.89, 0.3),
                    Share.of(
                                    "are nine digits that can have been issued as social security numbers",
                                    Identifiers::nineDigits,
                                    0.15)
                            .checked(Identifiers::ssn, 0.89, 0.5),
                    Share.of("are written as social security numbers", UsSsn::hidden, 0.03))
            .clues();

    @Override
    public String entity() {
        return "US_SSN";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static boolean grouped(String value) {
        return value.length() == 11 && Identifiers.nineDigits(value);
    }

    /** All but the last digits starred out, or made up. */
    private static boolean hidden(String value) {
        return value.length() == 11 && HIDDEN.matcher(value).matches();
    }
}
