package dev.nicol.adapters.mysql;

import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.SourceTables;
import dev.nicol.adapters.dialect.Decimals;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** Reads information_schema in a few queries, however many tables there are. A database is a schema. */
final class MysqlCatalog {
    private static final String OWN = " NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')";

    private static final String SCHEMAS =
            "SELECT schema_name FROM information_schema.schemata WHERE LOWER(schema_name)" + OWN;

    private static final String TABLES = "SELECT table_schema, table_name, table_type LIKE '%VIEW%', table_rows,"
            + " table_comment, COALESCE((SELECT e.transactions FROM information_schema.engines e WHERE e.engine ="
            + " tables.engine), 'NO') FROM information_schema.tables WHERE LOWER(table_schema)" + OWN
            + " AND table_type IN ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED')";

    private static final String COLUMNS = "SELECT table_schema AS s, table_name AS t, column_name AS name,"
            + " is_nullable AS nullable, data_type AS data_type, column_type AS column_type,"
            + " character_maximum_length AS characters, numeric_precision AS digits, numeric_scale AS scale,"
            + " datetime_precision AS fraction, column_default AS default_expression, extra AS extra,"
            + " column_comment AS comment FROM information_schema.columns WHERE LOWER(table_schema)" + OWN
            + " ORDER BY table_schema, table_name, ordinal_position";

    /** Prefix indexes and expression indexes say nothing about whole columns. */
    private static final String KEYS = "SELECT table_schema, table_name, index_name, column_name"
            + " FROM information_schema.statistics AS i WHERE non_unique = 0 AND LOWER(table_schema)" + OWN
            + " AND NOT EXISTS (SELECT 1 FROM information_schema.statistics AS p"
            + " WHERE p.table_schema = i.table_schema AND p.table_name = i.table_name"
            + " AND p.index_name = i.index_name AND (p.sub_part IS NOT NULL OR p.column_name IS NULL))"
            + " ORDER BY table_schema, table_name, index_name <> 'PRIMARY', index_name, seq_in_index";

    private static final String FOREIGN_KEYS = "SELECT k.table_schema, k.table_name, k.constraint_name, k.column_name,"
            + " k.referenced_table_schema, k.referenced_table_name, k.referenced_column_name, r.update_rule, r.delete_rule"
            + " FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r"
            + " ON r.constraint_schema = k.constraint_schema AND r.table_name = k.table_name"
            + " AND r.constraint_name = k.constraint_name WHERE LOWER(k.table_schema)" + OWN
            + " AND k.referenced_table_name IS NOT NULL"
            + " ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position";

    private static final String STATISTICS = "SELECT table_schema, table_name, column_name, MAX(cardinality)"
            + " FROM information_schema.statistics WHERE seq_in_index = 1 AND sub_part IS NULL AND column_name IS NOT NULL"
            + " AND cardinality > 0 AND LOWER(table_schema)" + OWN + " GROUP BY table_schema, table_name, column_name";

    /** MariaDB's statistics of all columns are in a table that an ordinary user may not read; MySQL has none. */
    private static final String MAY_READ_COLUMN_STATISTICS = "SELECT 1 FROM information_schema.columns"
            + " WHERE table_schema = 'mysql' AND table_name = 'column_stats' AND column_name = 'nulls_ratio'"
            + " AND privileges LIKE '%select%'";

    private static final String COLUMN_STATISTICS = "SELECT s.db_name, s.table_name, s.column_name, s.nulls_ratio,"
            + " (1 - s.nulls_ratio) * t.table_rows / NULLIF(s.avg_frequency, 0)"
            + " FROM mysql.column_stats s JOIN information_schema.tables t"
            + " ON t.table_schema = s.db_name AND t.table_name = s.table_name WHERE s.nulls_ratio IS NOT NULL";

    private final Connection connection;
    private final SourceTables tables;
    private final RelDataTypeFactory types;

    MysqlCatalog(Connection connection, SourceDefinition definition, RelDataTypeFactory types) {
        this.connection = connection;
        this.tables = new SourceTables(definition);
        this.types = types;
    }

