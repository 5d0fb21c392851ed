package dev.nicol.server;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;

class GuardrailCorpusMysqlTest extends GuardrailCorpusContract {
    @Override
    SourceDefinition emptySource(String name) {
        return TestDatabases.mariadb(name);
    }

    @Override
    String analyze(String table) {
        return "ANALYZE TABLE " + table;
    }

    @Override
    String quoted(String name) {
        return '`' + name + '`';
    }
}
