package dev.nicol.policy.classify;

/** {@code IBAN}: international bank account numbers. */
final class Iban implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(15)
            .telling("iban", "iban number", "bank account iban")
            .suggesting(
                    "bank account",
                    "account number",
                    "account no",
                    "kontonummer",
                    "bankverbindung",
                    "rib",
                    "compte bancaire",
                    "cuenta bancaria",
                    "conto",
                    "conta bancaria",
                    "rekening",
                    "rekeningnummer",
                    "acct",
                    "account",
                    "payee",
                    "beneficiary account")
            .values(
                    Share.of("are IBANs that pass the check modulo 97", Identifiers::ibanShape, 0.004)
                            .checked(Identifiers::iban, 0.01, 0.002),
                    Share.of("have the form of IBANs", Identifiers::ibanShape, 0.02))
            .clues();

    @Override
    public String entity() {
        return "IBAN";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