    SourceCatalog read() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            try (ResultSet row = statement.executeQuery(SCHEMAS)) {
                while (row.next()) {
                    tables.schema(row.getString(1));
                }
            }
            try (ResultSet row = statement.executeQuery(TABLES)) {
                while (row.next()) {
                    boolean view = row.getBoolean(3);
                    double rows = row.getDouble(4);
                    // a view has none; asked at once, because it is about the column that was read last
                    boolean uncounted = row.wasNull();
                    tables.table(
                            row.getString(1),
                            row.getString(2),
                            view ? "VIEW" : "TABLE",
                            uncounted ? -1 : rows,
                            view ? null : emptyToNull(row.getString(5)));
                    if (!row.getString(6).equals("YES")) {
                        tables.withoutTransactions(row.getString(1), row.getString(2));
                    }
                }
            }
            try (ResultSet row = statement.executeQuery(COLUMNS)) {
                while (row.next()) {
                    tables.column(row.getString("s"), row.getString("t"), column(row));
                }
            }
            try (ResultSet row = statement.executeQuery(KEYS)) {
                while (row.next()) {
                    String key = row.getString(3);
                    tables.keyColumn(row.getString(1), row.getString(2), key, key.equals("PRIMARY"), row.getString(4));
                }
            }
            try (ResultSet rows = statement.executeQuery(FOREIGN_KEYS)) {
                tables.foreignKeys(rows);
            }
            statistics(statement);
        }
        return tables.catalog();
    }

    private void statistics(Statement statement) throws SQLException {
        boolean mayRead;
        try (ResultSet row = statement.executeQuery(MAY_READ_COLUMN_STATISTICS)) {
            mayRead = row.next();
        }
        if (mayRead) {
            try (ResultSet row = statement.executeQuery(COLUMN_STATISTICS)) {
                while (row.next()) {
                    tables.nulls(row.getString(1), row.getString(2), row.getString(3), row.getDouble(4));
                    double values = row.getDouble(5);
                    if (values > 0) {
                        tables.distinct(row.getString(1), row.getString(2), row.getString(3), values);
                    }
                }
            }
        }
        // after those: an index is kept up to date, they are as old as the last ANALYZE
        try (ResultSet row = statement.executeQuery(STATISTICS)) {
            while (row.next()) {
                tables.distinct(row.getString(1), row.getString(2), row.getString(3), row.getDouble(4));
            }
        }
    }

    private SourceColumn column(ResultSet row) throws SQLException {
        String extra = row.getString("extra").toLowerCase(Locale.ROOT);
        String nativeType = row.getString("column_type");
        return new SourceColumn(
                row.getString("name"),
                types.createTypeWithNullability(
                        type(row, nativeType), row.getString("nullable").equals("YES")),
                nativeType,
                row.getString("default_expression"),
                // DEFAULT_GENERATED is MySQL's word for a default that is an expression.
                extra.contains("auto_increment") || extra.contains("virtual") || extra.contains("stored"),
                emptyToNull(row.getString("comment")));
    }

    private RelDataType type(ResultSet row, String nativeType) throws SQLException {
        boolean unsigned = nativeType.contains("unsigned");
        return switch (row.getString("data_type").toLowerCase(Locale.ROOT)) {
            case "tinyint" ->
                nativeType.equals("tinyint(1)")
                        ? types.createSqlType(SqlTypeName.BOOLEAN)
                        : types.createSqlType(unsigned ? SqlTypeName.SMALLINT : SqlTypeName.TINYINT);
            case "smallint" -> types.createSqlType(unsigned ? SqlTypeName.INTEGER : SqlTypeName.SMALLINT);
            case "year" -> types.createSqlType(SqlTypeName.SMALLINT);
            case "mediumint" -> types.createSqlType(SqlTypeName.INTEGER);
            case "int" -> types.createSqlType(unsigned ? SqlTypeName.BIGINT : SqlTypeName.INTEGER);
            case "bigint" -> unsigned ? Decimals.of(types, 20, 0) : types.createSqlType(SqlTypeName.BIGINT);
            case "decimal" -> Decimals.of(types, row.getInt("digits"), row.getInt("scale"));
            case "float" -> types.createSqlType(SqlTypeName.REAL);
            case "double" -> types.createSqlType(SqlTypeName.DOUBLE);
            case "date" -> types.createSqlType(SqlTypeName.DATE);
            case "time" -> types.createSqlType(SqlTypeName.TIME, row.getInt("fraction"));
            case "datetime" -> types.createSqlType(SqlTypeName.TIMESTAMP, row.getInt("fraction"));
            case "timestamp" -> types.createSqlType(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, row.getInt("fraction"));
            case "bit" ->
                types.createSqlType(nativeType.equals("bit(1)") ? SqlTypeName.BOOLEAN : SqlTypeName.VARBINARY);
            case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "geometry", "point" ->
                types.createSqlType(SqlTypeName.VARBINARY);
            case "uuid" -> types.createSqlType(SqlTypeName.UUID);
            // Not CHAR: the blanks that would pad it are taken off here.
            case "char", "varchar" -> types.createSqlType(SqlTypeName.VARCHAR, row.getInt("characters"));
            default -> types.createSqlType(SqlTypeName.VARCHAR);
        };
    }

    private static @Nullable String emptyToNull(@Nullable String text) {
        return text == null || text.isEmpty() ? null : text;
    }
}
