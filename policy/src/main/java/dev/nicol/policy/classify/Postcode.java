package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code POSTCODE}: postal codes. */
final class Postcode implements Detector {
    private static final Pattern LETTERED = Pattern.compile(
            "(?i)[A-Z]{1,2}\\d[A-Z\\d]? ?\\d[A-Z]{2}|[A-CEGHJ-NPR-TVXY]\\d[A-Z] ?\\d[A-Z]\\d|[1-9]\\d{3} ?[A-Z]{2}");

    private static final Pattern GROUPED =
            Pattern.compile("\\d{5}-\\d{4}|\\d{5}-\\d{3}|\\d{2}-\\d{3}|\\d{3} \\d{2}|\\d{3}-\\d{4}");

    private static final Pattern ANY = Pattern.compile(
            "(?i)\\d{3,6}|[A-Z]{1,2}-?\\d{4,5}|\\d{5}-\\d{4}|\\d{5}-\\d{3}|\\d{2}-\\d{3}|\\d{3} \\d{2,3}|\\d{3}-\\d{4}|[A-Z]{1,2}\\d[A-Z\\d]? ?\\d[A-Z]{2}|[A-Z]\\d[A-Z] ?\\d[A-Z]\\d|\\d{4} ?[A-Z]{2}");

    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(3)
            .personal()
            .telling(
                    "zip",
                    "zip code",
                    "zipcode",
                    "postcode",
                    "post code",
                    "postal code",
                    "plz",
                    "postleitzahl",
                    "code postal",
                    "codepostal",
                    "codigo postal",
                    "cod postal",
                    "cap code",
                    "codice postale",
                    "cep",
                    "pincode",
                    "postnummer",
                    "kod pocztowy",
                    "zip4",
                    "postal zip",
                    "post index")
            .suggesting("postal", "cp", "cap", "pin code", "pin", "postal area")
            .misleading("zip file", "zip path", "area code")
            .values(
                    Share.of(
                            "are British, Canadian or Dutch postal codes",
                            value -> value.length() <= 9
                                    && LETTERED.matcher(value).matches(),
                            0.0015),
                    Share.of(
                                    "are postal codes in two groups",
                                    value -> value.length() <= 10
                                            && GROUPED.matcher(value).matches(),
                                    0.01)
                            .enough(10),
                    Share.of(
                                    "have the form of postal codes",
                                    value -> value.length() <= 10
                                            && ANY.matcher(value).matches(),
                                    0.2)
                            .enough(20))
            .clues();

    @Override
    public String entity() {
        return "POSTCODE";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
