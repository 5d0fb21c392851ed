package dev.nicol.server;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;

class GovernedPostgresTest extends GovernedSourceContract {
    @Override
    SourceDefinition emptySource(String name) {
        return TestDatabases.postgres(name);
    }

    @Override
    String schemaOf(SourceDefinition definition) {
        return "public";
    }
}
