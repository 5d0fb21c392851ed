package dev.nicol.server.parser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.nicol.adapters.SourceAdapters;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.policy.NicolException;
import dev.nicol.server.pipeline.StatementParser;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.calcite.sql.SqlDialect;
import org.apache.calcite.sql.SqlNode;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Definitions as our parser reads them, written in each source's dialect, run on that source. */
class DefinitionsOnSourcesTest {
    static Stream<Named<Function<String, SourceDefinition>>> kinds() {
        return Stream.of(
                Named.of("postgresql", TestDatabases::postgres),
                Named.of("mysql", TestDatabases::mariadb),
                Named.of("h2", TestDatabases::h2),
                Named.of("duckdb", TestDatabases::duckdb));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void tablesKeepTheirKeysAndDefaults(Function<String, SourceDefinition> kind) throws SQLException {
        try (Source source = new Source(kind.apply("s"))) {
            source.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
            source.run(
                    "CREATE TABLE IF NOT EXISTS child (id INTEGER NOT NULL, \"Order\" VARCHAR(20) DEFAULT 'it''s' NOT NULL,"
                            + " price DECIMAL(10, 2) DEFAULT 1.5, parent INTEGER REFERENCES parent (id), code INTEGER UNIQUE,"
                            + " PRIMARY KEY (id), CONSTRAINT positive CHECK (price > 0))");
            source.run("CREATE TABLE IF NOT EXISTS child (id INTEGER)");
            source.run("INSERT INTO parent (id) VALUES (1)");
            source.run("INSERT INTO child (id, parent, code) VALUES (7, 1, 70)");

            assertThat(source.one("SELECT \"Order\" FROM child")).isEqualTo("it's");
            assertThat(source.one("SELECT price FROM child")).isEqualTo("1.50");
            assertThat(source.refuses("INSERT INTO child (id, parent, code) VALUES (7, 1, 71)"))
                    .isTrue();
            assertThat(source.refuses("INSERT INTO child (id, parent, code) VALUES (8, 1, 70)"))
                    .isTrue();
            assertThat(source.refuses("INSERT INTO child (id, parent, code) VALUES (8, 2, 71)"))
                    .isTrue();
            assertThat(source.refuses("INSERT INTO child (id, \"Order\") VALUES (8, NULL)"))
                    .isTrue();
            assertThat(source.refuses("INSERT INTO child (id, price) VALUES (8, -1)"))
                    .isTrue();
            assertThat(source.refuses("INSERT INTO child (id, parent, code) VALUES (8, 1, 71)"))
                    .isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void tablesAreMadeFromQueriesEmptiedAndDropped(Function<String, SourceDefinition> kind) throws SQLException {
        try (Source source = new Source(kind.apply("s"))) {
            source.run("CREATE TABLE a (id INTEGER, name VARCHAR(20))");
            source.run("INSERT INTO a VALUES (1, 'x'), (2, 'y')");
            source.run("CREATE TABLE b AS SELECT id, name FROM a WHERE id > 1");
            assertThat(source.one("SELECT name FROM b")).isEqualTo("y");
            source.run("TRUNCATE TABLE b");
            assertThat(source.one("SELECT COUNT(*) FROM b")).isEqualTo("0");
            source.run("DROP TABLE b");
            source.run("DROP TABLE IF EXISTS b");
            assertThat(source.refuses("SELECT * FROM b")).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void tablesAreAltered(Function<String, SourceDefinition> kind) throws SQLException {
        try (Source source = new Source(kind.apply("s"))) {
            source.run("CREATE TABLE t (id INTEGER, name VARCHAR(20))");
            source.run("INSERT INTO t VALUES (1, 'x')");
            source.run("ALTER TABLE t ADD COLUMN extra VARCHAR(5) DEFAULT 'e'");
            source.run("ALTER TABLE t RENAME COLUMN name TO label");
            source.run("ALTER TABLE t ALTER COLUMN label SET DEFAULT 'd'");
            source.run("INSERT INTO t (id) VALUES (2)");
            assertThat(source.one("SELECT label FROM t WHERE id = 2")).isEqualTo("d");
            assertThat(source.one("SELECT extra FROM t WHERE id = 1")).isEqualTo("e");
            source.run("ALTER TABLE t ALTER COLUMN label DROP DEFAULT");
            source.run("ALTER TABLE t DROP COLUMN extra");
            assertThat(source.refuses("SELECT extra FROM t")).isTrue();
            source.run("ALTER TABLE t RENAME TO t2");
            assertThat(source.one("SELECT COUNT(*) FROM t2")).isEqualTo("2");
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void columnsChangeTypeWhereTheSourceCanSaySo(Function<String, SourceDefinition> kind) throws SQLException {
        try (Source source = new Source(kind.apply("s"))) {
            source.run("CREATE TABLE t (id INTEGER, name VARCHAR(20))");
            if (source.kind().equals("mysql")) {
                NicolException refusal = catchThrowableOfType(
                        NicolException.class, () -> source.run("ALTER TABLE t ALTER COLUMN id TYPE BIGINT"));
                assertThat(refusal.error().sqlState()).isEqualTo("0A000");
                assertThat(refusal).hasMessageContaining("`id`").hasMessageContaining("MariaDB");
                return;
            }
            source.run("ALTER TABLE t ALTER COLUMN id TYPE BIGINT");
            source.run("INSERT INTO t (id) VALUES (3000000000)");
            assertThat(source.one("SELECT id FROM t")).isEqualTo("3000000000");
            source.run("ALTER TABLE t ALTER COLUMN id SET NOT NULL");
            assertThat(source.refuses("INSERT INTO t (name) VALUES ('x')")).isTrue();
            source.run("ALTER TABLE t ALTER COLUMN id DROP NOT NULL");
            assertThat(source.refuses("INSERT INTO t (name) VALUES ('x')")).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void viewsAndSchemasRoundTrip(Function<String, SourceDefinition> kind) throws SQLException {
        try (Source source = new Source(kind.apply("s"))) {
            source.run("CREATE TABLE t (id INTEGER)");
            source.run("INSERT INTO t VALUES (5)");
            source.run("CREATE VIEW v (x) AS SELECT id + 1 FROM t");
            source.run("CREATE OR REPLACE VIEW v (x) AS SELECT id + 2 FROM t");
            assertThat(source.one("SELECT x FROM v")).isEqualTo("7");
            source.run("DROP VIEW IF EXISTS v");
        }
    }

    @Test
    void theOtherNodesReadBackAsTheyWereWritten() {
        for (String sql : new String[] {
            "COMMIT",
            "ROLLBACK",
            "EXPLAIN POLICY FOR SELECT * FROM \"t\" AS USER 'o''neil'",
            "EXPLAIN POLICY FOR DELETE FROM \"t\" WHERE \"a\" = 1",
            "TRUNCATE TABLE \"a\".\"b\".\"t\"",
            "ALTER TABLE \"t\" ADD CONSTRAINT \"f\" FOREIGN KEY (\"a\", \"b\") REFERENCES \"u\" (\"c\", \"d\") ON DELETE SET NULL ON UPDATE NO ACTION",
            "ALTER TABLE \"t\" ADD CHECK (\"a\" > 0)",
            "ALTER TABLE \"t\" DROP CONSTRAINT \"k\"",
            "CREATE SCHEMA IF NOT EXISTS \"virtual\".\"sales\"",
            "DROP SCHEMA IF EXISTS \"virtual\".\"sales\"",
        }) {
            String written = written(StatementParser.parse(sql), AnsiLike.DIALECT);
            assertThat(written).isEqualToIgnoringWhitespace(sql);
        }
    }

    /** Double quotes, nothing else of its own. */
    private static final class AnsiLike {
        static final SqlDialect DIALECT =
                Objects.requireNonNull(SourceAdapters.find("h2")).dialect();
    }

    private static String written(SqlNode statement, SqlDialect dialect) {
        return statement
                .toSqlString(config -> config.withDialect(dialect)
                        .withQuoteAllIdentifiers(true)
                        .withAlwaysUseParentheses(false)
                        .withIndentation(0))
                .getSql();
    }

    /** One real database, told statements in its own dialect. */
    private static final class Source implements AutoCloseable {
        private final SourceDefinition definition;
        private final SqlDialect dialect;
        private final Connection connection;

        Source(SourceDefinition definition) throws SQLException {
            this.definition = definition;
            this.dialect = Objects.requireNonNull(SourceAdapters.find(definition.kind()))
                    .dialect();
            this.connection = DriverManager.getConnection(definition.url(), definition.user(), definition.password());
        }

        String kind() {
            return definition.kind();
        }

        void run(String sql) throws SQLException {
            String written = written(StatementParser.parse(sql), dialect);
            try (Statement statement = connection.createStatement()) {
                statement.execute(written);
            } catch (SQLException failure) {
                throw new SQLException(written, failure);
            }
        }

        boolean refuses(String sql) {
            try {
                run(sql);
                return false;
            } catch (SQLException expected) {
                return true;
            }
        }

        String one(String sql) throws SQLException {
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(written(StatementParser.parse(sql), dialect))) {
                row.next();
                return row.getString(1);
            }
        }

        @Override
        public void close() throws SQLException {
            connection.close();
        }
    }
}
