package dev.nicol.server;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;

class GuardrailCorpusPostgresTest extends GuardrailCorpusContract {
    @Override
    SourceDefinition emptySource(String name) {
        return TestDatabases.postgres(name);
    }

    @Override
    String analyze(String table) {
        return "ANALYZE " + table;
    }

    @Override
    String quoted(String name) {
        return '"' + name + '"';
    }
}
