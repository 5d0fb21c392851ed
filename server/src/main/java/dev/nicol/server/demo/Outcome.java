package dev.nicol.server.demo;

import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.apache.calcite.avatica.AvaticaClientRuntimeException;
import org.jspecify.annotations.Nullable;

/**
 * What came of one statement.
 *
 * @param rows texts, {@code NULL} for NULL; empty for a write
 * @param updated rows written; -1 for a query
 * @param sqlState null where it succeeded
 * @param message the server's; null where it succeeded
 */
record Outcome(
        List<String> columns,
        List<List<String>> rows,
        long updated,
        @Nullable String sqlState,
        @Nullable String message) {
    /** What the driver puts before the server's message. */
    private static final String DRIVER_PREFIX = "Remote driver error: ";

    /** The outcome is not what the tour says it is. */
    static final class Unexpected extends Exception {
        private static final long serialVersionUID = 1;

        Unexpected(String problem) {
            super(problem);
        }
    }

    /** Reads everything a statement has to say. */
    static Outcome of(Statement statement, String sql) {
        try {
            if (!statement.execute(sql)) {
                return new Outcome(List.of(), List.of(), statement.getLargeUpdateCount(), null, null);
            }
            try (ResultSet result = statement.getResultSet()) {
                return read(result);
            }
        } catch (SQLException | RuntimeException failure) {
            return failed(failure);
        }
    }

    /** The driver throws unchecked exceptions too where the server could not be reached as it expects. */
    static Outcome failed(Exception failure) {
        String sqlState = "?";
        if (failure instanceof SQLException sql) {
            sqlState = String.valueOf(sql.getSQLState());
        } else if (failure instanceof AvaticaClientRuntimeException refused) {
            sqlState = String.valueOf(refused.getSqlState());
        }
        String message = String.valueOf(failure.getMessage());
        int server = message.indexOf(DRIVER_PREFIX);
        return new Outcome(
                List.of(),
                List.of(),
                -1,
                sqlState,
                server < 0 ? message : message.substring(server + DRIVER_PREFIX.length()));
    }

    private static Outcome read(ResultSet result) throws SQLException {
        ResultSetMetaData shape = result.getMetaData();
        List<String> columns = new ArrayList<>();
        for (int column = 1; column <= shape.getColumnCount(); column++) {
            columns.add(shape.getColumnLabel(column).toLowerCase(Locale.ROOT));
        }
        List<List<String>> rows = new ArrayList<>();
        while (result.next()) {
            List<String> row = new ArrayList<>();
            for (int column = 1; column <= columns.size(); column++) {
                String text = result.getString(column);
                row.add(text == null ? "NULL" : text);
            }
            rows.add(row);
        }
        return new Outcome(columns, rows, -1, null, null);
    }

    /** Every value of a column, once. */
    Set<String> values(String column) throws Unexpected {
        int index = columns.indexOf(column);
        require(index >= 0, "a column `" + column + "`, got " + columns);
        Set<String> values = new TreeSet<>();
        rows.forEach(row -> values.add(row.get(index)));
        return values;
    }

    void require(boolean holds, String expected) throws Unexpected {
        if (!holds) {
            throw new Unexpected("expected " + expected);
        }
    }

    /** It succeeded as a query with so many rows. */
    void requireRows(int count) throws Unexpected {
        require(sqlState == null && updated < 0 && rows.size() == count, count + " rows, got " + summary());
    }

    void requireRows(List<List<String>> expected) throws Unexpected {
        require(rows.equals(expected), "the rows " + expected + ", got " + (rows.isEmpty() ? summary() : rows));
    }

    void requireUpdated(long count) throws Unexpected {
        require(sqlState == null && updated == count, count + " rows written, got " + summary());
    }

    void requireRefused(String state, String mentioned) throws Unexpected {
        require(
                state.equals(sqlState) && message != null && message.contains(mentioned),
                "SQLSTATE " + state + " with `" + mentioned + "`, got " + summary());
    }

    String summary() {
        if (sqlState != null) {
            return "SQLSTATE " + sqlState + " — " + message;
        }
        return updated >= 0 ? updated + (updated == 1 ? " row written" : " rows written") : rows.size() + " rows";
    }
}
