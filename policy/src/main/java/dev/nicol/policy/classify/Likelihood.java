package dev.nicol.policy.classify;

/**
 * The one way in which shares of values are weighed. Of {@code of} values, {@code passed} pass a test. If the column holds
 * the entity, most pass: the share is drawn from a Beta distribution near 1. If it does not, either each value passes by
 * chance, or the column looks alike for a reason of its own, with a share from Beta(1, 0.5). The result is the logarithm
 * of the ratio of both, so that shares that chance explains count against the entity, and no number of values proves more
 * than look-alikes allow.
 */
final class Likelihood {
    private static final double[] LANCZOS = {
        76.18009172947146,
        -86.50532032941677,
        24.01409824083091,
        -1.231739572450155,
        0.001208650973866179,
        -0.000005395239384953
    };

    private Likelihood() {}

    /**
     * How many values have the entity's form. Columns may hold other things too.
     *
     * @param chance the share of other columns' values that pass by chance
     * @param lookalike the share of other columns that pass for reasons of their own
     * @param mixed how often a column of the entity holds other things in any share
     */
    static double ofForm(int passed, int of, double chance, double lookalike, double mixed) {
        double entity = either(1 - mixed, logBeta(passed, of, 8, 0.6), mixed, logBeta(passed, of, 1, 1));
        return entity - other(passed, of, chance, lookalike);
    }

    /** How many values of that form are valid: nearly all; where people mistype, still more than half. */
    static double ofCheck(int passed, int of, double chance, double lookalike) {
        double entity = either(0.99, logBeta(passed, of, 40, 0.5), 0.01, logBeta(passed, of, 3, 1));
        return entity - other(passed, of, chance, lookalike);
    }

    /** How many values of that form are in a list that can never be complete. */
    static double ofList(int passed, int of, double chance, double lookalike) {
        double entity = either(0.9, logBeta(passed, of, 6, 1.2), 0.1, logBeta(passed, of, 2, 1));
        return entity - other(passed, of, chance, lookalike);
    }

    private static double other(int passed, int of, double chance, double lookalike) {
        double byChance = passed * Math.log(chance) + (of - passed) * Math.log1p(-chance);
        return either(1 - lookalike, byChance, lookalike, logBeta(passed, of, 1, 0.5));
    }

    /** The logarithm of the sum of two weighted likelihoods, given by their logarithms. */
    private static double either(double weight, double log, double otherWeight, double otherLog) {
        double one = Math.log(weight) + log;
        double other = Math.log(otherWeight) + otherLog;
        double greater = Math.max(one, other);
        return greater + Math.log(Math.exp(one - greater) + Math.exp(other - greater));
    }

    private static double logBeta(int passed, int of, double a, double b) {
        return logBeta(passed + a, of - passed + b) - logBeta(a, b);
    }

    private static double logBeta(double a, double b) {
        return logGamma(a) + logGamma(b) - logGamma(a + b);
    }

    private static double logGamma(double x) {
        double shifted = x + 5.5;
        double sum = 1.000000000190015;
        for (int i = 0; i < LANCZOS.length; i++) {
            sum += LANCZOS[i] / (x + 1 + i);
        }
        return (x + 0.5) * Math.log(shifted) - shifted + Math.log(2.5066282746310005 * sum / x);
    }
}
