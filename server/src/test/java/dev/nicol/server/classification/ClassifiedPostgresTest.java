package dev.nicol.server.classification;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;

class ClassifiedPostgresTest extends ClassifiedSourceContract {
    @Override
    SourceDefinition emptySource(String name) {
        return TestDatabases.postgres(name);
    }

    @Override
    String schemaOf(SourceDefinition definition) {
        return "public";
    }
}
