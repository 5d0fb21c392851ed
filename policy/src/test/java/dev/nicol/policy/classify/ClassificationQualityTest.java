package dev.nicol.policy.classify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How many columns of generated tables are found, and how many others are taken for something. Prints all misses. */
class ClassificationQualityTest {
    private static final double BOUND = 0.97;

    /** Columns of an entity that were found, that were not, and others that were taken for it. */
    private static final class Tally {
        private int found;
        private int missed;
        private int wrong;

        private double precision() {
            return found + wrong == 0 ? 1 : (double) found / (found + wrong);
        }

        private double recall() {
            return found + missed == 0 ? 1 : (double) found / (found + missed);
        }
    }

    /** What the weights were chosen on. */
    @Test
    void tunedLocales() {
        List<SampleColumn> columns = Stream.of("en-US", "de", "fr", "es")
                .flatMap(locale -> SampleTables.columns(locale.hashCode(), locale, 0).stream())
                .toList();
        assertQuality("tuned", columns);
    }

    /** Other seeds, locales and column names: nothing was chosen on these. */
    @Test
    void heldOutLocales() {
        List<SampleColumn> columns = Stream.of("en-GB", "it", "nl", "pl", "pt-BR", "sv")
                .flatMap(locale -> SampleTables.columns(77L * locale.hashCode(), locale, 1).stream())
                .toList();
        assertQuality("held out", columns);
    }

    private static void assertQuality(String title, List<SampleColumn> columns) {
        Map<String, Tally> tallies = new TreeMap<>();
        Tally all = new Tally();
        List<String> misses = new ArrayList<>();
        long decoys =
                columns.stream().filter(column -> column.entity().isEmpty()).count();
        for (SampleColumn column : columns) {
            List<Classification> found = Classifier.classify(column.sample());
            boolean hit = found.stream().anyMatch(one -> one.entity().equals(column.entity()));
            if (!column.entity().isEmpty()) {
                Tally tally = tallies.computeIfAbsent(column.entity(), entity -> new Tally());
                tally.found += hit ? 1 : 0;
                tally.missed += hit ? 0 : 1;
                all.found += hit ? 1 : 0;
                all.missed += hit ? 0 : 1;
            }
            for (Classification one : found) {
                if (!one.entity().equals(column.entity())) {
                    tallies.computeIfAbsent(one.entity(), entity -> new Tally()).wrong++;
                    all.wrong++;
                }
            }
            if (!column.entity().isEmpty() && !hit || found.size() > (hit ? 1 : 0)) {
                misses.add((column.entity().isEmpty() ? "decoy" : column.entity()) + " " + column.table() + "."
                        + column.name() + " " + column.type() + " ("
                        + column.values().size() + " rows) -> " + found);
            }
        }
        System.out.printf("%n%s: %d columns, %d of them decoys%n", title, columns.size(), decoys);
        tallies.forEach((entity, tally) -> System.out.printf(
                "%-20s precision %.3f recall %.3f (%d columns)%n",
                entity, tally.precision(), tally.recall(), tally.found + tally.missed));
        System.out.printf("overall precision %.3f recall %.3f; misses:%n", all.precision(), all.recall());
        misses.forEach(miss -> System.out.println("  " + miss));
        assertThat(columns).hasSizeGreaterThan(300);
        assertThat(decoys * 2).isGreaterThanOrEqualTo(columns.size());
        assertThat(all.precision()).as("precision").isGreaterThanOrEqualTo(BOUND);
        assertThat(all.recall()).as("recall").isGreaterThanOrEqualTo(BOUND);
    }
}
