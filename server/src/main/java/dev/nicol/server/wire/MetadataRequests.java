package dev.nicol.server.wire;

import dev.nicol.adapters.SourceKey;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.SubjectCatalog;
import dev.nicol.server.catalog.SubjectCatalog.VisibleTable;
import dev.nicol.server.catalog.SubjectCatalogs;
import java.sql.DatabaseMetaData;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.calcite.avatica.remote.Service.ColumnsRequest;
import org.apache.calcite.avatica.remote.Service.SchemasRequest;
import org.apache.calcite.avatica.remote.Service.TablesRequest;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** JDBC metadata as row lists, from the subject's own catalogue: what a subject may not see is not there. */
final class MetadataRequests {
    private static final List<String> TABLE_TYPES = List.of("SYSTEM TABLE", "TABLE", "VIEW");

    /** Bytes of UTF-8 that a character takes at most. */
    private static final int MAX_CHARACTER_BYTES = 4;

    private static final int DECIMAL_RADIX = 10;

    private final SubjectCatalogs catalogs;

    MetadataRequests(SubjectCatalogs catalogs) {
        this.catalogs = catalogs;
    }

    MetadataRows catalogs(WireConnection connection) {
        Stream<@Nullable Object[]> rows =
                catalogOf(connection).schemas().keySet().stream().sorted().map(name -> row(name));
        return new MetadataRows(MetadataRows.CATALOGS, rows.toList());
    }

    MetadataRows schemas(WireConnection connection, SchemasRequest request) {
        Predicate<String> catalogs = exact(request.catalog);
        NamePatternMatcher schemas = NamePatternMatcher.of(request.schemaPattern);
        List<@Nullable Object[]> rows = new ArrayList<>();
        catalogOf(connection).schemas().forEach((catalog, names) -> {
            if (catalogs.test(catalog)) {
                names.stream().filter(schemas::matches).forEach(schema -> rows.add(row(schema, catalog)));
            }
        });
        rows.sort(Comparator.comparing((@Nullable Object[] row) -> text(row[1])).thenComparing(row -> text(row[0])));
        return new MetadataRows(MetadataRows.SCHEMAS, rows);
    }

    MetadataRows tables(WireConnection connection, TablesRequest request) {
        List<String> kinds = request.typeList == null ? List.of() : request.typeList;
        List<@Nullable Object[]> rows = matching(
                        connection, request.catalog, request.schemaPattern, request.tableNamePattern)
                .filter(table -> kinds.isEmpty() || kinds.stream().anyMatch(table.kind()::equalsIgnoreCase))
                .sorted(Comparator.comparing(VisibleTable::kind).thenComparing(MetadataRequests::byName))
                .map(MetadataRequests::tableRow)
                .toList();
        return new MetadataRows(MetadataRows.TABLES, rows);
    }

    MetadataRows columns(WireConnection connection, ColumnsRequest request) {
        NamePatternMatcher columns = NamePatternMatcher.of(request.columnNamePattern);
        List<@Nullable Object[]> rows = new ArrayList<>();
        matching(connection, request.catalog, request.schemaPattern, request.tableNamePattern)
                .sorted(MetadataRequests::byName)
                .forEach(table -> table.rowType().getFieldList().stream()
                        .filter(field -> columns.matches(field.getName()))
                        .forEach(field -> rows.add(columnRow(table, field))));
        return new MetadataRows(MetadataRows.COLUMNS, rows);
    }

