package dev.nicol.policy.classify;

import com.google.i18n.phonenumbers.NumberParseException;
import com.google.i18n.phonenumbers.PhoneNumberUtil;
import java.util.List;
import java.util.regex.Pattern;

/** Telephone numbers by libphonenumber's plans of numbers. */
final class Phones {
    /** Where a number without a country code may be from. */
    static final List<String> REGIONS =
            List.of("US", "GB", "DE", "FR", "ES", "IT", "NL", "PL", "BR", "IN", "AU", "CH", "SE");

    private static final Pattern SHAPE = Pattern.compile(
            "(?:\\+|00)?\\(?\\+?\\d[\\d ()./-]{5,22}\\d(?: ?(?:x|ext\\.?|#) ?\\d{1,6})?", Pattern.CASE_INSENSITIVE);

    private Phones() {}

    static boolean shape(String text) {
        return SHAPE.matcher(text).matches();
    }

    /** Whether a text says its country, or stands for a number of the region. */
    static boolean valid(String text, String region) {
        PhoneNumberUtil numbers = PhoneNumberUtil.getInstance();
        try {
            String dialled = text.startsWith("00") ? "+" + text.substring(2) : text;
            return numbers.isValidNumber(numbers.parse(dialled, region));
        } catch (NumberParseException notANumber) {
            return false;
        }
    }

    /** Written with a country code: valid or not wherever one is. */
    static boolean international(String text) {
        return text.startsWith("+") || text.startsWith("00") || text.startsWith("(+");
    }
}
