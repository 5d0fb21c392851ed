package dev.nicol.adapters.postgres;

import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.SourceTables;
import dev.nicol.adapters.dialect.Decimals;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** Reads pg_catalog in six queries, however many tables there are. */
final class PostgresCatalog {
    private static final String OWN_SCHEMAS = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
            + " AND n.nspname !~ '^pg_(toast_)?temp_' AND has_schema_privilege(n.oid, 'USAGE')";

    /** Partitions are left out: policies stand on the table they belong to. */
    private static final String OWN_TABLES = OWN_SCHEMAS
            + " AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition"
            + " AND (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE')"
            + " OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE'))";

    /** Where a table was never analysed, its size in pages of 8 KiB at a guessed 80 rows each. */
    private static final String ROW_COUNT = "CASE WHEN c.relkind IN ('v', 'f') THEN -1"
            + " WHEN c.reltuples >= 0 THEN c.reltuples"
            + " WHEN c.relkind = 'p' THEN -1 ELSE pg_relation_size(c.oid) / 8192 * 80 END";

    private static final String TABLES = "SELECT n.nspname, c.relname, c.relkind IN ('v', 'm') AS is_view, " + ROW_COUNT
            + " AS row_count, obj_description(c.oid, 'pg_class') AS comment"
            + " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " + OWN_TABLES;

    /** A domain is its base type, an array is told by its element. */
    private static final String COLUMNS = "SELECT n.nspname, c.relname, a.attname, a.attnotnull,"
            + " format_type(a.atttypid, a.atttypmod) AS native_type, b.typname, b.typtype,"
            + " CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END AS type_modifier,"
            + " e.typname AS element_type, pg_get_expr(d.adbin, d.adrelid) AS default_expression,"
            + " a.attidentity <> '' OR a.attgenerated <> '' AS generated,"
            + " col_description(c.oid, a.attnum) AS comment"
            + " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            + " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            + " JOIN pg_type t ON t.oid = a.atttypid"
            + " JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END"
            + " LEFT JOIN pg_type e ON e.oid = b.typelem AND b.typcategory = 'A'"
            + " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
            + " WHERE " + OWN_TABLES + " ORDER BY c.oid, a.attnum";

    private static final String KEYS = "SELECT n.nspname, c.relname, x.relname, i.indisprimary, a.attname"
            + " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            + " JOIN pg_class x ON x.oid = i.indexrelid"
            + " CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)"
            + " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum"
            + " WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL"
            + " AND k.position <= i.indnkeyatts AND " + OWN_TABLES
            + " ORDER BY NOT i.indisprimary, i.indexrelid, k.position";

    /** Those of whole tables: keys of and to partitions follow from them. */
    private static final String FOREIGN_KEYS =
            "SELECT n.nspname, c.relname, k.conname, a.attname, rn.nspname, rc.relname,"
                    + " ra.attname, " + rule("k.confupdtype") + ", " + rule("k.confdeltype") + " FROM pg_constraint k"
                    + " JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
                    + " JOIN pg_class rc ON rc.oid = k.confrelid JOIN pg_namespace rn ON rn.oid = rc.relnamespace"
                    + " CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS p(own, other, position)"
                    + " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.own"
                    + " JOIN pg_attribute ra ON ra.attrelid = rc.oid AND ra.attnum = p.other"
                    + " WHERE k.contype = 'f' AND k.conparentid = 0 AND " + OWN_TABLES
                    + " ORDER BY k.conrelid, k.conname, p.position";

    /** Numbers of values only: what the values are is not read. */
    private static final String STATISTICS = "SELECT schemaname, tablename, attname, n_distinct, null_frac"
            + " FROM pg_stats WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY inherited";

    /** The modifier of a varchar or numeric counts four bytes of header. */
    private static final int HEADER_BYTES = 4;

    private final Connection connection;
    private final SourceTables tables;
    private final RelDataTypeFactory types;

    PostgresCatalog(Connection connection, SourceDefinition definition, RelDataTypeFactory types) {
        this.connection = connection;
        this.tables = new SourceTables(definition);
        this.types = types;
    }

