package dev.nicol.server.classification;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;

class ClassifiedH2Test extends ClassifiedSourceContract {
    @Override
    SourceDefinition emptySource(String name) {
        return TestDatabases.h2(name);
    }

    @Override
    String schemaOf(SourceDefinition definition) {
        return "PUBLIC";
    }
}
