package dev.nicol.policy.classify;

/** {@code IT_CODICE_FISCALE}: Italian fiscal codes. */
final class ItCodiceFiscale implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(16)
            .personal()
            .telling(
                    "codice fiscale",
                    "codicefiscale",
                    "cod fiscale",
                    "cod fisc",
                    "codfisc",
                    "cf",
                    "fiscal code",
                    "it codice fiscale")
            .suggesting("national id", "tax id", "identity number", "id number", "personal number", "citizen id")
            .values(
                    Share.of(
                                    "have the form of a codice fiscale and its check letter",
                                    Identifiers::codiceFiscaleShape,
                                    0.0005)
                            .checked(Identifiers::codiceFiscale, 0.04, 0.5),
                    Share.of("have the form of a codice fiscale", Identifiers::codiceFiscaleShape, 0.001))
            .clues();

    @Override
    public String entity() {
        return "IT_CODICE_FISCALE";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
