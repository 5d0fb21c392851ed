package dev.nicol.policy.classify;

/** {@code ABA_ROUTING}: routing numbers of US banks. */
final class AbaRouting implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(8)
            .telling(
                    "aba",
                    "aba number",
                    "aba routing",
                    "routing number",
                    "routing no",
                    "routing",
                    "routing transit number",
                    "rtn",
                    "aba rtn",
                    "bank routing",
                    "transit number",
                    "aba routing number",
                    "routing num")
            .suggesting("bank code", "bank number", "bank id", "bank")
            .values(Share.of(
                            "have a Federal Reserve prefix and pass the check 3-7-1",
                            value -> value.length() == 9 && Identifiers.nineDigits(value),
                            0.1)
                    .checked(Identifiers::aba, 0.037, 0.002))
            .clues();

    @Override
    public String entity() {
        return "ABA_ROUTING";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
