package dev.nicol.server.tpcds;

import java.math.BigDecimal;
import java.math.MathContext;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Answers to the queries and how they compare: rows in the order in which they come; numbers by value, to six significant digits
 * where PostgreSQL divides (which shows in its many digits after the point), exactly elsewhere; text without its trailing
 * blanks (CHAR is padded or not as its database has it).
 *
 * @param columns how many there are, rows or not
 * @param sqlState of a failure, or nothing
 * @param message of a failure, or nothing
 */
record TpcdsAnswers(List<List<Object>> rows, int columns, String sqlState, String message) {
    /** PostgreSQL gives averages and quotients at least this many, unless they are very large; the tables' own numbers have two. */
    private static final int DIGITS_OF_QUOTIENTS = 6;

    private static final MathContext SIX = new MathContext(6);

    /** The rows of a query, or how it failed. */
    static TpcdsAnswers of(Connection connection, String sql, int seconds) {
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(seconds);
            try (ResultSet rows = statement.executeQuery(sql)) {
                int columns = rows.getMetaData().getColumnCount();
                List<List<Object>> all = new ArrayList<>();
                while (rows.next()) {
                    List<Object> row = new ArrayList<>();
                    for (int i = 1; i <= columns; i++) {
                        Object value = rows.getObject(i);
                        if (value instanceof Number number) {
                            row.add(new BigDecimal(number.toString()));
                        } else {
                            row.add(value == null ? "NULL" : value.toString().stripTrailing());
                        }
                    }
                    all.add(row);
                }
                return new TpcdsAnswers(all, columns, "", "");
            }
        } catch (SQLException failure) {
            return new TpcdsAnswers(
                    List.of(), 0, String.valueOf(failure.getSQLState()), String.valueOf(failure.getMessage()));
        }
    }

    /** Whether both answer, or both fail in a way of the same class: what PostgreSQL tells apart is 22000 here. */
    boolean failsAs(TpcdsAnswers right) {
        return sqlState.isEmpty() == right.sqlState.isEmpty()
                && (sqlState.isEmpty() || sqlState.startsWith(right.sqlState.substring(0, 2)));
    }

    /** The first difference to what PostgreSQL answers, or nothing. */
    String difference(TpcdsAnswers right) {
        if (!failsAs(right)) {
            return sqlState.isEmpty() ? "an answer for " + right.message : message;
        }
        if (rows.size() != right.rows.size()) {
            return rows.size() + " rows for " + right.rows.size();
        }
        for (int row = 0; row < rows.size(); row++) {
            for (int column = 0; column < right.columns; column++) {
                Object ours = rows.get(row).get(column);
                Object theirs = right.rows.get(row).get(column);
                if (!same(ours, theirs)) {
                    return "row " + row + ", column " + column + ": " + ours + " for " + theirs + ", of "
                            + rows.get(row) + " for " + right.rows.get(row);
                }
            }
        }
        return "";
    }

    private static boolean same(Object ours, Object theirs) {
        if (ours instanceof BigDecimal our && theirs instanceof BigDecimal their) {
            return their.scale() < DIGITS_OF_QUOTIENTS
                    ? our.compareTo(their) == 0
                    : our.subtract(their).abs().compareTo(their.abs().scaleByPowerOfTen(-SIX.getPrecision())) <= 0;
        }
        return ours.equals(theirs);
    }
}
