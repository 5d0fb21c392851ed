package dev.nicol.server.catalog;

import dev.nicol.adapters.execution.ExactCast;
import dev.nicol.policy.TableName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.schema.Table;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/**
 * How what a view reads differs from what it was when the view was defined.
 *
 * @param hidden columns that tables got since, which the view does not see
 * @param columns of the view, as they were named then, in order; empty where nothing is pinned
 * @param changed by name of the column, the types of then and now
 * @param missing a column that the query does not have any more, or that cannot be what it was; null where there is none
 * @param text one sentence on what a steward should know; null where there is nothing
 */
record ViewDrift(
        Map<TableName, Set<String>> hidden,
        List<String> columns,
        Map<String, Change> changed,
        @Nullable BrokenDefinition missing,
        @Nullable String text) {
    static final ViewDrift NONE = new ViewDrift(Map.of(), List.of(), Map.of(), null, null);

    /** Both without regard to NULL. */
    record Change(RelDataType then, RelDataType now) {}

    /** Columns that tables have and did not have when a view was defined. */
    static Map<TableName, Set<String>> hidden(
            ViewPins pins, Map<TableName, ? extends Table> tables, RelDataTypeFactory types) {
        Map<TableName, Set<String>> hidden = new TreeMap<>();
        pins.tables().forEach((name, columns) -> {
            Table table = tables.get(name);
            if (table instanceof TranslatableTable) {
                Set<String> known = columns.stream().map(ViewDrift::lower).collect(Collectors.toSet());
                Set<String> more = new TreeSet<>(table.getRowType(types).getFieldNames());
                more.removeIf(column -> known.contains(lower(column)));
                if (!more.isEmpty()) {
                    hidden.put(name, more);
                }
            }
        });
        return hidden;
    }

    /** The tables, with those narrowed that have columns which the view does not see. */
    static <T extends Table> Map<TableName, Table> narrowed(
            Map<TableName, T> tables, Map<TableName, Set<String>> hidden) {
        Map<TableName, Table> seen = new LinkedHashMap<>(tables);
        hidden.forEach((name, columns) -> {
            if (tables.get(name) instanceof TranslatableTable table) {
                seen.put(name, new NarrowedTable(table, columns));
            }
        });
        return seen;
    }

    /**
     * Of a view's query over the stored tables, narrowed by {@code hidden}.
     *
     * @param stars whether the definition names columns by {@code *}
     */
    static ViewDrift of(
            ViewPins pins, RelDataType now, Map<TableName, Set<String>> hidden, Set<TableName> named, boolean stars) {
        List<String> texts = new ArrayList<>();
        Map<String, Change> changed = new LinkedHashMap<>();
        BrokenDefinition missing = null;
        for (ViewPins.Column pinned : pins.columns()) {
            RelDataTypeField field = now.getField(pinned.name(), false, false);
            if (field == null) {
                missing = missing != null ? missing : BrokenDefinition.column(pinned.name(), named);
                continue;
            }
            RelDataType type = field.getType();
            if (!SqlTypeUtil.equalSansNullability(type, pinned.type())) {
                texts.add("column `" + pinned.name() + "` was " + pinned.type() + " and is " + type);
                changed.put(pinned.name(), new Change(pinned.type(), type));
                if (!ExactCast.possible(type, pinned.type()) && missing == null) {
                    missing = BrokenDefinition.changed(pinned.name(), pinned.type(), type, named);
                }
            } else if (type.isNullable() != pinned.type().isNullable()) {
                texts.add("column `" + pinned.name() + "` "
                        + (type.isNullable() ? "may be NULL and was not" : "is never NULL and was at times"));
            }
        }
        if (stars) {
            hidden.forEach((table, columns) -> columns.forEach(
                    column -> texts.add("`*` leaves out the new column `" + column + "` of `" + table + "`")));
        }
        List<String> columns =
                pins.columns().stream().map(ViewPins.Column::name).toList();
        boolean same = changed.isEmpty() && now.getFieldNames().equals(columns);
        return new ViewDrift(
                hidden, same ? List.of() : columns, changed, missing, texts.isEmpty() ? null : sentence(texts));
    }

    private static String sentence(List<String> texts) {
        String joined = String.join("; ", texts);
        return joined.substring(0, 1).toUpperCase(Locale.ROOT) + joined.substring(1) + ".";
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
