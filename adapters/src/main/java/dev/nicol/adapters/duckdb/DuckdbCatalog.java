package dev.nicol.adapters.duckdb;

import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.SourceTables;
import dev.nicol.adapters.dialect.Decimals;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeName;

/** Reads DuckDB's table functions in six queries, however many tables there are. */
final class DuckdbCatalog {
    private static final String OWN = " WHERE database_name = current_database() AND NOT internal";

    private static final String SCHEMAS = "SELECT schema_name FROM duckdb_schemas()"
            + " WHERE database_name = current_database() AND (NOT internal OR schema_name = 'main')"
            + " AND schema_name NOT IN ('information_schema', 'pg_catalog')";

    private static final String TABLES =
            "SELECT schema_name, table_name, estimated_size, comment FROM duckdb_tables()" + OWN;

    private static final String VIEWS = "SELECT schema_name, view_name, comment FROM duckdb_views()" + OWN;

    private static final String COLUMNS = "SELECT schema_name, table_name, column_name, is_nullable, data_type,"
            + " column_default, comment FROM duckdb_columns()" + OWN
            + " ORDER BY schema_name, table_name, column_index";

    private static final String KEYS = "SELECT schema_name, table_name, constraint_name,"
            + " constraint_type = 'PRIMARY KEY', unnest(constraint_column_names) FROM duckdb_constraints()"
            + " WHERE database_name = current_database() AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')"
            + " ORDER BY schema_name, table_name, constraint_type, constraint_index";

    /** They are to tables of their own schema, and refuse what would break them. */
    private static final String FOREIGN_KEYS = "SELECT schema_name, table_name, constraint_name,"
            + " unnest(constraint_column_names), schema_name, referenced_table, unnest(referenced_column_names),"
            + " 'NO ACTION', 'NO ACTION' FROM duckdb_constraints()"
            + " WHERE database_name = current_database() AND constraint_type = 'FOREIGN KEY'"
            + " ORDER BY schema_name, table_name, constraint_index";

    private static final Pattern DECIMAL = Pattern.compile("DECIMAL\\((\\d+),(\\d+)\\)");
    private static final Pattern ARRAY = Pattern.compile("(.*)\\[\\d*\\]");

    private final Connection connection;
    private final SourceTables tables;
    private final RelDataTypeFactory types;

    DuckdbCatalog(Connection connection, SourceDefinition definition, RelDataTypeFactory types) {
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
                    tables.table(row.getString(1), row.getString(2), "TABLE", row.getDouble(3), row.getString(4));
                }
            }
            try (ResultSet row = statement.executeQuery(VIEWS)) {
                while (row.next()) {
                    tables.table(row.getString(1), row.getString(2), "VIEW", -1, row.getString(3));
                }
            }
            try (ResultSet row = statement.executeQuery(COLUMNS)) {
                while (row.next()) {
                    tables.column(row.getString(1), row.getString(2), column(row));
                }
            }
            try (ResultSet row = statement.executeQuery(KEYS)) {
                while (row.next()) {
                    tables.keyColumn(
                            row.getString(1), row.getString(2), row.getString(3), row.getBoolean(4), row.getString(5));
                }
            }
            try (ResultSet rows = statement.executeQuery(FOREIGN_KEYS)) {
                tables.foreignKeys(rows);
            }
        }
        return tables.catalog();
    }

    private SourceColumn column(ResultSet row) throws SQLException {
        String nativeType = row.getString("data_type");
        String defaultExpression = row.getString("column_default");
        return new SourceColumn(
                row.getString("column_name"),
                types.createTypeWithNullability(type(nativeType), row.getBoolean("is_nullable")),
                nativeType,
                defaultExpression,
                defaultExpression != null && defaultExpression.startsWith("nextval("),
                row.getString("comment"));
    }

    private RelDataType type(String name) {
        Matcher array = ARRAY.matcher(name);
        if (array.matches()) {
            return types.createArrayType(types.createTypeWithNullability(type(array.group(1)), true), -1);
        }
        Matcher decimal = DECIMAL.matcher(name);
        if (decimal.matches()) {
            return Decimals.of(types, Integer.parseInt(decimal.group(1)), Integer.parseInt(decimal.group(2)));
        }
        return switch (name) {
            case "BOOLEAN" -> types.createSqlType(SqlTypeName.BOOLEAN);
            case "TINYINT" -> types.createSqlType(SqlTypeName.TINYINT);
            case "SMALLINT", "UTINYINT" -> types.createSqlType(SqlTypeName.SMALLINT);
            case "INTEGER", "USMALLINT" -> types.createSqlType(SqlTypeName.INTEGER);
            case "BIGINT", "UINTEGER" -> types.createSqlType(SqlTypeName.BIGINT);
            case "UBIGINT" -> Decimals.of(types, 20, 0);
            case "HUGEINT", "UHUGEINT" -> Decimals.of(types, 38, 0);
            case "FLOAT" -> types.createSqlType(SqlTypeName.REAL);
            case "DOUBLE" -> types.createSqlType(SqlTypeName.DOUBLE);
            case "DATE" -> types.createSqlType(SqlTypeName.DATE);
            case "TIME" -> types.createSqlType(SqlTypeName.TIME, 6);
            case "TIMESTAMP" -> types.createSqlType(SqlTypeName.TIMESTAMP, 6);
            case "TIMESTAMP_S" -> types.createSqlType(SqlTypeName.TIMESTAMP, 0);
            case "TIMESTAMP_MS" -> types.createSqlType(SqlTypeName.TIMESTAMP, 3);
            case "TIMESTAMP_NS" -> types.createSqlType(SqlTypeName.TIMESTAMP, 9);
            case "TIMESTAMP WITH TIME ZONE" -> types.createSqlType(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, 6);
            case "BLOB" -> types.createSqlType(SqlTypeName.VARBINARY);
            case "UUID" -> types.createSqlType(SqlTypeName.UUID);
            default -> types.createSqlType(SqlTypeName.VARCHAR);
        };
    }
}