    /** @param names of catalog, schema and table, no patterns; null for any */
    MetadataRows primaryKeys(WireConnection connection, @Nullable Object[] names) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        catalogOf(connection).tables().stream()
                .filter(table -> named(table.name(), names))
                .sorted(MetadataRequests::byName)
                .forEach(table -> table.keys().stream()
                        .filter(key -> key.kind() == SourceKey.Kind.PRIMARY)
                        .forEach(key -> key.columns().stream()
                                .sorted()
                                .forEach(column -> rows.add(keyRow(table, key, column)))));
        return new MetadataRows(MetadataRows.PRIMARY_KEYS, rows);
    }

    private static boolean named(TableName table, @Nullable Object[] names) {
        List<String> parts = table.parts();
        for (int i = 0; i < parts.size(); i++) {
            boolean any = i >= names.length || names[i] == null;
            if (!any && !parts.get(i).equalsIgnoreCase(text(names[i]))) {
                return false;
            }
        }
        return true;
    }

    private static @Nullable Object[] keyRow(VisibleTable of, SourceKey key, String column) {
        TableName table = of.name();
        RelDataTypeField field = of.rowType().getField(column, true, false);
        WireType wire = WireType.of(
                Objects.requireNonNull(field, "a column that is seen").getType());
        return row(
                table.catalog(),
                table.schema(),
                table.table(),
                column,
                (short) (key.columns().indexOf(column) + 1),
                key.name(),
                null,
                wire.metadataType(),
                wire.type().name,
                wire.columnSize(),
                wire.metadataType(),
                null);
    }

    MetadataRows tableTypes() {
        List<@Nullable Object[]> rows =
                TABLE_TYPES.stream().map(name -> row(name)).toList();
        return new MetadataRows(MetadataRows.TABLE_TYPES, rows);
    }

    MetadataRows typeInfo() {
        List<@Nullable Object[]> rows = WireType.listed().stream()
                .map(MetadataRequests::typeRow)
                .sorted(Comparator.comparing(row -> (Integer) row[1]))
                .toList();
        return new MetadataRows(MetadataRows.TYPE_INFO, rows);
    }

    private SubjectCatalog catalogOf(WireConnection connection) {
        return catalogs.of(connection.session().subject());
    }

    private Stream<VisibleTable> matching(
            WireConnection connection,
            @Nullable String catalog,
            @Nullable String schemaPattern,
            @Nullable String tablePattern) {
        Predicate<String> catalogs = exact(catalog);
        NamePatternMatcher schemas = NamePatternMatcher.of(schemaPattern);
        NamePatternMatcher tables = NamePatternMatcher.of(tablePattern);
        return catalogOf(connection).tables().stream()
                .filter(table -> catalogs.test(table.name().catalog())
                        && schemas.matches(table.name().schema())
                        && tables.matches(table.name().table()));
    }

    /** A catalog is a name, no pattern; null asks for all. */
    private static Predicate<String> exact(@Nullable String catalog) {
        return name -> catalog == null || catalog.equalsIgnoreCase(name);
    }

    private static int byName(VisibleTable one, VisibleTable other) {
        return one.name().compareTo(other.name());
    }

    private static @Nullable Object[] tableRow(VisibleTable table) {
        TableName name = table.name();
        return row(
                name.catalog(),
                name.schema(),
                name.table(),
                table.kind(),
                table.comment(),
                null,
                null,
                null,
                null,
                null);
    }

    private static @Nullable Object[] columnRow(VisibleTable of, RelDataTypeField column) {
        TableName table = of.name();
        WireType wire = WireType.of(column.getType());
        boolean nullable = column.getType().isNullable();
        return row(
                table.catalog(),
                table.schema(),
                table.table(),
                column.getName(),
                wire.metadataType(),
                wire.type().name,
                wire.columnSize(),
                null,
                decimalDigits(wire),
                wire.numeric() ? DECIMAL_RADIX : null,
                nullable ? DatabaseMetaData.columnNullable : DatabaseMetaData.columnNoNulls,
                of.columnComments().get(column.getName()),
                null,
                null,
                null,
                wire.character() ? wire.precision() * MAX_CHARACTER_BYTES : null,
                column.getIndex() + 1,
                nullable ? "YES" : "NO",
                null,
                null,
                null,
                null,
                "NO",
                "");
    }

    private static @Nullable Integer decimalDigits(WireType wire) {
        return switch (wire.metadataType()) {
            case Types.TIME, Types.TIMESTAMP -> wire.precision();
            case Types.TINYINT, Types.SMALLINT, Types.INTEGER, Types.BIGINT, Types.DECIMAL -> wire.scale();
            default -> null;
        };
    }

    private static @Nullable Object[] typeRow(SqlTypeName name) {
        WireType wire = WireType.of(MetadataRows.listedType(name));
        String prefix = literalPrefix(name);
        boolean exact = wire.metadataType() == Types.DECIMAL;
        return row(
                wire.type().name,
                wire.metadataType(),
                wire.columnSize(),
                prefix,
                prefix == null ? null : "'",
                createParameters(name),
                (short) DatabaseMetaData.typeNullable,
                wire.character(),
                (short) DatabaseMetaData.typeSearchable,
                !wire.signed(),
                false,
                false,
                wire.type().name,
                (short) 0,
                (short) (exact ? wire.precision() : 0),
                null,
                null,
                wire.numeric() ? DECIMAL_RADIX : null);
    }

    private static @Nullable String literalPrefix(SqlTypeName name) {
        return switch (name) {
            case CHAR, VARCHAR -> "'";
            case BINARY, VARBINARY -> "x'";
            case DATE -> "DATE '";
            case TIME -> "TIME '";
            case TIMESTAMP -> "TIMESTAMP '";
            default -> null;
        };
    }

    private static @Nullable String createParameters(SqlTypeName name) {
        return switch (name) {
            case CHAR, VARCHAR, BINARY, VARBINARY -> "length";
            case DECIMAL -> "precision,scale";
            case TIME, TIMESTAMP -> "precision";
            default -> null;
        };
    }

    private static @Nullable Object[] row(@Nullable Object... values) {
        return values;
    }

    private static String text(@Nullable Object value) {
        return String.valueOf(value);
    }
}
