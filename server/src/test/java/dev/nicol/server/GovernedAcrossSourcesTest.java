package dev.nicol.server;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import org.junit.jupiter.api.Nested;

/** The contract of a governed table holds where its row filter looks up a table of another source, of another kind. */
class GovernedAcrossSourcesTest {
    @Nested
    class PostgresLooksUpDuckdb extends GovernedPostgresTest {
        @Override
        SourceDefinition lookUpSource() {
            return TestDatabases.duckdb("rights");
        }
    }

    @Nested
    class MysqlLooksUpPostgres extends GovernedMysqlTest {
        @Override
        SourceDefinition lookUpSource() {
            return TestDatabases.postgres("rights");
        }
    }

    @Nested
    class H2LooksUpMysql extends GovernedH2Test {
        @Override
        SourceDefinition lookUpSource() {
            return TestDatabases.mariadb("rights");
        }
    }

    @Nested
    class DuckdbLooksUpH2 extends GovernedDuckdbTest {
        @Override
        SourceDefinition lookUpSource() {
            return TestDatabases.h2("rights");
        }
    }
}
