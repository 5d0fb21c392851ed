package dev.nicol.benchmarks;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.LongFunction;
import java.util.function.LongUnaryOperator;

/** Operations of one statement each, that read every column of every row. */
final class Statements {
    private static final int FETCH = 1000;

    private Statements() {}

    /** Prepared once, run with a number as its one parameter. */
    static Loop.Preparation prepared(String sql, LongUnaryOperator key) {
        return connection -> {
            // the connection's end is its end
            PreparedStatement statement = connection.prepareStatement(sql);
            return number -> {
                statement.setLong(1, key.applyAsLong(number));
                try (ResultSet rows = statement.executeQuery()) {
                    read(rows);
                }
            };
        };
    }

    /** Sent as text every time. */
    static Loop.Preparation adHoc(LongFunction<String> sql) {
        return connection -> number -> run(connection, sql.apply(number));
    }

    /** Runs it; answers how many rows there were. */
    static long run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return read(rows);
        }
    }

    /** Runs it so that pgjdbc does not hold all rows at once; others do as they do. */
    static long stream(Connection connection, String sql, boolean cursor) throws SQLException {
        if (cursor) {
            connection.setAutoCommit(false);
        }
        try (Statement statement = connection.createStatement()) {
            if (cursor) {
                statement.setFetchSize(FETCH);
            }
            try (ResultSet rows = statement.executeQuery(sql)) {
                return read(rows);
            }
        }
    }

    static long read(ResultSet rows) throws SQLException {
        int columns = rows.getMetaData().getColumnCount();
        long count = 0;
        while (rows.next()) {
            for (int column = 1; column <= columns; column++) {
                rows.getObject(column);
            }
            count++;
        }
        return count;
    }
}
