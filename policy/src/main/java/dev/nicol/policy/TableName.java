package dev.nicol.policy;

import java.util.List;

/**
 * The three-part name of a table: JDBC catalog (the source, {@code virtual} or {@code nicol}), schema, table. Parts are
 * spelled as the catalogue spells them; comparison is exact.
 */
public record TableName(String catalog, String schema, String table) implements Comparable<TableName> {
    /** The parts in order, as Calcite's qualified names have them. */
    public List<String> parts() {
        return List.of(catalog, schema, table);
    }

    /** Takes a list of exactly three parts. */
    public static TableName of(List<String> parts) {
        if (parts.size() != 3) {
            throw new IllegalArgumentException("a table name has three parts, not " + parts);
        }
        return new TableName(parts.get(0), parts.get(1), parts.get(2));
    }

    @Override
    public int compareTo(TableName other) {
        int dotted = toString().compareTo(other.toString());
        if (dotted != 0) {
            return dotted;
        }
        // a part may hold a dot itself
        int catalogs = catalog.compareTo(other.catalog);
        return catalogs != 0 ? catalogs : schema.compareTo(other.schema);
    }

    @Override
    public String toString() {
        return catalog + "." + schema + "." + table;
    }
}
