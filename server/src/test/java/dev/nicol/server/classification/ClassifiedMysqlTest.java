package dev.nicol.server.classification;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;

class ClassifiedMysqlTest extends ClassifiedSourceContract {
    @Override
    SourceDefinition emptySource(String name) {
        return TestDatabases.mariadb(name);
    }

    @Override
    String schemaOf(SourceDefinition definition) {
        return String.valueOf(definition.user());
    }
}
