package dev.nicol.policy.classify;

import java.util.Random;
import java.util.function.Predicate;

/** Makes identifiers with the check digits that their issuers describe; written apart from what it tests. */
final class CheckDigits {
    private CheckDigits() {}

    static String digits(Random random, int count) {
        StringBuilder digits = new StringBuilder();
        while (digits.length() < count) {
            digits.append((char) ('0' + random.nextInt(10)));
        }
        return digits.toString();
    }

    static String letters(Random random, int count) {
        StringBuilder letters = new StringBuilder();
        while (letters.length() < count) {
            letters.append((char) ('A' + random.nextInt(26)));
        }
        return letters.toString();
    }

    /** A body with the one digit after it that the check accepts; another body where none is. */
    private static String completed(java.util.function.Supplier<String> body, Predicate<String> check) {
        while (true) {
            String start = body.get();
            for (char digit = '0'; digit <= '9'; digit++) {
                if (check.test(start + digit)) {
                    return start + digit;
                }
            }
        }
    }

    private static int at(String text, int index) {
        return text.charAt(index) - '0';
    }

    static String card(Random random) {
        String[] prefixes = {"4", "51", "52", "55", "2221", "6011", "37", "34"};
        String prefix = prefixes[random.nextInt(prefixes.length)];
        int length = prefix.startsWith("3") ? 15 : 16;
        return completed(() -> prefix + digits(random, length - 1 - prefix.length()), text -> {
            int sum = 0;
            boolean twice = false;
            for (int i = text.length() - 1; i >= 0; i--, twice = !twice) {
                int value = at(text, i) * (twice ? 2 : 1);
                sum += value / 10 + value % 10;
            }
            return sum % 10 == 0;
        });
    }

    static String iban(Random random) {
        String[] countries = {"DE", "GB", "NL", "FR", "ES", "CH"};
        String country = countries[random.nextInt(countries.length)];
        String account =
                switch (country) {
                    case "DE" -> digits(random, 18);
                    case "GB" -> letters(random, 4) + digits(random, 14);
                    case "NL" -> letters(random, 4) + digits(random, 10);
                    case "FR" -> digits(random, 23);
                    case "ES" -> digits(random, 20);
                    default -> digits(random, 17);
                };
        StringBuilder numbers = new StringBuilder();
        (account + country + "00").chars().forEach(one -> numbers.append(Character.digit(one, 36)));
        int check = 98
                - new java.math.BigInteger(numbers.toString())
                        .mod(java.math.BigInteger.valueOf(97))
                        .intValue();
        return country + String.format("%02d", check) + account;
    }

    static String ssn(Random random, String separator) {
        int area = 1 + random.nextInt(899);
        return String.format("%03d", area == 666 ? 665 : area)
                + separator
                + String.format("%02d", 1 + random.nextInt(99))
                + separator
                + String.format("%04d", 1 + random.nextInt(9999));
    }

    static String itin(Random random) {
        return "9" + digits(random, 2) + "-" + (70 + random.nextInt(19)) + "-" + digits(random, 4);
    }

    static String aba(Random random) {
        return completed(
                () -> String.format("%02d", 1 + random.nextInt(12)) + digits(random, 6),
                text -> (3 * (at(text, 0) + at(text, 3) + at(text, 6))
                                        + 7 * (at(text, 1) + at(text, 4) + at(text, 7))
                                        + at(text, 2)
                                        + at(text, 5)
                                        + at(text, 8))
                                % 10
                        == 0);
    }

    static String nhs(Random random) {
        return completed(() -> (4 + random.nextInt(4)) + digits(random, 8), text -> {
            int sum = 0;
            for (int i = 0; i < 9; i++) {
                sum += at(text, i) * (10 - i);
            }
            return (sum + at(text, 9)) % 11 == 0;
        });
    }

