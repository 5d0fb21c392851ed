package dev.nicol.server.differential;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.server.differential.Generator.Statement;
import dev.nicol.server.differential.Writes.Write;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The first promise, by chance: whatever a reader asks, the answer is that of the same statement over a copy of the data
 * that was filtered and masked beforehand. {@code -Dnicol.differential.seed} draws other policies and statements,
 * {@code -Dnicol.differential.statements} more of them for each kind of source, {@code -Dnicol.differential.seconds} goes on
 * for so long in all.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DifferentialTest {
    private static final long SEED = Long.getLong("nicol.differential.seed", 3);
    private static final int STATEMENTS = Integer.getInteger("nicol.differential.statements", 600);
    private static final int SECONDS = Integer.getInteger("nicol.differential.seconds", 0);

    /** One of so many statements is a write. */
    private static final int WRITES = 16;

    /** Writes of each reader that are not taken back. */
    private static final int LASTING = 2;

    private static final int MOST_REPORTS = Integer.getInteger("nicol.differential.reports", 3);

    private Bench bench;

    @BeforeAll
    void start() {
        bench = Bench.start(SEED);
    }

    @AfterAll
    void stop() {
        if (bench != null) {
            bench.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void answersAsOverTheCopy(Deployment deployment) throws Exception {
        int readers = bench.readers().size();
        ExecutorService workers = Executors.newFixedThreadPool(readers + 1);
        try {
            List<Future<Found>> running = new ArrayList<>();
            for (int i = 0; i < readers; i++) {
                int reader = i;
                running.add(workers.submit(() -> compare(deployment, reader)));
            }
            // Alone: two writes of one row would wait for each other. What is not committed, nobody else sees.
            running.add(workers.submit(() -> write(deployment)));
            Found found = new Found();
            for (Future<Found> worker : running) {
                found.add(worker.get());
            }
            found.add(writeForGood(deployment));
            System.out.println(
                    deployment + ": answers by SQLSTATE " + found.states + " in " + found.milliseconds + " ms");
            assertThat(found.reports).isEmpty();
        } finally {
            workers.shutdown();
        }
    }

    private static final class Found {
        final List<String> reports = new ArrayList<>();
        final Map<String, Integer> states = new TreeMap<>();
        long milliseconds;

        void add(Found other) {
            reports.addAll(other.reports);
            other.states.forEach((state, count) -> states.merge(state, count, Integer::sum));
            milliseconds = Math.max(milliseconds, other.milliseconds);
        }
    }

    private Found compare(Deployment deployment, int reader) throws SQLException {
        Found found = new Found();
        long started = System.nanoTime();
        int statements = deployment.share(STATEMENTS) / bench.readers().size();
        long until = started + SECONDS * 1_000_000_000L / Deployment.values().length;
        Rights rights = bench.readers().get(reader);
        try (Connection raw = bench.connect(Bench.STEWARD);
                Connection governed = bench.connect(rights.reader().user());
                Oracle oracle = Oracle.ASKED ? bench.oracle() : null) {
            Comparison comparison = new Comparison(bench, deployment, rights, governed, raw, oracle);
            for (int i = 0; i < statements || System.nanoTime() < until; i++) {
                one(comparison, rights, SEED * 1_000_003 + reader * 100_000_007L + i, found);
                if (found.reports.size() >= MOST_REPORTS) {
                    break;
                }
            }
            if (oracle != null) {
                oracle.counts().forEach((what, count) -> found.states.merge(what, count, Integer::sum));
            }
        }
        found.milliseconds = (System.nanoTime() - started) / 1_000_000;
        return found;
    }

    private Found write(Deployment deployment) throws SQLException {
        Found found = new Found();
        List<Rights> readers = bench.readers();
        try (Connection raw = bench.connect(Bench.STEWARD)) {
            for (int reader = 0; reader < readers.size(); reader++) {
                Rights rights = readers.get(reader);
                long until = System.nanoTime() + SECONDS * 1_000_000_000L / readers.size() / Deployment.values().length;
                try (Connection governed = bench.connect(rights.reader().user())) {
                    WriteComparison comparison = new WriteComparison(bench, deployment, rights, governed, raw);
                    int writes = Math.max(1, deployment.share(STATEMENTS) / WRITES / readers.size());
                    for (int i = 0; i < writes || System.nanoTime() < until; i++) {
                        one(comparison, rights, SEED * 1_000_033 + reader * 100_000_037L + i, found);
                        if (found.reports.size() >= MOST_REPORTS) {
                            return found;
                        }
                    }
                }
            }
        }
        return found;
    }

    private static void one(WriteComparison comparison, Rights rights, long seed, Found found) throws SQLException {
        Write write = Writes.write(seed, rights);
        WriteComparison.Answers answers = comparison.of(write);
        found.states.merge("write " + answers.state(), 1, Integer::sum);
        String difference =
                answers.difference() == null ? null : comparison.of(write).difference();
        if (difference != null) {
            found.reports.add(comparison.report(seed, write, difference));
        }
    }

    /** When nobody else reads. */
    private Found writeForGood(Deployment deployment) throws SQLException {
        Found found = new Found();
        try (Connection raw = bench.connect(Bench.STEWARD)) {
            for (Rights rights : bench.readers()) {
                try (Connection governed = bench.connect(rights.reader().user())) {
                    WriteComparison comparison = new WriteComparison(bench, deployment, rights, governed, raw);
                    for (int i = 0; i < LASTING; i++) {
                        Write write = Writes.write(SEED * 1_000_003 + 11 + i, rights);
                        String difference = comparison.lasting(write);
                        if (difference != null) {
                            found.reports.add(write + "\non " + deployment + ", " + difference + "\nfor " + rights);
                        }
                    }
                }
            }
        }
        return found;
    }

    private static void one(Comparison comparison, Rights rights, long seed, Found found) {
        Statement statement = Generator.statement(seed, rights);
        Comparison.Answers answers = comparison.of(statement);
        found.states.merge(String.valueOf(answers.governed().sqlState()), 1, Integer::sum);
        // Twice: a machine that is busy elsewhere lets single statements fail, and those are not what is looked for.
        String difference =
                answers.difference() == null ? null : comparison.of(statement).difference();
        if (difference != null) {
            found.reports.add(comparison.report(seed, statement, difference));
        }
    }
}
