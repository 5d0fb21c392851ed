package dev.nicol.server.differential;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.server.differential.Generator.Statement;
import java.math.BigDecimal;
import java.math.MathContext;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL, asked the same statement over the same copies with nothing of ours in between: a mistake that governed answer and
 * copy share is one here. Not safe for several threads.
 */
final class Oracle implements AutoCloseable {
    static final boolean ASKED = Boolean.getBoolean("nicol.differential.oracle");

    /** PostgreSQL takes a backslash for an escape where none is named. */
    private static final Pattern LIKE = Pattern.compile("( LIKE '(?:[^']|'')*')(?! ESCAPE)");

    /** Which makes a timestamp of a date there. */
    private static final Pattern DAYS = Pattern.compile("INTERVAL '(\\d+)' DAY");

    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?(E[-+]?\\d+)?");

    /** Averages and divisions of decimals have other digits. */
    private static final MathContext DIGITS = new MathContext(6);

    private final Connection connection;
    private final java.sql.Statement plain;
    private final Map<String, Integer> counts = new TreeMap<>();

    Oracle(SourceDefinition postgres) throws SQLException {
        connection = DriverManager.getConnection(postgres.url(), postgres.user(), postgres.password());
        plain = connection.createStatement();
        plain.execute("SET statement_timeout = '20s'");
    }

    /** @param located with the copies' names */
    Outcome of(String located, List<Object> parameters) {
        String sql = LIKE.matcher(located).replaceAll("$1 ESCAPE ''");
        return Outcome.of(plain, DAYS.matcher(sql).replaceAll("$1"), parameters);
    }

    /** How many statements were compared, and why others were not. */
    Map<String, Integer> counts() {
        return counts;
    }

    /** What differs; null where nothing does or nothing can be said. */
    @Nullable
    String difference(Statement statement, Outcome ours, Outcome theirs, boolean mayFail) {
        String skipped = skipped(ours, theirs, mayFail);
        counts.merge("oracle " + (skipped == null ? "compared" : skipped), 1, Integer::sum);
        if (skipped != null) {
            return null;
        } else if (ours.failed()) {
            return "fails, and not at PostgreSQL itself";
        } else if (statement.counted()) {
            return ours.rows().size() == theirs.rows().size() ? null : "number of rows at PostgreSQL itself";
        }
        List<String> shown = plainly(ours);
        List<String> expected = plainly(theirs);
        if (!shown.stream().sorted().toList().equals(expected.stream().sorted().toList())) {
            return "rows at PostgreSQL itself";
        }
        return statement.ordered() && !shown.equals(expected) ? "order at PostgreSQL itself" : null;
    }

    private static @Nullable String skipped(Outcome ours, Outcome theirs, boolean mayFail) {
        if (ours.failed() && theirs.failed()) {
            return "both fail";
        } else if (theirs.failed()) {
            // What it does not parse or type, and rows it fails on that need not be looked at.
            return "fails " + theirs.sqlState();
        }
        return ours.failed() && mayFail ? "may fail" : null;
    }

    private static List<String> plainly(Outcome outcome) {
        return outcome.rows().stream()
                .map(row ->
                        Arrays.stream(row.split("\\|", -1)).map(Oracle::plainly).collect(Collectors.joining("|")))
                .toList();
    }

    private static String plainly(String value) {
        if (!NUMBER.matcher(value).matches()) {
            return value;
        }
        BigDecimal number = new BigDecimal(value);
        BigDecimal rounded = number.stripTrailingZeros().scale() > 2 ? number.round(DIGITS) : number;
        return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
