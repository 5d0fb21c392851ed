package dev.nicol.policy.classify;

/** {@code SALARY}: what people earn. */
final class Salary implements Detector {
    private static final Clues CLUES = Clues.in(ColumnKind.CODES)
            .personal()
            .telling(
                    "salary",
                    "salaries",
                    "base salary",
                    "annual salary",
                    "monthly salary",
                    "sal",
                    "wage",
                    "hourly wage",
                    "compensation",
                    "base pay",
                    "gross pay",
                    "net pay",
                    "annual pay",
                    "pay amount",
                    "payroll amount",
                    "take home pay",
                    "gehalt",
                    "bruttogehalt",
                    "nettogehalt",
                    "lohn",
                    "salaire",
                    "salario",
                    "sueldo",
                    "stipendio",
                    "retribuzione",
                    "loon",
                    "salaris",
                    "wynagrodzenie",
                    "pensja",
                    "annual income",
                    "yearly income",
                    "monthly income",
                    "household income",
                    "income",
                    "remuneration",
                    "vencimento",
                    "nomina",
                    "ctc")
            .suggesting("earnings", "pay", "bonus", "pay rate", "hourly rate", "commission")
            .misleading(
                    "net income",
                    "operating income",
                    "income tax",
                    "income statement",
                    "income account",
                    "sal type",
                    "salary grade",
                    "pay date",
                    "pay period")
            .values(Share.of("are amounts", Amounts::positive, 0.4).enough(1000))
            .clues();

    @Override
    public String entity() {
        return "SALARY";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
