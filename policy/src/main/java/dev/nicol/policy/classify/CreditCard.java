package dev.nicol.policy.classify;

/** {@code CREDIT_CARD}: numbers of payment cards. */
final class CreditCard implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .shortest(13)
            .telling(
                    "credit card",
                    "credit card number",
                    "credit card no",
                    "card number",
                    "card no",
                    "cardnum",
                    "cc number",
                    "cc num",
                    "cc no",
                    "ccn",
                    "pan",
                    "primary account number",
                    "debit card",
                    "payment card",
                    "kreditkarte",
                    "kreditkartennummer",
                    "kartennummer",
                    "carte bancaire",
                    "carte de credit",
                    "tarjeta",
                    "tarjeta de credito",
                    "numero de tarjeta",
                    "numero tarjeta",
                    "carta di credito",
                    "cartao",
                    "cartao de credito",
                    "numero cartao",
                    "creditcard",
                    "ccard",
                    "visa number",
                    "amex")
            .suggesting("cc", "card", "payment method", "payment instrument", "plastic", "instrument")
            .misleading(
                    "card type",
                    "card brand",
                    "loyalty card",
                    "gift card",
                    "card holder",
                    "cardholder",
                    "card name",
                    "library card")
            .values(
                    Share.of("have an issuer's prefix and pass the Luhn check", Identifiers::cardShape, 0.05)
                            .checked(Identifiers::card, 0.04, 0.0005),
                    Share.of("have the length of card numbers", Identifiers::cardShape, 0.15))
            .clues();

    @Override
    public String entity() {
        return "CREDIT_CARD";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
