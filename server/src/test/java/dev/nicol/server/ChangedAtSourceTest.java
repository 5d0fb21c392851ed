package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Columns and tables that go away at a source, which says so to the first statement that names them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChangedAtSourceTest {
    /** Well before the catalogue is read in any case. */
    private static final Duration SOON = Duration.ofSeconds(20);

    private Map<String, SourceDefinition> sources;
    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        sources = Stream.of(
                        TestDatabases.postgres("postgresql"),
                        TestDatabases.mariadb("mysql"),
                        TestDatabases.h2("h2"),
                        TestDatabases.duckdb("duckdb"))
                .collect(Collectors.toMap(SourceDefinition::name, Function.identity()));
        for (String kind : sources.keySet()) {
            at(
                    kind,
                    "CREATE TABLE people (id INTEGER, name VARCHAR(20))",
                    "CREATE TABLE pets (id INTEGER)",
                    "INSERT INTO people VALUES (1, 'Ann')");
        }
        nicol = TestNicol.start(List.copyOf(sources.values()), """
                users:
                  steve: {password: "$HASH", groups: [stewards], roles: [steward, auditor]}
                """, """
                grants:
                  - {name: stewards, tables: ["**"], actions: [select, update], raw: ["*"], to: {groups: [stewards]}}
                """, "classification: {mask_by_default: false}");
        nicol.update("steve", "CREATE SCHEMA virtual.v");
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    /** With the settings that Nicol opens it with: DuckDB wants them to be those of all others. */
    private void at(String kind, String... statements) throws SQLException {
        try (Source source = new Source(sources.get(kind));
                Connection connection = source.connection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private String table(String kind, String name) {
        return kind + "." + TestDatabases.schema(sources.get(kind)) + "." + name;
    }

    private String state(String sql) {
        try {
            nicol.update("steve", sql);
            return "00000";
        } catch (SQLException refused) {
            return String.valueOf(refused.getSQLState());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgresql", "mysql", "h2", "duckdb"})
    void isKnownSoonAfterTheSourceSaidSo(String kind) throws SQLException {
        String people = table(kind, "people");
        String view = "virtual.v." + kind;
        nicol.update("steve", "CREATE VIEW " + view + " AS SELECT id, name FROM " + people);
        assertThat(nicol.rows("steve", "SELECT name FROM " + view)).containsExactly("Ann");

        at(kind, "ALTER TABLE people RENAME COLUMN name TO called", "DROP TABLE pets");

        assertThat(state("SELECT name FROM " + people)).isEqualTo("NS001");
        await().atMost(SOON).untilAsserted(() -> assertThat(state("SELECT name FROM " + people))
                .isEqualTo("42703"));
        assertThat(state("SELECT name FROM " + view)).isEqualTo("42P17");
        assertThat(state("SELECT id FROM " + table(kind, "pets"))).isEqualTo("42P01");
        await().atMost(SOON).untilAsserted(() -> assertThat(nicol.rows(
                        "steve",
                        "SELECT kind FROM nicol.audit.events WHERE kind = 'view_broken' AND detail LIKE '" + view
                                + "%'"))
                .hasSize(1));

        // a write too, and however soon after
        at(kind, "ALTER TABLE people RENAME COLUMN called TO named");
        assertThat(state("UPDATE " + people + " SET called = 'Bob' WHERE id = 1"))
                .isEqualTo("NS001");
        await().atMost(SOON).until(() -> state("SELECT named FROM " + people).equals("00000"));
        assertThat(nicol.rows("steve", "SELECT named FROM " + people)).containsExactly("Ann");
    }
}
