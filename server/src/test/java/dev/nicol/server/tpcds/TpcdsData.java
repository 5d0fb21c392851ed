package dev.nicol.server.tpcds;

import com.google.common.collect.Iterables;
import com.google.common.collect.Lists;
import io.trino.tpcds.Results;
import io.trino.tpcds.Session;
import io.trino.tpcds.Table;
import io.trino.tpcds.column.Column;
import io.trino.tpcds.column.ColumnType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;

/**
 * The tables of TPC-DS with their primary keys, as text files that databases load. The generator is deterministic. Four tables
 * are as large at every scale as at the largest; of these, and of the sales, only some rows are kept, the same everywhere:
 *
 * <ul>
 *   <li>sales and returns: every ticket or order whose number the share divides
 *   <li>inventory: items whose number the share divides
 *   <li>customer_demographics: what a kept sale, return or customer names
 *   <li>time_dim: minutes, not seconds: what a kept sale or return names, and every full minute
 *   <li>date_dim: the days of 1990 to 2005
 * </ul>
 */
final class TpcdsData {
    /** The tables, those first that name rows of others. */
    static final List<String> TABLES = List.of(
            "store_sales",
            "store_returns",
            "catalog_sales",
            "catalog_returns",
            "web_sales",
            "web_returns",
            "customer",
            "inventory",
            "customer_address",
            "customer_demographics",
            "date_dim",
            "time_dim",
            "household_demographics",
            "income_band",
            "item",
            "promotion",
            "reason",
            "ship_mode",
            "store",
            "warehouse",
            "web_page",
            "web_site",
            "call_center",
            "catalog_page");

    private static final int SECONDS_OF_A_MINUTE = 60;

    /** Rows of date_dim, which begins with 2 January 1900. */
    private static final long FIRST_DAY = ChronoUnit.DAYS.between(LocalDate.of(1900, 1, 1), LocalDate.of(1990, 1, 1));

    private static final long LAST_DAY = ChronoUnit.DAYS.between(LocalDate.of(1900, 1, 1), LocalDate.of(2005, 12, 31));

    /** By ticket and order first: MariaDB takes minutes to look for other rows of an order that it has no index of. */
    private static final Map<String, String> KEYS = Map.of(
            "store_sales", "ss_ticket_number, ss_item_sk",
            "store_returns", "sr_ticket_number, sr_item_sk",
            "catalog_sales", "cs_order_number, cs_item_sk",
            "catalog_returns", "cr_order_number, cr_item_sk",
            "web_sales", "ws_order_number, ws_item_sk",
            "web_returns", "wr_order_number, wr_item_sk",
            "inventory", "inv_date_sk, inv_item_sk, inv_warehouse_sk");

    private static final Map<String, String> SHARED = Map.of(
            "store_sales", "ss_ticket_number",
            "store_returns", "sr_ticket_number",
            "catalog_sales", "cs_order_number",
            "catalog_returns", "cr_order_number",
            "web_sales", "ws_order_number",
            "web_returns", "wr_order_number",
            "inventory", "inv_item_sk");

    private final Path directory;
    private final double scale;
    private final int share;
    private final Set<Long> demographics = new TreeSet<>();
    private final Set<String> times = new TreeSet<>();

    private TpcdsData(Path directory, double scale, int share) {
        this.directory = directory;
        this.scale = scale;
        this.share = share;
    }

    /**
     * Writes a file for each table.
     *
     * @param scale 1 is 2.9 million rows of store_sales; from 0.01
     * @param share one of how many tickets, orders and items of the inventory is kept
     */
    static TpcdsData generate(Path directory, double scale, int share) {
        TpcdsData data = new TpcdsData(directory, scale, share);
        for (String table : TABLES) {
            if (!Table.getTable(table).isChild()) {
                data.write(Table.getTable(table));
            }
        }
        return data;
    }

