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

    /** Catalog and schema: where names within the table's schema are looked up. */
    public List<String> schemaPath() {
        return List.of(catalog, schema);
    }

    /** As SQL names it, whatever its parts hold. */
    public String quoted() {
        return quoted(catalog) + "." + quoted(schema) + "." + quoted(table);
    }

    /** A name as SQL quotes it. */
    public static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
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
