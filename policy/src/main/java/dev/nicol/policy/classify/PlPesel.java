package dev.nicol.policy.classify;

/** {@code PL_PESEL}: Polish numbers of persons. */
final class PlPesel implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(11)
            .personal()
            .telling("pesel", "numer pesel", "pesel number", "nr pesel", "pl pesel")
            .suggesting("national id", "tax id", "identity number", "id number", "personal number", "citizen id")
            .values(Share.of(
                            "hold a date of birth and pass the PESEL check",
                            value -> value.length() == 11
                                    && Identifiers.digits(value).length() == 11,
                            0.05)
                    .checked(Identifiers::pesel, 0.02, 0.001))
            .clues();

    @Override
    public String entity() {
        return "PL_PESEL";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
