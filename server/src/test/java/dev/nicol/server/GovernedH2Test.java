package dev.nicol.server;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;

class GovernedH2Test extends GovernedSourceContract {
    @Override
    SourceDefinition emptySource(String name) {
        return TestDatabases.h2(name);
    }

    @Override
    String schemaOf(SourceDefinition definition) {
        return "PUBLIC";
    }
}
