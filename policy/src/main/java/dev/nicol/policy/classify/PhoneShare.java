package dev.nicol.policy.classify;

/** Telephone numbers without a country's code: of the values, those that are valid in the one country where most are. */
final class PhoneShare implements ValueClue {
    private static final int VALUES_TO_CHOOSE_BY = 20;

    @Override
    public Finding weigh(Column column) {
        String region = region(column);
        Finding grouped = Share.of("are telephone numbers of one country, in groups", PhoneShare::grouped, 0.04)
                .checked(value -> Phones.valid(value, region), 0.7, 0.3)
                .weigh(column);
        Finding plain = Share.of("are digits that make telephone numbers of one country", PhoneShare::plain, 0.3)
                .checked(value -> Phones.valid(value, region), 0.5, 0.3)
                .enough(10)
                .weigh(column);
        Finding shaped = Share.of("have the digits of telephone numbers", PhoneShare::shaped, 0.4)
                .enough(100)
                .weigh(column);
        Finding better = grouped.weight() >= plain.weight() ? grouped : plain;
        return better.weight() >= shaped.weight() ? better : shaped;
    }

    private static String region(Column column) {
        String best = Phones.REGIONS.get(0);
        long most = -1;
        for (String region : Phones.REGIONS) {
            long valid = column.values().stream()
                    .limit(VALUES_TO_CHOOSE_BY)
                    .filter(value -> shaped(value) && Phones.valid(value, region))
                    .count();
            if (valid > most) {
                most = valid;
                best = region;
            }
        }
        return best;
    }

    private static boolean shaped(String value) {
        return value.length() >= 7 && value.length() <= 30 && Phones.shape(value);
    }

    private static boolean plain(String value) {
        return shaped(value)
                && Identifiers.digits(value).length() == value.length()
                && value.length() >= 9
                && value.length() <= 12;
    }

    private static boolean grouped(String value) {
        int digits = Identifiers.digits(value).length();
        return shaped(value)
                && !Identifiers.nineDigits(value)
                && digits < value.length()
                && digits >= 9
                && value.indexOf('.') != value.length() - 3;
    }
}
