package dev.nicol.server.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Statements with their expected rows, stated by hand in a resource. Cases are separated by blank lines; each has a title
 * after {@code #}, one line of SQL, and either rows after {@code =} (columns separated by bars) or one SQLSTATE after
 * {@code !}.
 */
public record SqlCases(
        String title,
        String sql,
        List<String> rows,
        @Nullable String sqlState) {
    /** All cases of a resource. */
    public static List<SqlCases> read(String resource) {
        try (InputStream file = Objects.requireNonNull(SqlCases.class.getResourceAsStream(resource), resource)) {
            String text = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            return Arrays.stream(text.strip().split("\n\n+")).map(SqlCases::one).toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static SqlCases one(String block) {
        List<String> lines = block.lines().toList();
        List<String> rows = lines.stream()
                .skip(2)
                .filter(line -> line.startsWith("= "))
                .map(line -> line.substring(2))
                .toList();
        String state = lines.size() == 3 && lines.get(2).startsWith("! ")
                ? lines.get(2).substring(2)
                : null;
        return new SqlCases(lines.get(0).substring(2), lines.get(1), rows, state);
    }

    /** Rows as these files write them: numbers by value without trailing zeros, text without trailing blanks. */
    public static List<String> rows(ResultSet result) throws SQLException {
        int width = result.getMetaData().getColumnCount();
        List<String> rows = new ArrayList<>();
        while (result.next()) {
            List<String> row = new ArrayList<>();
            for (int i = 1; i <= width; i++) {
                row.add(text(result.getObject(i)));
            }
            rows.add(String.join("|", row));
        }
        return rows;
    }

    private static String text(@Nullable Object value) {
        if (value instanceof Number number) {
            BigDecimal exact = new BigDecimal(number.toString());
            return exact.signum() == 0 ? "0" : exact.stripTrailingZeros().toPlainString();
        }
        return String.valueOf(value).stripTrailing();
    }

    @Override
    public String toString() {
        return title;
    }
}
