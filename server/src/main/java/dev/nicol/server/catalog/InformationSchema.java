package dev.nicol.server.catalog;

import dev.nicol.policy.TableName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.schema.Table;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** {@code nicol.information_schema}: the subject's own catalogue as tables. */
final class InformationSchema {
    static final String SCHEMA = "information_schema";

    /** The one number that a row may lack. */
    private static final String OF_UNIQUE = "position_in_unique_constraint";

    private InformationSchema() {}

    /**
     * The tables by name.
     *
     * @param visible asked when a query is planned, so that the tables can list themselves
     * @param remarks comments on virtual schemas, by lower-case name
     * @param views those that the subject may know of, asked likewise
     */
    static Map<String, Table> tables(
            Supplier<List<SubjectCatalog.VisibleTable>> visible,
            Map<String, String> remarks,
            Supplier<List<ViewFacts>> views) {
        Map<String, Table> tables = new LinkedHashMap<>();
        tables.put(
                "schemata",
                new FactsTable(
                        "schemata",
                        List.of("catalog_name", "schema_name", "remarks"),
                        List.of(),
                        () -> schemata(visible.get(), remarks)));
        tables.put(
                "tables",
                new FactsTable(
                        "tables",
                        List.of("table_catalog", "table_schema", "table_name", "table_type", "remarks"),
                        List.of(),
                        () -> tableRows(visible.get())));
        tables.put(
                "columns",
                new FactsTable(
                        "columns",
                        List.of(
                                "table_catalog",
                                "table_schema",
                                "table_name",
                                "column_name",
                                "data_type",
                                "is_nullable",
                                "remarks"),
                        List.of("ordinal_position"),
                        () -> columnRows(visible.get())));
        keys(visible, tables);
        tables.putAll(viewTables(visible, views));
        return tables;
    }

    private static Map<String, Table> viewTables(
            Supplier<List<SubjectCatalog.VisibleTable>> visible, Supplier<List<ViewFacts>> views) {
        Map<String, Table> tables = new LinkedHashMap<>();
        tables.put(
                "views",
                new FactsTable(
                        "views",
                        List.of(
                                "table_catalog",
                                "table_schema",
                                "table_name",
                                "view_definition",
                                "owner",
                                "problem",
                                "drift",
                                "remarks"),
                        List.of(),
                        () -> viewRows(visible.get(), views.get())));
        tables.put(
                "view_table_usage",
                new FactsTable(
                        "view_table_usage",
                        List.of(
                                "view_catalog",
                                "view_schema",
                                "view_name",
                                "table_catalog",
                                "table_schema",
                                "table_name"),
                        List.of(),
                        () -> usageRows(views.get())));
        return tables;
    }

    private static void keys(Supplier<List<SubjectCatalog.VisibleTable>> visible, Map<String, Table> tables) {
        tables.put(
                "table_constraints",
                new FactsTable("table_constraints", KeyFacts.CONSTRAINTS, List.of(), () -> new KeyFacts(visible.get())
                        .constraints()));
        tables.put(
                "key_column_usage",
                new FactsTable(
                        "key_column_usage",
                        KeyFacts.COLUMNS,
                        List.of("ordinal_position", OF_UNIQUE),
                        () -> new KeyFacts(visible.get()).columns()));
        tables.put(
                "referential_constraints",
                new FactsTable(
                        "referential_constraints", KeyFacts.REFERENCES, List.of(), () -> new KeyFacts(visible.get())
                                .references()));
    }

    private static List<@Nullable Object[]> schemata(
            List<SubjectCatalog.VisibleTable> visible, Map<String, String> remarks) {
        return visible.stream()
                .map(table -> List.of(table.name().catalog(), table.name().schema()))
                .distinct()
                .<@Nullable Object[]>map(names -> new @Nullable Object[] {
                    names.get(0),
                    names.get(1),
                    names.get(0).equals(VirtualSchemas.CATALOG) ? remarks.get(VirtualSchemas.lower(names.get(1))) : null
                })
                .toList();
    }

