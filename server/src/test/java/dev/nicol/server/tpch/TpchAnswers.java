package dev.nicol.server.tpch;

import java.math.BigDecimal;
import java.math.MathContext;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Answers to the queries, so that those of different engines compare: rows in the order in which they come, as every query
 * orders or has one row; numbers by value, to six significant digits where the query divides (averages and quotients have as
 * many digits as each engine likes), exactly elsewhere; text without its trailing blanks (CHAR is padded or not as its
 * database has it).
 */
public final class TpchAnswers {
    /** Names of result columns that are quotients. */
    private static final Set<String> QUOTIENTS =
            Set.of("avg_qty", "avg_price", "avg_disc", "mkt_share", "promo_revenue", "avg_yearly");

    private TpchAnswers() {}

    /** The rows of a query. */
    public static List<List<Object>> of(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            ResultSetMetaData columns = rows.getMetaData();
            List<List<Object>> all = new ArrayList<>();
            while (rows.next()) {
                List<Object> row = new ArrayList<>();
                for (int i = 1; i <= columns.getColumnCount(); i++) {
                    row.add(comparable(columns.getColumnLabel(i).toLowerCase(Locale.ROOT), rows.getObject(i)));
                }
                all.add(row);
            }
            return all;
        }
    }

    private static Object comparable(String column, Object value) {
        if (value instanceof Number number) {
            BigDecimal decimal = new BigDecimal(number.toString());
            BigDecimal kept = QUOTIENTS.contains(column) ? decimal.round(new MathContext(6)) : decimal;
            return kept.signum() == 0 ? BigDecimal.ZERO : kept.stripTrailingZeros();
        }
        return value == null ? "NULL" : value.toString().stripTrailing();
    }
}
