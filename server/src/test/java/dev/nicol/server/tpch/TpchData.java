package dev.nicol.server.tpch;

import io.trino.tpch.TpchEntity;
import io.trino.tpch.TpchTable;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.CharBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.postgresql.PGConnection;

/**
 * The tables of TPC-H with their primary keys, filled by JDBC. The generator is deterministic: the same scale gives the
 * same rows on every database. At scale 0.01 lineitem has 60,175 rows.
 */
public final class TpchData {
    /** The eight tables. */
    public static final List<String> TABLES =
            List.of("region", "nation", "part", "supplier", "partsupp", "customer", "orders", "lineitem");

    /** Below it, suppliers are so few that the generator repeats a part's supplier, against the primary key. */
    private static final double SMALLEST_SCALE = 0.01;

    private static final int ROWS_PER_INSERT = 200;

    private static final Map<String, String> COLUMNS = Map.of(
            "region",
            "r_regionkey BIGINT, r_name CHAR(25), r_comment VARCHAR(152)",
            "nation",
            "n_nationkey BIGINT, n_name CHAR(25), n_regionkey BIGINT, n_comment VARCHAR(152)",
            "part",
            "p_partkey BIGINT, p_name VARCHAR(55), p_mfgr CHAR(25), p_brand CHAR(10), p_type VARCHAR(25), p_size INTEGER,"
                    + " p_container CHAR(10), p_retailprice DECIMAL(15,2), p_comment VARCHAR(23)",
            "supplier",
            "s_suppkey BIGINT, s_name CHAR(25), s_address VARCHAR(40), s_nationkey BIGINT, s_phone CHAR(15),"
                    + " s_acctbal DECIMAL(15,2), s_comment VARCHAR(101)",
            "partsupp",
            "ps_partkey BIGINT, ps_suppkey BIGINT, ps_availqty INTEGER, ps_supplycost DECIMAL(15,2),"
                    + " ps_comment VARCHAR(199)",
            "customer",
            "c_custkey BIGINT, c_name VARCHAR(25), c_address VARCHAR(40), c_nationkey BIGINT, c_phone CHAR(15),"
                    + " c_acctbal DECIMAL(15,2), c_mktsegment CHAR(10), c_comment VARCHAR(117)",
            "orders",
            "o_orderkey BIGINT, o_custkey BIGINT, o_orderstatus CHAR(1), o_totalprice DECIMAL(15,2), o_orderdate DATE,"
                    + " o_orderpriority CHAR(15), o_clerk CHAR(15), o_shippriority INTEGER, o_comment VARCHAR(79)",
            "lineitem",
            "l_orderkey BIGINT, l_partkey BIGINT, l_suppkey BIGINT, l_linenumber INTEGER, l_quantity DECIMAL(15,2),"
                    + " l_extendedprice DECIMAL(15,2), l_discount DECIMAL(15,2), l_tax DECIMAL(15,2),"
                    + " l_returnflag CHAR(1), l_linestatus CHAR(1), l_shipdate DATE, l_commitdate DATE, l_receiptdate DATE,"
                    + " l_shipinstruct CHAR(25), l_shipmode CHAR(10), l_comment VARCHAR(44)");

    private static final Map<String, String> KEYS =
            Map.of("partsupp", "ps_partkey, ps_suppkey", "lineitem", "l_orderkey, l_linenumber");

    private TpchData() {}

