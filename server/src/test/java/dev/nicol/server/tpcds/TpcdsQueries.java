package dev.nicol.server.tpcds;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The 99 queries of TPC-DS with the parameters of its validation run, out of Trino's benchmarks on Maven Central. What is changed,
 * for the database that is asked for the right answers as for us:
 *
 * <ul>
 *   <li>a table's place is put in; in texts, into which it has slipped there, nothing
 *   <li>two quoted names are written in lower case throughout, as PostgreSQL tells cases apart
 *   <li>a semicolon at the end goes: not every driver takes it
 *   <li>the answer is ordered by all its columns, after those that the query names: where several rows are equal in
 *       these, a database is free to give them in any order, and LIMIT would keep any
 *   <li>for PostgreSQL, which does not compute with the answer's columns in ORDER BY, a query that does becomes a sub-query
 * </ul>
 */
final class TpcdsQueries {
    /** They are numbered from 1. */
    static final int COUNT = 99;

    private static final Pattern PLACE = Pattern.compile("\\$\\{database}\\.\\$\\{schema}\\.(\\w+)");
    private static final Pattern PLACE_IN_TEXT = Pattern.compile("'\\$\\{database}\\.\\$\\{schema}\\.");
    private static final Pattern LIMIT = Pattern.compile("(?i)\\s*(LIMIT \\d+)?\\s*;?\\s*$");

    private static final Set<Integer> COMPUTE_IN_ORDER_BY = Set.of(36, 70, 86);

    private TpcdsQueries() {}

    /**
     * A query's text.
     *
     * @param number from 1 to {@link #COUNT}
     * @param columns how many its answer has; 0 leaves the order as it is
     * @param place the full name of each table, such as {@code customer} to {@code crm.public.customer}
     */
    static String sql(int number, int columns, UnaryOperator<String> place) {
        return ordered(text(number, place), columns, "");
    }

    /** The same for PostgreSQL, which knows the tables by their own names. */
    static String sqlForPostgres(int number, int columns) {
        return ordered(
                text(number, table -> "public." + table),
                columns,
                COMPUTE_IN_ORDER_BY.contains(number) ? "SELECT * FROM (%s) AS answer\n" : "");
    }

    private static String text(int number, UnaryOperator<String> place) {
        String name = String.format("/sql/presto/tpcds/q%02d.sql", number);
        try (InputStream file = Objects.requireNonNull(TpcdsQueries.class.getResourceAsStream(name), name)) {
            String sql = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            return PLACE.matcher(PLACE_IN_TEXT.matcher(sql).replaceAll("'"))
                    .replaceAll(table -> place.apply(table.group(1)))
                    .replace("\"CATALOG\"", "\"catalog\"")
                    .replace("\"YEAR\"", "\"year\"");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** @param around what the query is put into, without its order and limit; or nothing */
    private static String ordered(String sql, int columns, String around) {
        Matcher end = LIMIT.matcher(sql);
        if (!end.find()) {
            throw new IllegalStateException("the pattern matches nothing too");
        }
        String limit = end.group(1) == null ? "" : "\n" + end.group(1);
        int order = order(sql, end.start());
        String query = sql.substring(0, order);
        String named = sql.substring(order, end.start());
        if (columns == 0) {
            named += limit;
        } else {
            String all = IntStream.rangeClosed(1, columns)
                    .mapToObj(Integer::toString)
                    .collect(Collectors.joining(", "));
            named = (named.isEmpty() ? "\nORDER BY " : named + ", ") + all + limit;
        }
        return (around.isEmpty() ? query : String.format(around, query)) + named;
    }

    /** Where ORDER BY comes outside of all parentheses; where it does not, the end. */
    private static int order(String sql, int end) {
        int depth = 0;
        for (int i = end - 1; i >= 0; i--) {
            char character = sql.charAt(i);
            depth += character == ')' ? 1 : character == '(' ? -1 : 0;
            if (depth == 0 && sql.startsWith("ORDER BY", i)) {
                return i;
            }
        }
        return end;
    }

    /** Whether a query names a table. */
    static boolean reads(int number, String table) {
        return sql(number, 0, name -> "<" + name + ">").toLowerCase(Locale.ROOT).contains("<" + table + ">");
    }
}
