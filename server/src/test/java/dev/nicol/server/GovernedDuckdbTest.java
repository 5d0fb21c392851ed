package dev.nicol.server;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;

class GovernedDuckdbTest extends GovernedSourceContract {
    @Override
    SourceDefinition emptySource(String name) {
        return TestDatabases.duckdb(name);
    }

    @Override
    String schemaOf(SourceDefinition definition) {
        return "main";
    }
}
