package dev.nicol.policy.classify;

/** {@code ES_NIF}: Spanish tax and identity numbers of citizens (NIF, DNI) and foreigners (NIE). */
final class EsNif implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(9)
            .personal()
            .telling(
                    "nif",
                    "nie",
                    "dni",
                    "nif nie",
                    "dni nie",
                    "numero dni",
                    "numero nif",
                    "documento nacional de identidad",
                    "es nif",
                    "es nie")
            .suggesting("national id", "tax id", "identity number", "id number", "personal number", "citizen id")
            .values(
                    Share.of("have the form of a NIF or NIE and its check letter", Identifiers::nifShape, 0.01)
                            .checked(Identifiers::nif, 0.045, 0.02),
                    Share.of("have the form of a NIF or NIE", Identifiers::nifShape, 0.03))
            .clues();

    @Override
    public String entity() {
        return "ES_NIF";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
