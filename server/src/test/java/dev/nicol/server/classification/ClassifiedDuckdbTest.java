package dev.nicol.server.classification;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;

class ClassifiedDuckdbTest extends ClassifiedSourceContract {
    @Override
    SourceDefinition emptySource(String name) {
        return TestDatabases.duckdb(name);
    }

    @Override
    String schemaOf(SourceDefinition definition) {
        return "main";
    }
}
