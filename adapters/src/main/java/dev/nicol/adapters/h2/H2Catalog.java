package dev.nicol.adapters.h2;

import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.SourceTables;
import dev.nicol.adapters.dialect.Decimals;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeName;

/** Reads INFORMATION_SCHEMA in six queries, however many tables there are. */
final class H2Catalog {
    private static final String OWN = " <> 'INFORMATION_SCHEMA'";

    private static final String SCHEMAS = "SELECT schema_name FROM information_schema.schemata WHERE schema_name" + OWN;

    private static final String TABLES = "SELECT table_schema, table_name, table_type = 'VIEW', row_count_estimate,"
            + " remarks FROM information_schema.tables WHERE table_schema" + OWN;

    private static final String COLUMNS = "SELECT table_schema, table_name, column_name, is_nullable, data_type,"
            + " character_maximum_length AS characters, numeric_precision AS digits, numeric_scale AS scale,"
            + " datetime_precision AS fraction, column_default, generation_expression, is_identity, remarks,"
            + " dtd_identifier FROM information_schema.columns WHERE table_schema" + OWN
            + " ORDER BY table_schema, table_name, ordinal_position";

    private static final String ELEMENTS = "SELECT object_schema, object_name, collection_type_identifier, data_type,"
            + " character_maximum_length AS characters, numeric_precision AS digits, numeric_scale AS scale,"
            + " datetime_precision AS fraction FROM information_schema.element_types WHERE object_type = 'TABLE'";

    private static final String KEYS = "SELECT k.table_schema, k.table_name, k.constraint_name,"
            + " c.constraint_type = 'PRIMARY KEY', k.column_name"
            + " FROM information_schema.table_constraints c JOIN information_schema.key_column_usage k"
            + " ON k.constraint_schema = c.constraint_schema AND k.constraint_name = c.constraint_name"
            + " WHERE c.constraint_type IN ('PRIMARY KEY', 'UNIQUE') AND k.table_schema" + OWN
            + " ORDER BY c.constraint_type, k.constraint_name, k.ordinal_position";

    private static final String FOREIGN_KEYS = "SELECT k.table_schema, k.table_name, k.constraint_name, k.column_name,"
            + " u.table_schema, u.table_name, u.column_name, r.update_rule, r.delete_rule"
            + " FROM information_schema.referential_constraints r JOIN information_schema.key_column_usage k"
            + " ON k.constraint_schema = r.constraint_schema AND k.constraint_name = r.constraint_name"
            + " JOIN information_schema.key_column_usage u ON u.constraint_schema = r.unique_constraint_schema"
            + " AND u.constraint_name = r.unique_constraint_name"
            + " AND u.ordinal_position = k.position_in_unique_constraint WHERE k.table_schema" + OWN
            + " ORDER BY k.table_schema, k.table_name, k.constraint_name, k.ordinal_position";

    private final Connection connection;
    private final SourceTables tables;
    private final RelDataTypeFactory types;

    /** Types of array elements by schema, table and the column's type identifier. */
    private final Map<String, RelDataType> elements = new HashMap<>();

    H2Catalog(Connection connection, SourceDefinition definition, RelDataTypeFactory types) {
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
                    tables.table(
                            row.getString(1),
                            row.getString(2),
                            view ? "VIEW" : "TABLE",
                            view ? -1 : row.getDouble(4),
                            row.getString(5));
                }
            }
            try (ResultSet row = statement.executeQuery(ELEMENTS)) {
                while (row.next()) {
                    elements.put(
                            row.getString(1) + "." + row.getString(2) + "." + row.getString(3),
                            types.createTypeWithNullability(type(row, "data_type", ""), true));
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
        String element = row.getString("table_schema") + "." + row.getString("table_name") + "."
                + row.getString("dtd_identifier");
        return new SourceColumn(
                row.getString("column_name"),
                types.createTypeWithNullability(
                        type(row, "data_type", element),
                        row.getString("is_nullable").equals("YES")),
                label(row, "data_type"),
                row.getString("column_default"),
                row.getString("is_identity").equals("YES") || row.getString("generation_expression") != null,
                row.getString("remarks"));
    }

    private RelDataType type(ResultSet row, String label, String element) throws SQLException {
        return switch (label(row, label)) {
            case "BOOLEAN" -> types.createSqlType(SqlTypeName.BOOLEAN);
            case "TINYINT" -> types.createSqlType(SqlTypeName.TINYINT);
            case "SMALLINT" -> types.createSqlType(SqlTypeName.SMALLINT);
            case "INTEGER" -> types.createSqlType(SqlTypeName.INTEGER);
            case "BIGINT" -> types.createSqlType(SqlTypeName.BIGINT);
            case "NUMERIC" -> Decimals.of(types, row.getInt("digits"), row.getInt("scale"));
            case "DECFLOAT" -> Decimals.unbounded(types);
            case "REAL" -> types.createSqlType(SqlTypeName.REAL);
            case "DOUBLE PRECISION", "FLOAT" -> types.createSqlType(SqlTypeName.DOUBLE);
            case "DATE" -> types.createSqlType(SqlTypeName.DATE);
            case "TIME" -> types.createSqlType(SqlTypeName.TIME, row.getInt("fraction"));
            case "TIMESTAMP" -> types.createSqlType(SqlTypeName.TIMESTAMP, row.getInt("fraction"));
            case "TIMESTAMP WITH TIME ZONE" ->
                types.createSqlType(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, row.getInt("fraction"));
            case "CHARACTER" -> types.createSqlType(SqlTypeName.CHAR, row.getInt("characters"));
            case "CHARACTER VARYING" -> varchar(row.getLong("characters"));
            case "BINARY", "BINARY VARYING", "BINARY LARGE OBJECT", "JAVA_OBJECT" ->
                types.createSqlType(SqlTypeName.VARBINARY);
            case "UUID" -> types.createSqlType(SqlTypeName.UUID);
            case "ARRAY" -> {
                RelDataType component = elements.get(element);
                yield component == null
                        ? types.createSqlType(SqlTypeName.VARCHAR)
                        : types.createArrayType(component, -1);
            }
            default -> types.createSqlType(SqlTypeName.VARCHAR);
        };
    }

    /** A database that keeps its names in lower case does so with its types too. */
    private static String label(ResultSet row, String column) throws SQLException {
        return row.getString(column).toUpperCase(Locale.ROOT);
    }

    /** Without a declared length H2 says its own greatest, and that varies with its version. */
    private RelDataType varchar(long characters) {
        return characters >= 1_000_000
                ? types.createSqlType(SqlTypeName.VARCHAR)
                : types.createSqlType(SqlTypeName.VARCHAR, (int) characters);
    }
}
