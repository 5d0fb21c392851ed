package dev.nicol.policy.classify;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * Whether a text is a valid identifier of some kind, by its issuer's rules. All take the whole text, separators
 * included, and answer false for anything else.
 */
final class Identifiers {
    private static final Pattern CARD =
            Pattern.compile("\\d{13,19}|\\d{4}([ -])\\d{4}\\1\\d{4}\\1\\d{1,7}|\\d{4}([ -])\\d{6}\\2\\d{5}");
    private static final Pattern IBAN =
            Pattern.compile("[A-Z]{2}\\d{2}(?: ?[A-Z0-9]{1,4}){3,8}", Pattern.CASE_INSENSITIVE);
    private static final Pattern NINE = Pattern.compile("\\d{3}([ -]?)\\d{2}\\1\\d{4}");
    private static final Pattern NINO =
            Pattern.compile("[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]");
    private static final Pattern NOT_NINO = Pattern.compile("(?:BG|GB|KN|NK|NT|TN|ZZ).*");
    private static final Pattern CODICE_FISCALE =
            Pattern.compile("[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]");
    private static final Pattern NIF = Pattern.compile("[0-9XYZ]\\d{7}-?[A-Z]");
    private static final String NIF_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE";
    private static final int[] ODD_VALUES = {
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23
    };

    /** Characters of an IBAN by country, of the registry kept by SWIFT. */
    private static final Map<String, Integer> IBAN_LENGTHS = lengths(
            "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
                    + "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 "
                    + "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 "
                    + "PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 "
                    + "VG24 XK20 YE30");

    private Identifiers() {}

    private static Map<String, Integer> lengths(String table) {
        return Pattern.compile(" ")
                .splitAsStream(table)
                .collect(java.util.stream.Collectors.toUnmodifiableMap(
                        entry -> entry.substring(0, 2), entry -> Integer.parseInt(entry.substring(2))));
    }

