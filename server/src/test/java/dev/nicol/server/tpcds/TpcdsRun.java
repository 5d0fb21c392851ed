package dev.nicol.server.tpcds;

import dev.nicol.server.tpcds.TpcdsDatabases.Layout;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Prints how Nicol answers each query of TPC-DS: rows, milliseconds of planning, of the whole and of PostgreSQL, and whether the
 * answer is PostgreSQL's; then how many are. Run by hand; arguments: scale (0.01), one of how many sales is kept (1),
 * seconds a statement may take (60), which tables MariaDB has ({@link Layout}: spread), queries (all).
 */
final class TpcdsRun {
    private TpcdsRun() {}

    public static void main(String[] arguments) throws SQLException {
        double scale = arguments.length > 0 ? Double.parseDouble(arguments[0]) : 0.01;
        int share = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1;
        int seconds = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 60;
        Layout layout = Layout.valueOf(arguments.length > 3 ? arguments[3].toUpperCase(Locale.ROOT) : "SPREAD");
        List<Integer> numbers = new ArrayList<>();
        for (int i = 4; i < arguments.length; i++) {
            numbers.add(Integer.valueOf(arguments[i]));
        }
        if (numbers.isEmpty()) {
            IntStream.rangeClosed(1, TpcdsQueries.COUNT).forEach(numbers::add);
        }
        long started = System.nanoTime();
        try (TpcdsDatabases databases = TpcdsDatabases.start(scale, share, layout)) {
            System.out.printf("loaded in %d ms%n", (System.nanoTime() - started) / 1_000_000);
            List<TpcdsResult> results = new ArrayList<>();
            for (int number : numbers) {
                TpcdsResult result = TpcdsResult.of(databases, number, seconds, true);
                System.out.println(result);
                results.add(result);
            }
            System.out.println(TpcdsResult.count(results));
        }
        System.exit(0);
    }
}