    SourceCatalog read() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            try (ResultSet row = statement.executeQuery("SELECT n.nspname FROM pg_namespace n WHERE " + OWN_SCHEMAS)) {
                while (row.next()) {
                    tables.schema(row.getString(1));
                }
            }
            try (ResultSet row = statement.executeQuery(TABLES)) {
                while (row.next()) {
                    String kind = row.getBoolean("is_view") ? "VIEW" : "TABLE";
                    tables.table(
                            row.getString(1),
                            row.getString(2),
                            kind,
                            row.getDouble("row_count"),
                            row.getString("comment"));
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
            try (ResultSet row = statement.executeQuery(STATISTICS)) {
                while (row.next()) {
                    String schema = row.getString(1);
                    String table = row.getString(2);
                    String column = row.getString(3);
                    double values = row.getDouble(4);
                    // 0 is of a column that was NULL wherever it was looked at, or of values that nothing compares
                    if (values != 0) {
                        tables.distinct(schema, table, column, values);
                    }
                    tables.nulls(schema, table, column, row.getDouble(5));
                }
            }
        }
        return tables.catalog();
    }

    private static String rule(String code) {
        return "CASE " + code + " WHEN 'c' THEN 'CASCADE' WHEN 'r' THEN 'RESTRICT' WHEN 'n' THEN 'SET NULL'"
                + " WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END";
    }

    private SourceColumn column(ResultSet row) throws SQLException {
        String element = row.getString("element_type");
        int modifier = row.getInt("type_modifier");
        RelDataType type = element == null || row.getString("typtype").equals("d")
                ? type(row.getString("typname"), modifier)
                : types.createArrayType(types.createTypeWithNullability(type(element, modifier), true), -1);
        return new SourceColumn(
                row.getString("attname"),
                types.createTypeWithNullability(type, !row.getBoolean("attnotnull")),
                row.getString("native_type"),
                row.getString("default_expression"),
                row.getBoolean("generated") || isSerial(row.getString("default_expression")),
                row.getString("comment"));
    }

    private static boolean isSerial(@Nullable String defaultExpression) {
        return defaultExpression != null && defaultExpression.startsWith("nextval(");
    }

    private RelDataType type(String name, int modifier) {
        return switch (name) {
            case "bool" -> types.createSqlType(SqlTypeName.BOOLEAN);
            case "int2" -> types.createSqlType(SqlTypeName.SMALLINT);
            case "int4" -> types.createSqlType(SqlTypeName.INTEGER);
            case "int8", "oid" -> types.createSqlType(SqlTypeName.BIGINT);
            case "float4" -> types.createSqlType(SqlTypeName.REAL);
            case "float8" -> types.createSqlType(SqlTypeName.DOUBLE);
            case "numeric" -> decimal(modifier);
            case "bpchar" ->
                modifier > HEADER_BYTES
                        ? types.createSqlType(SqlTypeName.CHAR, modifier - HEADER_BYTES)
                        : types.createSqlType(SqlTypeName.VARCHAR);
            case "varchar" ->
                modifier > HEADER_BYTES
                        ? types.createSqlType(SqlTypeName.VARCHAR, modifier - HEADER_BYTES)
                        : types.createSqlType(SqlTypeName.VARCHAR);
            case "bytea" -> types.createSqlType(SqlTypeName.VARBINARY);
            case "date" -> types.createSqlType(SqlTypeName.DATE);
            case "time" -> types.createSqlType(SqlTypeName.TIME, modifier < 0 ? 6 : modifier);
            case "timestamp" -> types.createSqlType(SqlTypeName.TIMESTAMP, modifier < 0 ? 6 : modifier);
            case "timestamptz" ->
                types.createSqlType(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, modifier < 0 ? 6 : modifier);
            case "uuid" -> types.createSqlType(SqlTypeName.UUID);
            // text, json, inet, interval, enums, ranges, and whatever extensions bring: read as text.
            default -> types.createSqlType(SqlTypeName.VARCHAR);
        };
    }

    private RelDataType decimal(int modifier) {
        if (modifier < HEADER_BYTES) {
            return Decimals.unbounded(types);
        }
        int precision = ((modifier - HEADER_BYTES) >> 16) & 0xffff;
        // Eleven bits with a sign: scales may be negative.
        int scale = (((modifier - HEADER_BYTES) & 0x7ff) ^ 1024) - 1024;
        return Decimals.of(types, precision, scale);
    }
}