    /** The digits of a text, without what separates them. */
    static String digits(String text) {
        StringBuilder digits = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= '0' && text.charAt(i) <= '9') {
                digits.append(text.charAt(i));
            }
        }
        return digits.toString();
    }

    static boolean cardShape(String text) {
        return CARD.matcher(text).matches();
    }

    /** A payment card: an issuer's range, its length, and Luhn's check. */
    static boolean card(String text) {
        if (!cardShape(text)) {
            return false;
        }
        String digits = digits(text);
        return issued(digits) && !Checksums.monotone(digits) && Checksums.luhn(digits);
    }

    private static boolean issued(String digits) {
        int length = digits.length();
        int two = Integer.parseInt(digits.substring(0, 2));
        int four = Integer.parseInt(digits.substring(0, 4));
        boolean visa = two / 10 == 4 && (length == 13 || length == 16 || length == 19);
        boolean mastercard = length == 16 && (two >= 51 && two <= 55 || four >= 2221 && four <= 2720);
        boolean amex = length == 15 && (two == 34 || two == 37);
        boolean discover = length >= 16 && (four == 6011 || two == 65 || four >= 6440 && four <= 6499);
        boolean diners = length >= 14 && (four >= 3000 && four <= 3059 || two == 36 || two == 38 || two == 39);
        boolean jcb = length >= 16 && four >= 3528 && four <= 3589;
        boolean unionpay = length >= 16 && two == 62;
        boolean maestro = length >= 13 && (two == 50 || two >= 56 && two <= 58 || two == 63 || two == 67 || two == 60);
        return visa || mastercard || amex || discover || diners || jcb || unionpay || maestro;
    }

    static boolean ibanShape(String text) {
        return IBAN.matcher(text).matches();
    }

    /** An IBAN: a country of the registry, its length, and the check modulo 97. */
    static boolean iban(String text) {
        if (!ibanShape(text)) {
            return false;
        }
        String plain = text.replace(" ", "").toUpperCase(java.util.Locale.ROOT);
        return Integer.valueOf(plain.length()).equals(IBAN_LENGTHS.get(plain.substring(0, 2))) && Checksums.iban(plain);
    }

    static boolean nineDigits(String text) {
        return NINE.matcher(text).matches();
    }

    /** A social security number that can have been issued: no area 000, 666 or 900 and above, no group 00, no serial 0000. */
    static boolean ssn(String text) {
        if (!nineDigits(text)) {
            return false;
        }
        String digits = digits(text);
        return !digits.startsWith("000")
                && !digits.startsWith("666")
                && digits.charAt(0) != '9'
                && !digits.startsWith("00", 3)
                && !digits.endsWith("0000");
    }

    /** A US taxpayer number: area 900 and above, group 50–65, 70–88, 90–92 or 94–99. */
    static boolean itin(String text) {
        if (!nineDigits(text) || text.charAt(0) != '9') {
            return false;
        }
        int group = Integer.parseInt(digits(text).substring(3, 5));
        return group >= 50 && group <= 65 || group >= 70 && group <= 88 || group >= 90 && group != 93;
    }

    /** A US routing number: a Federal Reserve prefix and the check 3-7-1. */
    static boolean aba(String text) {
        if (text.length() != 9 || !digits(text).equals(text) || Checksums.monotone(text)) {
            return false;
        }
        int prefix = Integer.parseInt(text.substring(0, 2));
        boolean reserve = prefix >= 1 && prefix <= 12
                || prefix >= 21 && prefix <= 32
                || prefix >= 61 && prefix <= 72
                || prefix == 80;
        return reserve && Checksums.weighted(text, 3, 7, 1, 3, 7, 1, 3, 7, 1) % 10 == 0;
    }

    /** An English NHS number: ten digits, the last by modulo 11. */
    static boolean nhs(String text) {
        String digits = digits(text);
        if (digits.length() != 10 || Checksums.monotone(digits)) {
            return false;
        }
        int check = (11 - Checksums.weighted(digits, 10, 9, 8, 7, 6, 5, 4, 3, 2) % 11) % 11;
        return check == digits.charAt(9) - '0';
    }

    static boolean nino(String text) {
        return NINO.matcher(text).matches() && !NOT_NINO.matcher(text).matches();
    }

    static boolean nifShape(String text) {
        return NIF.matcher(text).matches();
    }

    /** A Spanish NIF or, with a leading X, Y or Z, NIE. */
    static boolean nif(String text) {
        if (!nifShape(text)) {
            return false;
        }
        int first = "XYZ".indexOf(text.charAt(0));
        int number =
                Integer.parseInt((first >= 0 ? String.valueOf(first) : text.substring(0, 1)) + text.substring(1, 8));
        return NIF_LETTERS.charAt(number % 23) == text.charAt(text.length() - 1);
    }

    static boolean codiceFiscaleShape(String text) {
        return CODICE_FISCALE.matcher(text).matches();
    }

    /** An Italian fiscal code with its check letter. */
    static boolean codiceFiscale(String text) {
        if (!codiceFiscaleShape(text)) {
            return false;
        }
        int sum = 0;
        for (int i = 0; i < 15; i++) {
            int value = Character.digit(text.charAt(i), 36);
            int index = value > 9 ? value - 10 : value;
            sum += i % 2 == 0 ? ODD_VALUES[index] : index;
        }
        return 'A' + sum % 26 == text.charAt(15);
    }

    /** A Brazilian person's number: eleven digits, two of them checks. */
    static boolean cpf(String text) {
        String digits = digits(text);
        return digits.length() == 11
                && !Checksums.monotone(digits)
                && brazilian(Checksums.weighted(digits, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == digits.charAt(9) - '0'
                && brazilian(Checksums.weighted(digits, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == digits.charAt(10) - '0';
    }

    /** A Brazilian company's number: fourteen digits, two of them checks. */
    static boolean cnpj(String text) {
        String digits = digits(text);
        return digits.length() == 14
                && !Checksums.monotone(digits)
                && brazilian(Checksums.weighted(digits, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == digits.charAt(12) - '0'
                && brazilian(Checksums.weighted(digits, 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
                        == digits.charAt(13) - '0';
    }

    private static int brazilian(int sum) {
        return sum % 11 < 2 ? 0 : 11 - sum % 11;
    }

    /** A Polish person's number: a date of birth, a serial, a check. */
    static boolean pesel(String text) {
        if (text.length() != 11 || !digits(text).equals(text)) {
            return false;
        }
        int month = Integer.parseInt(text.substring(2, 4)) % 20;
        int day = Integer.parseInt(text.substring(4, 6));
        int sum = Checksums.weighted(text, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3);
        return month >= 1 && month <= 12 && day >= 1 && day <= 31 && (10 - sum % 10) % 10 == text.charAt(10) - '0';
    }

    /** An Indian Aadhaar: twelve digits, the first above 1, Verhoeff's check. */
    static boolean aadhaar(String text) {
        String digits = digits(text);
        return digits.length() == 12
                && digits.charAt(0) >= '2'
                && !Checksums.monotone(digits)
                && Checksums.verhoeff(digits);
    }
}
