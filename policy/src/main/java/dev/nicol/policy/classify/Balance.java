package dev.nicol.policy.classify;

/** {@code BALANCE}: what is on people's accounts. */
final class Balance implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .personal()
            .telling(
                    "balance",
                    "account balance",
                    "acctbal",
                    "acct balance",
                    "acct bal",
                    "current balance",
                    "available balance",
                    "opening balance",
                    "closing balance",
                    "ledger balance",
                    "saldo",
                    "kontostand",
                    "solde",
                    "guthaben",
                    "net worth",
                    "outstanding balance",
                    "loan balance",
                    "cash balance",
                    "credit balance",
                    "bal amt")
            .suggesting(
                    "bal",
                    "credit limit",
                    "overdraft",
                    "net assets",
                    "savings",
                    "credit line",
                    "deposit amount",
                    "loan amount")
            .misleading(
                    "load balance",
                    "balance sheet",
                    "work life balance",
                    "white balance",
                    "stock balance",
                    "leave balance",
                    "vacation balance",
                    "trial balance")
            .values(Share.of("are amounts", Amounts::any, 0.4).enough(1000))
            .clues();

    @Override
    public String entity() {
        return "BALANCE";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
