package dev.nicol.server.tpcds;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Prints how Nicol answers each query of TPC-DS: rows, milliseconds of planning, of the whole and of PostgreSQL, and whether the
 * answer is PostgreSQL's; then how many are. Run by hand; arguments: share of the sales (4), seconds a statement may take (60),
 * queries (all).
 */
final class TpcdsRun {
    private TpcdsRun() {}

    public static void main(String[] arguments) throws SQLException {
        int share = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 4;
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 60;
        List<Integer> numbers = new ArrayList<>();
        for (int i = 2; i < arguments.length; i++) {
            numbers.add(Integer.valueOf(arguments[i]));
        }
        if (numbers.isEmpty()) {
            IntStream.rangeClosed(1, TpcdsQueries.COUNT).forEach(numbers::add);
        }
        long started = System.nanoTime();
        try (TpcdsDatabases databases = TpcdsDatabases.start(share)) {
            System.out.printf("loaded in %d ms%n", millis(started));
            List<TpcdsResult> results = new ArrayList<>();
            for (int number : numbers) {
                try {
                    TpcdsResult result = TpcdsResult.of(databases, number, seconds);
                    System.out.println(result);
                    results.add(result);
                } catch (SQLException unanswered) {
                    System.out.printf("TPC-DS Q%02d: PostgreSQL says %s%n", number, unanswered.getMessage());
                }
            }
            System.out.println(TpcdsResult.count(results));
        }
        System.exit(0);
    }

    static long millis(long started) {
        return (System.nanoTime() - started) / 1_000_000;
    }
}