    private static List<@Nullable Object[]> tableRows(List<SubjectCatalog.VisibleTable> visible) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (SubjectCatalog.VisibleTable table : visible) {
            TableName name = table.name();
            rows.add(new @Nullable Object[] {name.catalog(), name.schema(), name.table(), table.kind(), table.comment()
            });
        }
        return rows;
    }

    private static List<@Nullable Object[]> columnRows(List<SubjectCatalog.VisibleTable> visible) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (SubjectCatalog.VisibleTable table : visible) {
            TableName name = table.name();
            for (RelDataTypeField field : table.rowType().getFieldList()) {
                RelDataType type = field.getType();
                rows.add(new @Nullable Object[] {
                    name.catalog(),
                    name.schema(),
                    name.table(),
                    field.getName(),
                    type.getSqlTypeName().getName(),
                    type.isNullable() ? "YES" : "NO",
                    table.columnComments().get(field.getName()),
                    field.getIndex() + 1
                });
            }
        }
        return rows;
    }

    /**
     * What a subject may know of a virtual view.
     *
     * @param definition empty where the subject may not see it; {@code owner}, {@code problem} and {@code drift} are null then
     * @param problem why it does not hold; null where it does
     * @param drift what is not as it was when it was defined; null where all is
     * @param uses tables and views that it names and the subject may know of
     */
    record ViewFacts(
            TableName name,
            String definition,
            @Nullable String owner,
            @Nullable String problem,
            @Nullable String drift,
            @Nullable String comment,
            Set<TableName> uses) {}

    private static List<@Nullable Object[]> viewRows(List<SubjectCatalog.VisibleTable> visible, List<ViewFacts> views) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (ViewFacts view : views) {
            TableName name = view.name();
            rows.add(new @Nullable Object[] {
                name.catalog(),
                name.schema(),
                name.table(),
                view.definition(),
                view.owner(),
                view.problem(),
                view.drift(),
                view.comment()
            });
        }
        for (SubjectCatalog.VisibleTable table : visible) {
            TableName name = table.name();
            if (table.kind().equals("VIEW") && !name.catalog().equals(VirtualSchemas.CATALOG)) {
                rows.add(new @Nullable Object[] {
                    name.catalog(), name.schema(), name.table(), "", null, null, null, table.comment()
                });
            }
        }
        return rows;
    }

    private static List<@Nullable Object[]> usageRows(List<ViewFacts> views) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (ViewFacts view : views) {
            TableName name = view.name();
            view.uses()
                    .forEach(used -> rows.add(new @Nullable Object[] {
                        name.catalog(), name.schema(), name.table(), used.catalog(), used.schema(), used.table()
                    }));
        }
        return rows;
    }

    /** A table of facts: text columns first, then integer ones. */
    private static final class FactsTable extends AbstractTable implements TranslatableTable {
        private final String name;
        private final List<String> texts;
        private final List<String> integers;
        private final Supplier<List<@Nullable Object[]>> rows;

        FactsTable(String name, List<String> texts, List<String> integers, Supplier<List<@Nullable Object[]>> rows) {
            this.name = name;
            this.texts = texts;
            this.integers = integers;
            this.rows = rows;
        }

        @Override
        public RelDataType getRowType(RelDataTypeFactory types) {
            RelDataTypeFactory.Builder row = types.builder();
            RelDataType text = types.createTypeWithNullability(types.createSqlType(SqlTypeName.VARCHAR), true);
            texts.forEach(column -> row.add(column, text));
            integers.forEach(column -> row.add(
                    column,
                    types.createTypeWithNullability(
                            types.createSqlType(SqlTypeName.INTEGER), column.equals(OF_UNIQUE))));
            return row.build();
        }

        @Override
        public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
            List<@Nullable Object[]> facts = List.copyOf(rows.get());
            return new CatalogScan(
                    context.getCluster(), SCHEMA + "." + name, table.getRowType(), facts.size(), execution -> facts);
        }
    }
}
