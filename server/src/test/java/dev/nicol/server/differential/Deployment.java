package dev.nicol.server.differential;

import dev.nicol.server.differential.Fixture.Table;
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

    /** Whether a source's collation takes upper and lower case for the same. */
    boolean foldsCase() {
        return sources.containsValue("my");
    }
}
