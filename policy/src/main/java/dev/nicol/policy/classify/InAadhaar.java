package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code IN_AADHAAR}: Indian identity numbers. */
final class InAadhaar implements Detector {
    private static final Pattern FORM = Pattern.compile("\\d{4}([ -]?)\\d{4}\\1\\d{4}");

    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(12)
            .personal()
            .telling(
                    "aadhaar",
                    "aadhar",
                    "adhaar",
                    "aadhaar number",
                    "aadhaar no",
                    "aadhar number",
                    "aadhar no",
                    "aadhaar id",
                    "uidai",
                    "in aadhaar",
                    "aadhaar card")
            .suggesting("national id", "tax id", "identity number", "id number", "personal number", "citizen id")
            .values(
                    Share.of("pass the Verhoeff check of an Aadhaar", InAadhaar::form, 0.05)
                            .checked(Identifiers::aadhaar, 0.08, 0.002),
                    Share.of("are written as an Aadhaar", value -> value.length() == 14 && form(value), 0.003)
                            .checked(Identifiers::aadhaar, 0.08, 0.02),
                    Share.of("have twelve digits", InAadhaar::form, 0.15))
            .clues();

    @Override
    public String entity() {
        return "IN_AADHAAR";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static boolean form(String value) {
        return value.length() <= 14 && FORM.matcher(value).matches();
    }
}
