package dev.nicol.server.differential;

import dev.nicol.server.differential.Fixture.Table;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Where the fixture's tables are. */
enum Deployment {
    POSTGRESQL("pg", "pg", "pg"),
    MARIADB("my", "my", "my"),
    H2("h2", "h2", "h2"),
    DUCKDB("lake", "lake", "lake"),
    FEDERATED("pg", "my", "pg");

    private final Map<String, String> sources;

    Deployment(String people, String orders, String tags) {
        this.sources = Map.of("people", people, "orders", orders, "tags", tags);
    }

    String source(Table table) {
        return sources.get(table.name());
    }

    /** How many of so many statements it runs: across sources fewer, as much of what they take is computed here in any case. */
    int share(int statements) {
        return sources.values().stream().distinct().count() > 1 ? statements / 4 : statements;
    }

    /** H2 counts UTF-16 units of a text, and the engine, which computes what is beside some masks, characters. */
    boolean countsOtherwise(String sql, Rights rights) {
        return this == H2
                && rights.masks().values().stream().anyMatch(mask -> mask.yaml().contains("redact_text"))
                && sql.matches("(?s).*(SUBSTRING|CHAR_LENGTH|POSITION).*");
    }

    /** Rows as they compare: where a source's collation takes upper and lower case for the same, in upper case and in order. */
    List<String> folded(List<String> rows) {
        return sources.containsValue("my")
                ? rows.stream()
                        .map(row -> row.toUpperCase(Locale.ROOT))
                        .sorted()
                        .toList()
                : rows;
    }
}
