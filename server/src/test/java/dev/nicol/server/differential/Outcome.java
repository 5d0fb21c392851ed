package dev.nicol.server.differential;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a statement came to.
 *
 * @param columns labels and types
 * @param sqlState null where it succeeded
 */
record Outcome(
        List<String> columns,
        List<String> rows,
        @Nullable String sqlState,
        @Nullable String message) {
    private static final int PRINTED = 8;

    /** @param plain which runs a statement without parameters: one for many saves round trips */
    static Outcome of(Statement plain, String sql, List<Object> parameters) {
        if (parameters.isEmpty()) {
            try (ResultSet result = plain.executeQuery(sql)) {
                return of(result);
            } catch (SQLException failure) {
                return of(failure);
            }
        }
        try (PreparedStatement prepared = plain.getConnection().prepareStatement(sql)) {
            for (int i = 0; i < parameters.size(); i++) {
                prepared.setObject(i + 1, parameters.get(i));
            }
            try (ResultSet result = prepared.executeQuery()) {
                return of(result);
            }
        } catch (SQLException failure) {
            return of(failure);
        }
    }

    private static Outcome of(ResultSet result) throws SQLException {
        ResultSetMetaData shape = result.getMetaData();
        List<String> columns = new ArrayList<>();
        for (int i = 1; i <= shape.getColumnCount(); i++) {
            columns.add(shape.getColumnLabel(i) + " " + shape.getColumnTypeName(i) + "(" + shape.getPrecision(i) + ", "
                    + shape.getScale(i) + ")");
        }
        List<String> rows = new ArrayList<>();
        while (result.next()) {
            List<String> row = new ArrayList<>();
            for (int i = 1; i <= shape.getColumnCount(); i++) {
                row.add(String.valueOf(result.getObject(i)));
            }
            rows.add(String.join("|", row));
        }
        return new Outcome(columns, rows, null, null);
    }

    static Outcome of(SQLException failure) {
        String message = String.valueOf(failure.getMessage());
        int answer = message.indexOf("Remote driver error");
        return new Outcome(
                List.of(), List.of(), failure.getSQLState(), answer < 0 ? message : message.substring(answer));
    }

    boolean failed() {
        return sqlState != null;
    }

    /** The rows in an order of their own. */
    List<String> sorted() {
        List<String> sorted = new ArrayList<>(rows);
        Collections.sort(sorted);
        return sorted;
    }

    /** What the message says, whatever the tables are called and however long their names are. */
    String told(Rights reader) {
        return String.valueOf(message)
                .replace(reader.reader().user() + "_", "")
                .replaceAll("(?i)(line|column) \\d+", "$1")
                // names near by may be those of other tables that only a steward sees
                .replaceAll("(Did you mean|nicol.information_schema lists) .*", "")
                .replaceAll("[0-9a-f]{8}-[0-9a-f-]{27}|\\b[0-9A-Z]{20,}\\b", "id");
    }

    @Override
    public String toString() {
        return failed()
                ? sqlState + " " + message
                : columns + " " + rows.size() + " rows\n    "
                        + String.join("\n    ", rows.subList(0, Math.min(rows.size(), PRINTED)));
    }
}
