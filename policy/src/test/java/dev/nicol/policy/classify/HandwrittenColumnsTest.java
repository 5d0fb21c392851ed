package dev.nicol.policy.classify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;

/** Columns from lists written by hand, so that the score does not rest on one generator's habits. Each row is one column. */
class HandwrittenColumnsTest {
    private static final List<String> GIVEN = List.of(
            "Harriet",
            "Dmitri",
            "Chantal",
            "Wolfgang",
            "Siobhan",
            "Rajesh",
            "Yusuf",
            "Ingrid",
            "Paolo",
            "Mei",
            "Kwame",
            "Beatriz");
    private static final List<String> FAMILY = List.of(
            "Okafor",
            "Lindqvist",
            "Schneider",
            "Kowalski",
            "O'Brien",
            "Moreau",
            "Tanaka",
            "Ferreira",
            "Banerjee",
            "Novak",
            "Rossi",
            "Whitfield");
    private static final List<String> STREETS = List.of(
            "Maple Avenue",
            "High Street",
            "Church Lane",
            "Hauptstraße",
            "Via Garibaldi",
            "Rue Victor Hugo",
            "Calle Mayor");
    private static final List<String> THINGS =
            List.of("kettle", "rope ladder", "steel bolt", "oak table", "garden hose", "desk lamp");

    private final Random random = new Random(11);
    private final List<String> misses = new ArrayList<>();
    private int columns;

    @Test
    void findsThemAndOnlyThem() {
        for (int rows : new int[] {15, 80, 300}) {
            column("PERSON_NAME", "members", "full_nm", rows, r -> pick(GIVEN) + " " + pick(FAMILY));
            column("PERSON_NAME", "t1", "f4", rows, r -> pick(FAMILY) + ", " + pick(GIVEN));
            column(
                    "EMAIL",
                    "t1",
                    "f5",
                    rows,
                    r -> pick(GIVEN).toLowerCase(java.util.Locale.ROOT) + r.nextInt(99) + "@mail.test.org");
            column("EMAIL", "t1", "shipment_code", rows, r -> "info" + r.nextInt(9999) + "@firma.de");
            column("PHONE", "t1", "f6", rows, r -> "+44 20 7946 0" + CheckDigits.digits(r, 3));
            column("PHONE", "leads", "contact_no", rows, r -> "0171 " + (2_000_000 + r.nextInt(7_000_000)));
            column("ADDRESS", "t1", "f7", rows, r -> (1 + r.nextInt(200)) + " " + pick(STREETS));
            column("US_SSN", "t1", "f8", rows, r -> CheckDigits.ssn(r, "-"));
            column("CREDIT_CARD", "t1", "ref", rows, CheckDigits::card);
            column("IBAN", "t1", "f9", rows, CheckDigits::iban);
            column(
                    "DATE_OF_BIRTH",
                    "t1",
                    "geb_datum",
                    rows,
                    r -> (1940 + r.nextInt(65)) + "-0" + (1 + r.nextInt(9)) + "-1" + r.nextInt(10));
            column(
                    "FREE_TEXT",
                    "tickets",
                    "msg",
                    rows,
                    r -> "please call me back "
                            + (r.nextInt(3) == 0
                                    ? "at +49 30 9018" + CheckDigits.digits(r, 4)
                                    : "about the " + pick(THINGS)));
            column("IP", "t1", "f10", rows, r -> "192.168." + r.nextInt(256) + "." + r.nextInt(256));
            column("", "t1", "f11", rows, r -> pick(THINGS));
            column("", "stock", "name", rows, r -> pick(THINGS));
            column("", "t1", "f12", rows, r -> "PO-" + r.nextInt(90_000) + "-" + (char) ('A' + r.nextInt(26)));
            column("", "t1", "f13", rows, r -> CheckDigits.digits(r, 9));
            column(
                    "",
                    "t1",
                    "f14",
                    rows,
                    r -> (2000 + r.nextInt(25)) + "-0" + (1 + r.nextInt(9)) + "-1" + r.nextInt(10));
            column("", "releases", "tag", rows, r -> "v" + r.nextInt(9) + "." + r.nextInt(20) + "." + r.nextInt(20));
            column("", "t1", "f15", rows, r -> String.valueOf(r.nextInt(100_000)));
            column("", "t1", "f16", rows, r -> Long.toHexString(r.nextLong()));
            column("", "firms", "company", rows, r -> pick(FAMILY) + " & Sons Ltd");
            column("", "t1", "f17", rows, r -> List.of("open", "closed", "held").get(r.nextInt(3)));
            column("", "orders", "phone_order_no", rows, r -> "PH" + CheckDigits.digits(r, 8));
            column("", "t1", "f18", rows, r -> r.nextInt(24) + ":" + (10 + r.nextInt(50)));
            column("", "t1", "f19", rows, r -> "the delivery of " + pick(THINGS) + " is late again, no reason given");
        }
        System.out.println("handwritten: " + columns + " columns; misses: " + misses);
        assertThat(misses.size()).as("misses %s", misses).isLessThanOrEqualTo(columns * 3 / 100);
    }

    private void column(String entity, String table, String name, int rows, Function<Random, String> value) {
        List<String> values =
                Stream.generate(() -> value.apply(random)).limit(rows).toList();
        List<String> found =
                Classifier.classify(new SampleColumn(entity, table, name, SqlTypeName.VARCHAR, values).sample())
                        .stream()
                        .map(Classification::entity)
                        .toList();
        columns++;
        if (!found.equals(entity.isEmpty() ? List.of() : List.of(entity))) {
            misses.add(entity + " " + table + "." + name + " of " + rows + " -> " + found);
        }
    }

    private String pick(List<String> some) {
        return some.get(random.nextInt(some.size()));
    }
}
