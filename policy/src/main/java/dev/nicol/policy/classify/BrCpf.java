package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code BR_CPF}: Brazilian numbers of persons. */
final class BrCpf implements Detector {
    private static final Pattern FORM = Pattern.compile("\\d{3}(\\.?)\\d{3}\\1\\d{3}-?\\d{2}");

    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(10)
            .personal()
            .telling("cpf", "numero cpf", "cpf number", "cpf no", "nr cpf", "br cpf")
            .suggesting("national id", "tax id", "identity number", "id number", "personal number", "citizen id")
            .values(
                    Share.of("pass both checks of a CPF", BrCpf::form, 0.05).checked(Identifiers::cpf, 0.01, 0.001),
                    Share.of("are written as a CPF", value -> value.indexOf('.') == 3 && form(value), 0.002)
                            .checked(Identifiers::cpf, 0.3, 0.8))
            .clues();

    @Override
    public String entity() {
        return "BR_CPF";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static boolean form(String value) {
        return value.length() <= 14 && FORM.matcher(value).matches();
    }
}