    /** Returns come with the sales that they are of. */
    private void write(Table table) {
        List<Table> written = table.hasChild() ? List.of(table, table.getChild()) : List.of(table);
        List<StringBuilder> files = List.of(new StringBuilder(), new StringBuilder());
        for (List<List<String>> rows : rows(table)) {
            for (int i = 0; i < rows.size(); i++) {
                if (kept(written.get(i), rows.get(i))) {
                    append(files.get(i), rows.get(i));
                }
            }
        }
        try {
            for (int i = 0; i < written.size(); i++) {
                Files.writeString(file(written.get(i).getName()), files.get(i));
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** What the generator gives; of the large tables whose rows it numbers by their keys, no more than is kept. */
    private Iterable<List<List<String>>> rows(Table table) {
        Session session = Session.getDefaultSession().withScale(scale).withTable(table);
        return switch (table) {
            case CUSTOMER_DEMOGRAPHICS ->
                Iterables.concat(Lists.transform(
                        List.copyOf(demographics), number -> Results.constructResults(table, number, number, session)));
            case DATE_DIM -> Results.constructResults(table, FIRST_DAY, LAST_DAY, session);
            default -> Results.constructResults(table, session);
        };
    }

    private static void append(StringBuilder file, List<String> row) {
        String between = "";
        for (String value : row) {
            file.append(between).append(value == null ? "\\N" : value.stripTrailing());
            between = "|";
        }
        file.append('\n');
    }

    private boolean kept(Table table, List<String> row) {
        String name = table.getName();
        String number = SHARED.get(name);
        if (number != null && Long.parseLong(value(table, row, number)) % share != 0) {
            return false;
        }
        if (name.equals("time_dim")) {
            return Integer.parseInt(row.get(0)) % SECONDS_OF_A_MINUTE == 0 || times.contains(row.get(0));
        }
        Column[] columns = table.getColumns();
        for (int i = 0; i < columns.length; i++) {
            if (columns[i].getName().endsWith("cdemo_sk") && row.get(i) != null) {
                demographics.add(Long.valueOf(row.get(i)));
            } else if (columns[i].getName().endsWith("time_sk") && row.get(i) != null) {
                times.add(row.get(i));
            }
        }
        return true;
    }

    private static String value(Table table, List<String> row, String column) {
        return row.get(table.getColumn(column).getPosition());
    }

    private Path file(String table) {
        return directory.resolve(table);
    }

    /** Makes and fills tables in the connection's own schema, and lets the database look at them. */
    void load(Connection connection, Collection<String> tables) throws SQLException {
        boolean postgres = connection.isWrapperFor(PGConnection.class);
        try (Statement statement = connection.createStatement()) {
            for (String table : tables) {
                statement.execute(create(table));
                if (postgres) {
                    copy(connection.unwrap(PGConnection.class), table);
                } else {
                    statement.execute("LOAD DATA LOCAL INFILE '" + file(table) + "' INTO TABLE " + table
                            + " FIELDS TERMINATED BY '|'");
                }
                statement.execute((postgres ? "ANALYZE " : "ANALYZE TABLE ") + table);
            }
        }
    }

    private void copy(PGConnection connection, String table) throws SQLException {
        try (InputStream rows = Files.newInputStream(file(table))) {
            connection.getCopyAPI().copyIn("COPY " + table + " FROM STDIN (FORMAT text, DELIMITER '|')", rows);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String create(String name) {
        Column[] columns = Table.getTable(name).getColumns();
        String key = KEYS.getOrDefault(name, columns[0].getName());
        return Arrays.stream(columns)
                .map(column -> column.getName() + " " + type(column.getType()))
                .collect(Collectors.joining(", ", "CREATE TABLE " + name + " (", ", PRIMARY KEY (" + key + "))"));
    }

    private static String type(ColumnType type) {
        return switch (type.getBase()) {
            case IDENTIFIER -> "BIGINT";
            case INTEGER, DATE, TIME -> type.getBase().name();
            case CHAR, VARCHAR -> type.getBase() + "(" + type.getPrecision().orElseThrow() + ")";
            case DECIMAL ->
                "DECIMAL(" + type.getPrecision().orElseThrow() + ","
                        + type.getScale().orElseThrow() + ")";
        };
    }
}
