package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code BR_CNPJ}: Brazilian numbers of companies, sole traders among them. */
final class BrCnpj implements Detector {
    private static final Pattern FORM = Pattern.compile("\\d{2}(\\.?)\\d{3}\\1\\d{3}/?\\d{4}-?\\d{2}");

    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(14)
            .personal()
            .telling("cnpj", "numero cnpj", "cnpj number", "cnpj no", "nr cnpj", "br cnpj")
            .suggesting("national id", "tax id", "identity number", "id number", "personal number", "citizen id")
            .values(
                    Share.of("pass both checks of a CNPJ", BrCnpj::form, 0.03).checked(Identifiers::cnpj, 0.01, 0.001),
                    Share.of("are written as a CNPJ", value -> value.indexOf('/') == 10 && form(value), 0.001))
            .clues();

    @Override
    public String entity() {
        return "BR_CNPJ";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static boolean form(String value) {
        return value.length() <= 18 && FORM.matcher(value).matches();
    }
}
