package dev.nicol.policy.classify;

/** {@code UK_NINO}: UK national insurance numbers. */
final class UkNino implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(9)
            .telling(
                    "nino",
                    "ni number",
                    "ni no",
                    "national insurance",
                    "national insurance number",
                    "national insurance no",
                    "nin",
                    "uk nino",
                    "ni num")
            .suggesting("insurance number", "national id", "tax id", "ni")
            .values(Share.of(
                    "have the form and prefixes of national insurance numbers",
                    value -> value.length() <= 13 && Identifiers.nino(value),
                    0.0002))
            .clues();

    @Override
    public String entity() {
        return "UK_NINO";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
