package dev.nicol.server.tpcds;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * How Nicol answered a query.
 *
 * @param rows how many PostgreSQL answers
 * @param planning milliseconds of the first EXPLAIN PLAN, where it was asked for
 * @param taken milliseconds of the statement
 * @param straight milliseconds of the statement at the one PostgreSQL
 * @param sqlState why there is no answer, or nothing
 * @param difference how the answer is not PostgreSQL's, or nothing; where PostgreSQL fails, so must we
 */
record TpcdsResult(int number, int rows, long planning, long taken, long straight, String sqlState, String difference) {
    /**
     * Asks both.
     *
     * @param seconds that PostgreSQL may take
     * @param explain whether to measure planning alone, first
     */
    static TpcdsResult of(TpcdsDatabases databases, int number, int seconds, boolean explain) throws SQLException {
        int columns = columns(databases.oracle(), TpcdsQueries.sqlForPostgres(number, 0));
        String sql = TpcdsQueries.sql(number, columns, databases::place);
        long planning = explain ? planning(databases.governed(), sql) : 0;
        long started = System.nanoTime();
        TpcdsAnswers right = TpcdsAnswers.of(databases.oracle(), TpcdsQueries.sqlForPostgres(number, columns), seconds);
        long straight = millis(started);
        started = System.nanoTime();
        TpcdsAnswers ours = TpcdsAnswers.of(databases.governed(), sql, seconds);
        return new TpcdsResult(
                number,
                right.rows().size(),
                planning,
                millis(started),
                straight,
                ours.failsAs(right) ? "" : ours.sqlState(),
                ours.difference(right));
    }

    private static long planning(Connection governed, String sql) {
        long started = System.nanoTime();
        TpcdsAnswers.of(governed, "EXPLAIN PLAN FOR " + sql, 0);
        return millis(started);
    }

    private static long millis(long started) {
        return (System.nanoTime() - started) / 1_000_000;
    }

    private static int columns(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT * FROM (" + sql + ") AS answer LIMIT 0")) {
            return rows.getMetaData().getColumnCount();
        }
    }

    boolean refused() {
        return !sqlState.isEmpty();
    }

    boolean same() {
        return !refused() && difference.isEmpty();
    }

    static String count(List<TpcdsResult> results) {
        return String.format(
                "TPC-DS: %d of %d queries answer as PostgreSQL does (%d of them with rows), %d are refused, %d differ; %d ms, PostgreSQL"
                        + " %d ms; longest planning %d ms",
                results.stream().filter(TpcdsResult::same).count(),
                results.size(),
                results.stream()
                        .filter(result -> result.same() && result.rows > 0)
                        .count(),
                results.stream().filter(TpcdsResult::refused).count(),
                results.stream()
                        .filter(result -> !result.refused() && !result.same())
                        .count(),
                results.stream().mapToLong(TpcdsResult::taken).sum(),
                results.stream().mapToLong(TpcdsResult::straight).sum(),
                results.stream().mapToLong(TpcdsResult::planning).max().orElse(0));
    }

    @Override
    public String toString() {
        return String.format(
                "TPC-DS Q%02d: %4d rows, %5d ms planning, %6d ms, PostgreSQL %5d ms: %s",
                number,
                rows,
                planning,
                taken,
                straight,
                same() ? "same" : refused() ? sqlState + " " + difference : "DIFFERS " + difference);
    }
}
