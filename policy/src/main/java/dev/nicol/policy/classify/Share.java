package dev.nicol.policy.classify;

import java.util.BitSet;
import java.util.function.Predicate;

/**
 * The share of values that have a form, and of these the share that pass a check.
 *
 * @param words what passes, to follow a percentage: {@code pass the Luhn check}
 * @param form what any value of the entity looks like
 * @param alike the share of other columns whose values have that form
 * @param check what a valid value passes beyond its form
 * @param chance the share of values with that form that pass by chance
 * @param checkedAlike the share of other columns with that form whose values pass for reasons of their own
 * @param enough half the weight is given at so many values: 0 for strong forms, more for what small samples fake
 */
record Share(
        String words,
        Predicate<String> form,
        double alike,
        Predicate<String> check,
        double chance,
        double checkedAlike,
        int enough)
        implements ValueClue {

    /** How many of other columns' values have a form by chance, in columns that do not have it otherwise. */
    private static final double STRAY = 0.002;

    /** Where so many values have nothing of the form, no more are looked at. */
    private static final int FIRST_LOOK = 100;

    private static final double MIXED = 0.1;
    private static final double SELDOM_MIXED = 0.02;

    /** Values of a form without anything to check. */
    static Share of(String words, Predicate<String> form, double alike) {
        return new Share(words, form, alike, value -> true, 1, 1, 0);
    }

    /** Of the values of that form, those that pass. */
    Share checked(Predicate<String> passes, double byChance, double checkedAlike) {
        return new Share(words, form, alike, passes, byChance, checkedAlike, enough);
    }

    /** A weak form: small samples say little. */
    Share enough(int values) {
        return new Share(words, form, alike, check, chance, checkedAlike, values);
    }

    @Override
    public Finding weigh(Column column) {
        int formed = 0;
        BitSet passed = new BitSet();
        int of = 0;
        for (String value : column.values()) {
            if (of == FIRST_LOOK && formed == 0) {
                break;
            }
            int i = of++;
            if (form.test(value)) {
                formed++;
                passed.set(i, check.test(value));
            }
        }
        int passes = passed.cardinality();
        double mixed = enough > 0 ? SELDOM_MIXED : MIXED;
        double weight = Likelihood.ofForm(formed, of, STRAY, alike, mixed);
        if (chance < 1 && formed > 0) {
            weight += enough > 0
                    ? Likelihood.ofList(passes, formed, chance, checkedAlike)
                    : Likelihood.ofCheck(passes, formed, chance, checkedAlike);
        }
        double tempered = weight > 0 ? weight * of / (of + enough) : weight;
        return new Finding(tempered, passed, percent(passes, of) + " " + words);
    }

    /** {@code 98 % of 1000 values}. */
    static String percent(int passes, int of) {
        return Math.round(100.0 * passes / of) + " % of " + of + (of == 1 ? " value" : " values");
    }
}
