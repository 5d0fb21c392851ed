package dev.nicol.benchmarks;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Measures variants in turns, round by round, so that what drifts on the machine favours none. A variant that fails or takes
 * too long is left out from then on, with the reason; a server that ended, or may still be at it, is started again.
 */
final class Rounds {
    private final Options options;
    private final Databases databases;

    Rounds(Options options, Databases databases) {
        this.options = options;
        this.databases = databases;
    }

    /** @param limit longest time of a round */
    Results measure(String name, List<Variant> variants, Duration limit) {
        return measure(name, variants, limit, options.warmUps());
    }

    Results measure(String name, List<Variant> variants, Duration limit, int warmUps) {
        Results results = new Results(name, variants.stream().map(Variant::name).toList());
        ExecutorService thread = Executors.newCachedThreadPool(runnable -> {
            Thread made = new Thread(runnable, "round");
            made.setDaemon(true);
            return made;
        });
        for (int round = -warmUps; round < options.rounds(); round++) {
            for (Variant variant : variants) {
                if (results.failure(variant.name()) == null) {
                    try {
                        Map<String, Double> measured = inTime(thread.submit(variant.trial()::round), limit);
                        if (round >= 0) {
                            results.add(variant.name(), measured);
                        }
                    } catch (SQLException | IllegalStateException failure) {
                        results.fail(variant.name(), Failures.told(failure, server(variant)));
                        if (failure instanceof Late || ended(variant)) {
                            startAgain(variant);
                        }
                    }
                }
            }
        }
        thread.shutdownNow();
        return results;
    }

    /** For rounds that last as long as the options say, or a statement if that is longer. */
    Duration limit() {
        return options.limit().plusMillis((long) (options.seconds() * 1000));
    }

    private static Map<String, Double> inTime(Future<Map<String, Double>> round, Duration limit) throws SQLException {
        try {
            return round.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            round.cancel(true);
            throw new Late("took longer than " + limit.toSeconds() + " s");
        } catch (ExecutionException failure) {
            throw failure.getCause() instanceof SQLException sql ? sql : new SQLException(failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    private static @Nullable ChildJvm server(Variant variant) {
        return variant.peer() == null ? null : variant.peer().server();
    }

    private static boolean ended(Variant variant) {
        ChildJvm server = server(variant);
        return server != null && server.ended().isPresent();
    }

    /** A round took too long, and may go on in its server for all we know. */
    private static final class Late extends SQLException {
        Late(String message) {
            super(message);
        }
    }

    private void startAgain(Variant variant) {
        if (variant.peer() != null) {
            variant.peer().close();
            databases.endSessions(variant.peer().letter());
            variant.peer().start();
        }
    }
}
