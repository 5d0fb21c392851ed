package dev.nicol.policy.classify;

/** {@code US_ITIN}: US taxpayer identification numbers of those without a social security number. */
final class UsItin implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(9)
            .telling(
                    "itin",
                    "us itin",
                    "individual taxpayer id",
                    "individual taxpayer identification number",
                    "itin number")
            .suggesting("tax id", "tin", "taxpayer id", "tax number", "taxpayer")
            .values(
                    Share.of(
                                    "are in the groups of taxpayer numbers (9xx-50 and up)",
                                    value -> value.length() == 11 && Identifiers.nineDigits(value),
                                    0.002)
                            .checked(Identifiers::itin, 0.05, 0.1),
                    Share.of("are in the groups of taxpayer numbers (9xx-50 and up)", Identifiers::nineDigits, 0.15)
                            .checked(Identifiers::itin, 0.05, 0.2))
            .clues();

    @Override
    public String entity() {
        return "US_ITIN";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
