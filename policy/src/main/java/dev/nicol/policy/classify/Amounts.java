package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** Numbers as they stand in columns, with or without a currency. */
final class Amounts {
    private static final int LONGEST = 32;
    private static final Pattern AMOUNT = Pattern.compile(
            "[$€£¥₹]?(?:[A-Z]{3} )?-?[$€£¥₹]?\\d{1,15}(?:[.,' ]\\d{3}){0,5}(?:[.,]\\d{1,6})?(?:[eE]\\d{1,2})?k?(?: ?[$€£¥₹]| [A-Z]{3})?");
    private static final Pattern DECIMAL = Pattern.compile("-?\\d{1,3}(?:\\.\\d{1,18})?");
    private static final Pattern FINE = Pattern.compile("-?\\d{1,3}\\.\\d{3,18}");

    private Amounts() {}

    static boolean any(String value) {
        return value.length() <= LONGEST && AMOUNT.matcher(value).matches();
    }

    static boolean positive(String value) {
        return value.indexOf('-') < 0 && any(value);
    }

    /** A number between {@code -most} and {@code most}. */
    static boolean within(String value, double most) {
        return value.length() <= LONGEST
                && DECIMAL.matcher(value).matches()
                && Math.abs(Double.parseDouble(value)) <= most;
    }

    /** The same, with three decimals or more. */
    static boolean degrees(String value, double most) {
        return value.length() <= LONGEST && FINE.matcher(value).matches() && within(value, most);
    }
}
