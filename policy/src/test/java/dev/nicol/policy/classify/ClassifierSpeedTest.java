package dev.nicol.policy.classify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What classification costs. */
class ClassifierSpeedTest {
    private static final int COLUMNS = 100;
    private static final int ROWS = 1000;

    /** A wide table is classified while somebody waits for a source to be added: about two seconds, more on a busy machine. */
    @Test
    void aHundredColumnsOfAThousandValues() {
        List<SampleColumn> columns = SampleTables.columns(5, "en-US", 0, ROWS).stream()
                .filter(column -> column.values().size() == ROWS)
                .toList();
        columns.stream().limit(COLUMNS).forEach(column -> Classifier.classify(column.sample()));
        long start = cpuNanos();
        for (int i = 0; i < COLUMNS; i++) {
            Classifier.classify(columns.get(i * columns.size() / COLUMNS).sample());
        }
        long millis = (cpuNanos() - start) / 1_000_000;
        System.out.println(COLUMNS + " columns of " + ROWS + " values: " + millis + " ms of one core");
        assertThat(millis).isLessThan(4_000);
    }

    private static long cpuNanos() {
        return java.lang.management.ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
