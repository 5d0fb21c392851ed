package dev.nicol.policy.classify;

import java.util.function.Predicate;
import java.util.regex.Pattern;

/** {@code UK_NHS}: numbers of the English health service. */
final class UkNhs implements Detector {
    private static final Predicate<String> NHS_FORM =
            Pattern.compile("\\d{3}([ -]?)\\d{3}\\1\\d{4}").asMatchPredicate();

    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(10)
            .personal()
            .telling("nhs", "nhs number", "nhs no", "nhs num", "nhs id", "nhsno")
            .suggesting(
                    "health number", "patient number", "patient no", "health id", "medical number", "hospital number")
            .misleading("isbn", "isbn 10")
            .values(
                    Share.of("pass the NHS check modulo 11", NHS_FORM, 0.1).checked(Identifiers::nhs, 0.091, 0.005),
                    Share.of(
                                    "are groups of 3, 3 and 4 digits that pass the NHS check modulo 11",
                                    value -> value.length() == 12 && NHS_FORM.test(value),
                                    0.01)
                            .checked(Identifiers::nhs, 0.091, 0.005))
            .clues();

    @Override
    public String entity() {
        return "UK_NHS";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
