package dev.nicol.server.differential;

import dev.nicol.server.differential.Fixture.Column;
import dev.nicol.server.differential.Fixture.Row;
import dev.nicol.server.differential.Fixture.Table;
import dev.nicol.server.differential.KnownFilter.Reader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What one reader may see of the fixture: drawn at random, written as policies, and applied to the rows in plain Java.
 *
 * @param masks by {@code table.column}
 * @param denied {@code table.column}
 */
record Rights(Reader reader, List<KnownFilter> filters, Map<String, KnownMask> masks, Set<String> denied) {
    static Rights drawn(String user, Random random, List<KnownMask> known) {
        List<String> regions = List.of("EU", "US", "AP");
        Reader reader = new Reader(
                user,
                regions.get(random.nextInt(3)),
                random.nextBoolean(),
                random.nextInt(3) == 0 ? List.of() : regions.subList(random.nextInt(2), 2 + random.nextInt(2)),
                1 + random.nextInt(6));
        List<KnownFilter> filters = new ArrayList<>();
        Map<String, KnownMask> masks = new HashMap<>();
        Set<String> denied = new HashSet<>();
        for (Table table : Fixture.TABLES) {
            List<KnownFilter> of = KnownFilter.ALL.stream()
                    .filter(filter -> filter.table().equals(table.name()))
                    .collect(Collectors.toCollection(ArrayList::new));
            int count = List.of(0, 1, 1, 1, 1, 2, 2, 3).get(random.nextInt(8));
            for (int i = 0; i < count; i++) {
                filters.add(of.remove(random.nextInt(of.size())));
            }
            for (Column column : table.columns()) {
                List<KnownMask> fitting = known.stream()
                        .filter(mask -> mask.fits(table.name(), column.type()))
                        .toList();
                int die = random.nextInt(20);
                if (die < 6) {
                    masks.put(table.name() + "." + column.name(), fitting.get(random.nextInt(fitting.size())));
                } else if (die == 6) {
                    denied.add(table.name() + "." + column.name());
                }
            }
        }
        return new Rights(reader, filters, masks, denied);
    }

    /** The columns that exist for the reader. */
    List<Column> columns(Table table) {
        return table.columns().stream()
                .filter(column -> !denied.contains(table.name() + "." + column.name()))
                .toList();
    }

    @Nullable
    KnownMask mask(Table table, Column column) {
        return masks.get(table.name() + "." + column.name());
    }

    /** The rows that the reader sees, as the reader sees them. */
    List<Row> rows(Table table) {
        return table.rows().stream()
                .filter(row -> shows(table, row))
                .map(row -> masked(table, row))
                .toList();
    }

    /** Whether a row as it is stored passes the filters. */
    boolean shows(Table table, Row row) {
        return filters.stream()
                .filter(filter -> filter.table().equals(table.name()))
                .allMatch(filter -> filter.shows(row, reader));
    }

    private Row masked(Table table, Row row) {
        Map<String, @Nullable Object> values = new HashMap<>();
        for (Column column : columns(table)) {
            KnownMask mask = mask(table, column);
            Object raw = row.value(column.name());
            values.put(column.name(), mask == null ? raw : mask.of(raw, row));
        }
        return new Row(values);
    }

    /** Grants of the policy file, for every source. */
    String grants() {
        StringBuilder yaml = new StringBuilder();
        for (Table table : Fixture.TABLES) {
            List<String> hidden = table.columns().stream()
                    .map(Column::name)
                    .filter(name -> denied.contains(table.name() + "." + name))
                    .toList();
            yaml.append("  - {name: ")
                    .append(name("see", table.name()))
                    .append(", tables: [\"*.*.")
                    .append(table.name())
                    .append("\"], actions: [select, insert, update, delete]")
                    .append(hidden.isEmpty() ? "" : ", columns: {deny: " + hidden + "}")
                    .append(", to: {users: [")
                    .append(reader.user())
                    .append("]}}\n");
        }
        return yaml.toString();
    }

    /**
     * @param schema such as {@code pg.public}
     * @param far one of another source
     */
    String rowFilters(String schema, String far) {
        StringBuilder yaml = new StringBuilder();
        for (int i = 0; i < filters.size(); i++) {
            KnownFilter filter = filters.get(i);
            yaml.append("  - {name: ")
                    .append(name(schema.replace('.', '-') + "-filter", "" + i))
                    .append(", tables: [\"")
                    .append(schema)
                    .append('.')
                    .append(filter.table())
                    .append("\"], to: {users: [")
                    .append(reader.user())
                    .append("]}, where: \"")
                    .append(filter.sql()
                            .replace("$allowed", schema + ".allowed")
                            .replace("$far", far + ".allowed")
                            .replace("$people", schema + ".people"))
                    .append("\"}\n");
        }
        return yaml.toString();
    }

    String columnMasks() {
        StringBuilder yaml = new StringBuilder();
        masks.forEach((column, mask) -> yaml.append("  - {name: ")
                .append(name("mask", column.replace('.', '-')))
                .append(", columns: [\"*.*.")
                .append(column)
                .append("\"], to: {users: [")
                .append(reader.user())
                .append("]}, mask: ")
                .append(mask.yaml())
                .append("}\n"));
        return yaml.toString();
    }

    private String name(String what, String of) {
        return reader.user() + "-" + what + "-" + of;
    }

    @Override
    public String toString() {
        return reader + "\n" + grants() + rowFilters("$source", "$other") + columnMasks();
    }
}
