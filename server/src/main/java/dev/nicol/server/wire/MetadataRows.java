package dev.nicol.server.wire;

import dev.nicol.server.pipeline.StatementResult.RowCursor;
import java.util.Iterator;
import java.util.List;
import org.apache.calcite.jdbc.JavaTypeFactoryImpl;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystem;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * Rows of one JDBC metadata method.
 *
 * @param rowType columns with the names and in the order of {@link java.sql.DatabaseMetaData}
 */
record MetadataRows(RelDataType rowType, List<@Nullable Object[]> rows) {
    private static final RelDataTypeFactory TYPES = new JavaTypeFactoryImpl(RelDataTypeSystem.DEFAULT);

    static final RelDataType CATALOGS = row("TABLE_CAT");

    static final RelDataType SCHEMAS = row("TABLE_SCHEM", "TABLE_CATALOG");

    static final RelDataType TABLE_TYPES = row("TABLE_TYPE");

    static final RelDataType TABLES = row(
            "TABLE_CAT",
            "TABLE_SCHEM",
            "TABLE_NAME",
            "TABLE_TYPE",
            "REMARKS",
            "TYPE_CAT",
            "TYPE_SCHEM",
            "TYPE_NAME",
            "SELF_REFERENCING_COL_NAME",
            "REF_GENERATION");

    static final RelDataType COLUMNS = row(
            "TABLE_CAT",
            "TABLE_SCHEM",
            "TABLE_NAME",
            "COLUMN_NAME",
            "DATA_TYPE:INTEGER",
            "TYPE_NAME",
            "COLUMN_SIZE:INTEGER",
            "BUFFER_LENGTH:INTEGER",
            "DECIMAL_DIGITS:INTEGER",
            "NUM_PREC_RADIX:INTEGER",
            "NULLABLE:INTEGER",
            "REMARKS",
            "COLUMN_DEF",
            "SQL_DATA_TYPE:INTEGER",
            "SQL_DATETIME_SUB:INTEGER",
            "CHAR_OCTET_LENGTH:INTEGER",
            "ORDINAL_POSITION:INTEGER",
            "IS_NULLABLE",
            "SCOPE_CATALOG",
            "SCOPE_SCHEMA",
            "SCOPE_TABLE",
            "SOURCE_DATA_TYPE:SMALLINT",
            "IS_AUTOINCREMENT",
            "IS_GENERATEDCOLUMN");

    /** With columns beyond the standard's that phoenixdb counts on. */
    static final RelDataType PRIMARY_KEYS = row(
            "TABLE_CAT",
            "TABLE_SCHEM",
            "TABLE_NAME",
            "COLUMN_NAME",
            "KEY_SEQ:SMALLINT",
            "PK_NAME",
            "ASC_OR_DESC",
            "DATA_TYPE:INTEGER",
            "TYPE_NAME",
            "COLUMN_SIZE:INTEGER",
            "TYPE_ID:INTEGER",
            "VIEW_CONSTANT");

    static final RelDataType TYPE_INFO = row(
            "TYPE_NAME",
            "DATA_TYPE:INTEGER",
            "PRECISION:INTEGER",
            "LITERAL_PREFIX",
            "LITERAL_SUFFIX",
            "CREATE_PARAMS",
            "NULLABLE:SMALLINT",
            "CASE_SENSITIVE:BOOLEAN",
            "SEARCHABLE:SMALLINT",
            "UNSIGNED_ATTRIBUTE:BOOLEAN",
            "FIXED_PREC_SCALE:BOOLEAN",
            "AUTO_INCREMENT:BOOLEAN",
            "LOCAL_TYPE_NAME",
            "MINIMUM_SCALE:SMALLINT",
            "MAXIMUM_SCALE:SMALLINT",
            "SQL_DATA_TYPE:INTEGER",
            "SQL_DATETIME_SUB:INTEGER",
            "NUM_PREC_RADIX:INTEGER");

    /** A cursor over the rows, so that a large catalogue goes out in frames like any answer. */
    RowCursor cursor() {
        Iterator<@Nullable Object[]> remaining = rows.iterator();
        return new RowCursor() {
            @Override
            public @Nullable Object @Nullable [] next() {
                return remaining.hasNext() ? remaining.next() : null;
            }

            @Override
            public void cancel() {}

            @Override
            public void sent(long bytes) {}

            @Override
            public void close() {}
        };
    }

    static RelDataType listedType(SqlTypeName name) {
        return TYPES.createSqlType(name);
    }

    /** Fields as {@code NAME} for text, {@code NAME:TYPE} for others; all nullable. */
    private static RelDataType row(String... fields) {
        RelDataTypeFactory.Builder row = TYPES.builder();
        for (String field : fields) {
            int colon = field.indexOf(':');
            String name = colon < 0 ? field : field.substring(0, colon);
            SqlTypeName type = colon < 0 ? SqlTypeName.VARCHAR : SqlTypeName.valueOf(field.substring(colon + 1));
            row.add(name, TYPES.createTypeWithNullability(TYPES.createSqlType(type), true));
        }
        return row.build();
    }
}
