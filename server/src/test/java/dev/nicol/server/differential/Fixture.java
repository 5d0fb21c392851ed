package dev.nicol.server.differential;

import java.math.BigDecimal;
import java.sql.Date;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tables that everything is about, as they are stored: keys and none, NULLs, negative numbers, duplicates, texts that
 * look like numbers or dates on some rows only. Texts are upper case throughout, so that no collation decides.
 */
final class Fixture {
    private Fixture() {}

    /** What a column holds, as far as expressions care. */
    enum Type {
        INTEGER(Part.Kind.INTEGER),
        DECIMAL(Part.Kind.DECIMAL),
        TEXT(Part.Kind.TEXT),
        DATE(Part.Kind.DATE);

        final Part.Kind part;

        Type(Part.Kind part) {
            this.part = part;
        }
    }

    /** @param sql its type in every source's SQL */
    record Column(String name, Type type, String sql) {
        /** The most characters it holds; 0 where it holds no text. */
        int length() {
            return type == Type.TEXT ? Integer.parseInt(sql.replaceAll("\\D+", "")) : 0;
        }
    }

    /** @param key whether the first column is the primary key */
    record Table(String name, boolean key, List<Column> columns, List<Row> rows) {
        Column column(String named) {
            return columns.stream()
                    .filter(column -> column.name().equals(named))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Values by column. */
    record Row(Map<String, @Nullable Object> values) {
        @Nullable
        Integer integer(String column) {
            return (Integer) values.get(column);
        }

        @Nullable
        String text(String column) {
            return (String) values.get(column);
        }

        @Nullable
        Object value(String column) {
            return values.get(column);
        }
    }

    private static Column integer(String name) {
        return new Column(name, Type.INTEGER, "INTEGER");
    }

    private static Column decimal(String name) {
        return new Column(name, Type.DECIMAL, "DECIMAL(8, 2)");
    }

    private static Column text(String name, int length) {
        return new Column(name, Type.TEXT, "VARCHAR(" + length + ")");
    }

    private static Column date(String name) {
        return new Column(name, Type.DATE, "DATE");
    }

    private static Table table(String name, boolean key, List<Column> columns, Object[][] rows) {
        return new Table(
                name,
                key,
                columns,
                Arrays.stream(rows).map(values -> row(columns, values)).toList());
    }

    private static Row row(List<Column> columns, Object[] values) {
        Map<String, @Nullable Object> row = new HashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            Object value = values[i];
            row.put(
                    columns.get(i).name(),
                    value == null
                            ? null
                            : switch (columns.get(i).type()) {
                                case DECIMAL -> new BigDecimal(value.toString());
                                case DATE -> Date.valueOf(value.toString());
                                default -> value;
                            });
        }
        return new Row(row);
    }

    static final Table PEOPLE = table(
            "people",
            true,
            List.of(
                    integer("id"),
                    text("name", 20),
                    text("region", 10),
                    integer("num"),
                    text("code", 20),
                    decimal("score"),
                    date("born"),
                    integer("boss")),
            new Object[][] {
                {1, "ANN", "EU", 2, "12", "10.50", "1990-01-31", null},
                {2, "BOB", "US", -1, "X7", "-3.25", "1985-02-28", 1},
                {3, "CID", "EU", 0, "7", "0.00", null, 1},
                {4, "DEE", null, null, "40", null, "2000-02-29", 2},
                {5, "ÉVA", "AP", 5, null, "99.99", "1999-12-31", 2},
                {6, null, "US", 3, "ABC", "10.50", "1990-01-31", 3},
                {7, "O'NEIL", "EU", -7, "-3", "1.00", "2010-10-10", 4},
                {8, "A\\B%_", "AP", 2147483, "2020-02-30", "123456.78", "1970-01-01", null},
                {9, "BOB", "US", 2, "12", "-3.25", "1985-02-28", 1},
                {10, "\uD834\uDD1EGIS", null, 4, "0", null, "1960-06-15", 9},
                {11, "ZOE", "XX", 1, "N/A", "7.77", "2001-01-01", 10},
                {12, "NAME OF TWENTY CHARS", "EU", 2, "2001-05-06", "5.00", null, 1},
            });

    static final Table ORDERS = table(
            "orders",
            true,
            List.of(
                    integer("id"),
                    integer("person"),
                    integer("qty"),
                    decimal("amount"),
                    text("note", 20),
                    text("region", 10),
                    date("placed")),
            new Object[][] {
                {1, 1, 3, "10.00", "ANN", "EU", "2020-01-01"},
                {2, 1, 0, "20.50", "5", "EU", "2020-02-29"},
                {3, 2, -2, "0.01", "", "US", null},
                {4, 3, 1, null, null, "EU", "2021-03-01"},
                {5, null, 7, "5.00", "MAX@EXAMPLE.COM", null, "2020-01-01"},
                {6, 5, 2, "99999.99", "19", "AP", "2019-12-31"},
                {7, 9, null, "-1.00", "NULL", "US", "2020-01-01"},
                {8, 12, 2147483, "10.00", "7", "EU", "1999-12-31"},
                {9, 99, 4, "3.33", "AT 10.20.30.40", "XX", null},
                {10, 1, 3, "10.00", "ANN", "EU", "2020-01-01"},
                {11, 7, 1, "66.60", "12", null, "2022-02-02"},
            });

    static final Table TAGS =
            table("tags", false, List.of(integer("person"), text("tag", 10), integer("weight")), new Object[][] {
                {1, "VIP", 5},
                {1, "VIP", 5},
                {2, "NEW", null},
                {3, null, 1},
                {null, "NEW", -4},
                {5, "8", 2},
                {9, "VIP", 0},
                {12, "OLD", 3},
            });

    static final List<Table> TABLES = List.of(PEOPLE, ORDERS, TAGS);
}