    /**
     * Makes and fills tables in the connection's own schema, commits, and lets the database look at them.
     *
     * @param scale 1 is 6 million rows of lineitem; at least 0.01
     * @param tables of {@link #TABLES}
     */
    public static void load(Connection connection, double scale, List<String> tables) throws SQLException {
        if (scale < SMALLEST_SCALE) {
            throw new IllegalArgumentException("scale " + scale + " is below " + SMALLEST_SCALE);
        }
        boolean autoCommit = connection.getAutoCommit();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            for (String table : tables) {
                statement.execute(create(table));
                Iterator<? extends TpchEntity> rows =
                        generator(table).createGenerator(scale, 1, 1).iterator();
                if (connection.isWrapperFor(PGConnection.class)) {
                    copy(connection.unwrap(PGConnection.class), table, rows);
                } else {
                    insert(connection, table, rows);
                }
                connection.commit();
            }
        } finally {
            connection.setAutoCommit(autoCommit);
        }
        analyze(connection, tables);
    }

    /** The DDL of a table, its primary key included, as all our databases take it. */
    public static String create(String table) {
        String columns = COLUMNS.get(table);
        String key = KEYS.getOrDefault(table, columns.substring(0, columns.indexOf(' ')));
        return "CREATE TABLE " + table + " (" + columns.replace(", ", " NOT NULL, ") + " NOT NULL, PRIMARY KEY (" + key
                + "))";
    }

    private static TpchTable<?> generator(String table) {
        return TpchTable.getTable(table);
    }

    private static void copy(PGConnection connection, String table, Iterator<? extends TpchEntity> rows)
            throws SQLException {
        try {
            connection
                    .getCopyAPI()
                    .copyIn("COPY " + table + " FROM STDIN (FORMAT text, DELIMITER '|')", new Lines(rows));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static void insert(Connection connection, String table, Iterator<? extends TpchEntity> rows)
            throws SQLException {
        String[] types = COLUMNS.get(table).split(", ");
        String row = "(" + "?, ".repeat(types.length - 1) + "?)";
        while (rows.hasNext()) {
            List<String> lines = new ArrayList<>(ROWS_PER_INSERT);
            while (rows.hasNext() && lines.size() < ROWS_PER_INSERT) {
                lines.add(line(rows.next()));
            }
            String sql =
                    "INSERT INTO " + table + " VALUES " + String.join(", ", Collections.nCopies(lines.size(), row));
            try (PreparedStatement insert = connection.prepareStatement(sql)) {
                int index = 1;
                for (String line : lines) {
                    String[] values = line.split("\\|", -1);
                    for (int column = 0; column < types.length; column++) {
                        insert.setObject(index++, value(values[column], types[column]));
                    }
                }
                insert.executeUpdate();
            }
        }
    }

    private static Object value(String text, String column) {
        String type = column.substring(column.indexOf(' ') + 1);
        if (type.equals("BIGINT")) {
            return Long.valueOf(text);
        }
        if (type.equals("INTEGER")) {
            return Integer.valueOf(text);
        }
        if (type.equals("DATE")) {
            return LocalDate.parse(text);
        }
        return type.startsWith("DECIMAL") ? new BigDecimal(text) : text;
    }

    /** Statistics, where the database keeps any; without them its own plans are at the mercy of guesses. */
    private static void analyze(Connection connection, List<String> tables) throws SQLException {
        String product = connection.getMetaData().getDatabaseProductName();
        String analyze = Set.of("H2", "MariaDB", "MySQL").contains(product) ? "ANALYZE TABLE " : "ANALYZE ";
        try (Statement statement = connection.createStatement()) {
            for (String table : tables) {
                statement.execute(analyze + table);
            }
        }
    }

    /** A row as its values between bars, none after the last. */
    private static String line(TpchEntity row) {
        String line = row.toLine();
        return line.endsWith("|") ? line.substring(0, line.length() - 1) : line;
    }

    /** Rows as the text COPY reads, a line at a time. */
    private static final class Lines extends Reader {
        private final Iterator<? extends TpchEntity> rows;
        private CharBuffer pending = CharBuffer.allocate(0);

        Lines(Iterator<? extends TpchEntity> rows) {
            this.rows = rows;
        }

        @Override
        public int read(char[] target, int offset, int length) {
            if (!pending.hasRemaining()) {
                if (!rows.hasNext()) {
                    return -1;
                }
                pending = CharBuffer.wrap(line(rows.next()) + "\n");
            }
            int count = Math.min(length, pending.remaining());
            pending.get(target, offset, count);
            return count;
        }

        @Override
        public void close() {}
    }
}
