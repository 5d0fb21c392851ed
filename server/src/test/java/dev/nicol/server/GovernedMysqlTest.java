package dev.nicol.server;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;

class GovernedMysqlTest extends GovernedSourceContract {
    @Override
    SourceDefinition emptySource(String name) {
        return TestDatabases.mariadb(name);
    }

    @Override
    String schemaOf(SourceDefinition definition) {
        return definition.user();
    }
}