    static String nino(Random random) {
        String[] prefixes = {"AB", "CE", "JK", "PR", "WX", "SY", "HJ", "LM"};
        return prefixes[random.nextInt(prefixes.length)] + digits(random, 6) + "ABCD".charAt(random.nextInt(4));
    }

    static String nif(Random random) {
        String number = digits(random, 8);
        return number + "TRWAGMYFPDXBNJZSQVHLCKE".charAt(Integer.parseInt(number) % 23);
    }

    static String cpf(Random random, boolean dotted) {
        String nine = digits(random, 9);
        String ten = nine + brazilian(nine, 10);
        String all = ten + brazilian(ten, 11);
        return dotted
                ? all.substring(0, 3) + "." + all.substring(3, 6) + "." + all.substring(6, 9) + "-" + all.substring(9)
                : all;
    }

    static String cnpj(Random random, boolean dotted) {
        String twelve = digits(random, 8) + "0001";
        String thirteen = twelve + brazilianCompany(twelve);
        String all = thirteen + brazilianCompany(thirteen);
        return dotted
                ? all.substring(0, 2) + "." + all.substring(2, 5) + "." + all.substring(5, 8) + "/"
                        + all.substring(8, 12) + "-" + all.substring(12)
                : all;
    }

    private static int brazilian(String text, int weight) {
        int sum = 0;
        for (int i = 0; i < text.length(); i++) {
            sum += at(text, i) * (weight - i);
        }
        return sum * 10 % 11 % 10;
    }

    private static int brazilianCompany(String text) {
        int sum = 0;
        for (int i = 0; i < text.length(); i++) {
            sum += at(text, text.length() - 1 - i) * (2 + i % 8);
        }
        return sum * 10 % 11 % 10;
    }

    static String pesel(Random random) {
        return completed(
                () -> String.format(
                                "%02d%02d%02d", 40 + random.nextInt(60), 1 + random.nextInt(12), 1 + random.nextInt(28))
                        + digits(random, 4),
                text -> {
                    int sum = 0;
                    int[] weights = {9, 7, 3, 1};
                    for (int i = 0; i < 10; i++) {
                        sum += at(text, i) * weights[i % 4];
                    }
                    return sum % 10 == at(text, 10);
                });
    }

    static String codiceFiscale(Random random) {
        String body = letters(random, 6)
                + digits(random, 2)
                + "ABCDEHLMPRST".charAt(random.nextInt(12))
                + String.format("%02d", 1 + random.nextInt(28))
                + "ABCDFGHIL".charAt(random.nextInt(9))
                + digits(random, 3);
        String letterValues = "BAKPLCQDREVOSFTGUHMINJWZYX";
        int sum = 0;
        for (int i = 0; i < 15; i++) {
            int value = Character.digit(body.charAt(i), 36);
            int rank = value > 9 ? value - 10 : value;
            sum += i % 2 == 0 ? letterValues.indexOf((char) ('A' + rank)) : rank;
        }
        return body + (char) ('A' + sum % 26);
    }

    static String aadhaar(Random random, String separator) {
        int[] inverse = {0, 4, 3, 2, 1, 5, 6, 7, 8, 9};
        String body = (2 + random.nextInt(8)) + digits(random, 10);
        int check = 0;
        for (int i = 0; i < body.length(); i++) {
            int digit = at(body, body.length() - 1 - i);
            for (int turn = 0; turn < (i + 1) % 8; turn++) {
                digit = new int[] {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}[digit];
            }
            check = turned(check, digit);
        }
        String all = body + inverse[check];
        return all.substring(0, 4) + separator + all.substring(4, 8) + separator + all.substring(8);
    }

    /** The symmetries of a pentagon, one after the other. */
    private static int turned(int one, int other) {
        if (one < 5) {
            return other < 5 ? (one + other) % 5 : (one + other - 5) % 5 + 5;
        }
        return other < 5 ? (one - 5 - other + 5) % 5 + 5 : (one - other + 5) % 5;
    }
}
