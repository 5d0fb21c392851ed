package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks on filters, masks and views of an ordinary user; each answer is that of a copy filtered beforehand. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PolicyAttackTest {
    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition hr = TestDatabases.h2("hr");
        SourceDefinition lake = TestDatabases.duckdb("lake");
        for (SourceDefinition source : List.of(hr, lake)) {
            TestDatabases.execute(
                    source.url(),
                    source.user(),
                    source.password(),
                    "CREATE TABLE emp (id INTEGER NOT NULL PRIMARY KEY, region VARCHAR(10), amount BIGINT)",
                    "CREATE TABLE dept (id INTEGER, share DECIMAL(38, 30))",
                    "INSERT INTO emp VALUES (1, 'EU', 1), (2, 'US', 99999999999999), (3, 'EU', 3)",
                    "INSERT INTO dept VALUES (1, 0.5), (3, 0.25)");
        }
        nicol = TestNicol.start(List.of(hr, lake), """
                users:
                  alice: {password: "$HASH", groups: [analysts]}
                  steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                """, """
                grants:
                  - {name: analysts, tables: ["hr.**", "lake.**", "virtual.**"], actions: [select], to: {groups: [analysts]}}
                  - {name: stewards, tables: ["hr.**", "lake.**", "virtual.**"], actions: [select], raw: ["*"], to: {groups: [stewards]}}
                row_filters:
                  - {name: own-region, tables: ["*.*.emp"], to: {groups: [analysts]}, where: "region = 'EU'"}
                  - {name: not-three, tables: ["virtual.views.*"], to: {groups: [analysts]}, where: "id <> 3"}
                """, "classification: {mask_by_default: false}");
        nicol.update("steve", "CREATE SCHEMA virtual.views");
        nicol.update(
                "steve", "CREATE VIEW virtual.views.own AS SELECT id FROM hr.PUBLIC.emp WHERE CURRENT_USER = 'alice'");
        nicol.update(
                "steve", "CREATE VIEW virtual.views.pool AS SELECT id FROM hr.PUBLIC.emp WHERE CURRENT_USER = 'SA'");
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    /** Neither the author nor the pool's user. */
    @Test
    void aViewWithRulesOfItsOwnIsAskedByItsReader() throws SQLException {
        assertThat(nicol.rows("alice", "SELECT * FROM virtual.views.own")).containsExactly("1");
        assertThat(nicol.rows("alice", "SELECT * FROM virtual.views.pool")).isEmpty();
    }

    /** A window counts every row that is seen, whatever its statement then keeps. */
    @ParameterizedTest
    @ValueSource(strings = {"hr.PUBLIC", "lake.main"})
    void aPredicateDoesNotCrossBelowAWindow(String schema) throws SQLException {
        assertThat(nicol.rows(
                        "alice",
                        "SELECT * FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place, COUNT(*) OVER () AS seen FROM "
                                + schema + ".emp) AS t WHERE id = 3"))
                .containsExactly("3|2|2");
        assertThat(nicol.rows(
                        "alice",
                        "SELECT * FROM (SELECT e.id, COUNT(*) OVER () AS seen FROM " + schema + ".dept d JOIN " + schema
                                + ".emp e ON e.id = d.id) AS t WHERE id = 3"))
                .containsExactly("3|2");
    }
}
