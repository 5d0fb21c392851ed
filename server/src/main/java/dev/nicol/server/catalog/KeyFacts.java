package dev.nicol.server.catalog;

import dev.nicol.adapters.SourceKey;
import dev.nicol.policy.TableName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Keys of the tables that a subject sees, as rows of {@code information_schema}. */
final class KeyFacts {
    private static final List<String> OF_TABLE = List.of(
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "table_catalog",
            "table_schema",
            "table_name");
    static final List<String> CONSTRAINTS = with("constraint_type");
    static final List<String> COLUMNS = with("column_name");
    static final List<String> REFERENCES = List.of(
            "constraint_catalog",
            "constraint_schema",
            "constraint_name",
            "unique_constraint_catalog",
            "unique_constraint_schema",
            "unique_constraint_name",
            "update_rule",
            "delete_rule");

    private final Map<TableName, SubjectCatalog.VisibleTable> tables = new HashMap<>();
    private final List<Shown> shown = new ArrayList<>();

    /** How many tables that the subject sees have a key of one name, by catalog, schema and name. */
    private final Map<List<String>, Integer> names = new HashMap<>();

    private record Shown(TableName table, SourceKey key) {
        List<String> written() {
            return List.of(table.catalog(), table.schema(), key.name());
        }
    }

    KeyFacts(List<SubjectCatalog.VisibleTable> visible) {
        visible.forEach(table -> tables.put(table.name(), table));
        for (SubjectCatalog.VisibleTable table : visible) {
            for (SourceKey key : table.keys()) {
                if (key.reference() == null || seen(key.reference())) {
                    Shown added = new Shown(table.name(), key);
                    shown.add(added);
                    names.merge(added.written(), 1, Integer::sum);
                }
            }
        }
    }

    private boolean seen(SourceKey.Reference reference) {
        SubjectCatalog.VisibleTable to = tables.get(reference.table());
        return to != null && to.rowType().getFieldNames().containsAll(reference.columns());
    }

    private static List<String> with(String column) {
        return Stream.concat(OF_TABLE.stream(), Stream.of(column)).toList();
    }

    List<@Nullable Object[]> constraints() {
        return shown.stream().map(key -> row(key, key.key().kind().toString())).toList();
    }

    List<@Nullable Object[]> columns() {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (Shown key : shown) {
            SourceKey.Reference reference = key.key().reference();
            Shown unique = reference == null ? null : unique(reference);
            for (int i = 0; i < key.key().columns().size(); i++) {
                Integer position = reference == null || unique == null
                        ? null
                        : unique.key().columns().indexOf(reference.columns().get(i)) + 1;
                rows.add(row(key, key.key().columns().get(i), i + 1, position));
            }
        }
        return rows;
    }

    /** What names a key and its table, and more. */
    private @Nullable Object[] row(Shown key, @Nullable Object... more) {
        TableName table = key.table();
        return Stream.concat(
                        Stream.of(
                                table.catalog(),
                                table.schema(),
                                name(key),
                                table.catalog(),
                                table.schema(),
                                table.table()),
                        Arrays.stream(more))
                .toArray();
    }

    List<@Nullable Object[]> references() {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (Shown key : shown) {
            SourceKey.Reference reference = key.key().reference();
            if (reference != null) {
                Shown unique = unique(reference);
                rows.add(new @Nullable Object[] {
                    key.table().catalog(),
                    key.table().schema(),
                    name(key),
                    reference.table().catalog(),
                    reference.table().schema(),
                    unique == null ? null : name(unique),
                    reference.onUpdate(),
                    reference.onDelete()
                });
            }
        }
        return rows;
    }

    /** The primary or unique key that a foreign key is to; null where the source has only an index for it. */
    private @Nullable Shown unique(SourceKey.Reference reference) {
        SubjectCatalog.VisibleTable to = tables.get(reference.table());
        return to == null
                ? null
                : to.keys().stream()
                        .filter(key -> key.reference() == null
                                && new HashSet<>(key.columns()).equals(new HashSet<>(reference.columns())))
                        .map(key -> new Shown(to.name(), key))
                        .findFirst()
                        .orElse(null);
    }

    /** Unique in its schema, as a join by names needs it. What a subject does not see has no part in it. */
    private String name(Shown key) {
        boolean alone = names.getOrDefault(key.written(), 1) == 1;
        return alone ? key.key().name() : key.table().table() + "." + key.key().name();
    }
}
