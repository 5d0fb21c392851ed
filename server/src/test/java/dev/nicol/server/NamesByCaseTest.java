package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Tables and schemas whose names differ in nothing but case: each is read, written and governed as itself. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NamesByCaseTest {
    private TestNicol nicol;

    @BeforeAll
    void start() {
        SourceDefinition pg = TestDatabases.postgres("pg");
        TestDatabases.execute(
                pg.url(),
                pg.user(),
                pg.password(),
                "CREATE TABLE emp (region VARCHAR(10), id INTEGER)",
                "INSERT INTO emp VALUES ('EU', 1), ('US', 2)",
                "CREATE TABLE \"Emp\" (id INTEGER, region VARCHAR(10))",
                "INSERT INTO \"Emp\" VALUES (11, 'EU'), (12, 'US')",
                "CREATE SCHEMA \"Public\"",
                "CREATE TABLE \"Public\".emp (id INTEGER, region VARCHAR(10))",
                "INSERT INTO \"Public\".emp VALUES (21, 'EU'), (22, 'US')",
                "CREATE TABLE \"Lone\" (id INTEGER)",
                "INSERT INTO \"Lone\" VALUES (31)");
        nicol = TestNicol.start(List.of(pg), """
                users:
                  alice: {password: "$HASH", groups: [analysts]}
                  steve: {password: "$HASH", groups: [stewards]}
                """, """
                grants:
                  - {name: analysts, tables: ["pg.**"], actions: [select, insert, update, delete], to: {groups: [analysts]}}
                  - {name: stewards, tables: ["pg.**"], actions: [select], raw: ["*"], to: {groups: [stewards]}}
                row_filters:
                  - {name: eu, tables: ["pg.*.emp"], to: {groups: [analysts]}, where: "region = 'EU'"}
                """, "classification: {mask_by_default: false}");
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    @Test
    void whatIsSpelledJustSoIsMeant() throws SQLException {
        assertThat(nicol.rows("steve", "SELECT id FROM pg.public.emp ORDER BY id"))
                .containsExactly("1", "2");
        assertThat(nicol.rows("steve", "SELECT id FROM pg.public.\"Emp\" ORDER BY id"))
                .containsExactly("11", "12");
        assertThat(nicol.rows("steve", "SELECT id FROM pg.\"Public\".emp ORDER BY id"))
                .containsExactly("21", "22");
        assertThat(nicol.rows("steve", "SELECT id FROM PG.public.lone")).containsExactly("31");
    }

    @Test
    void eachHasItsOwnFilter() throws SQLException {
        assertThat(nicol.rows("alice", "SELECT id FROM pg.public.emp")).containsExactly("1");
        assertThat(nicol.rows("alice", "SELECT id FROM pg.public.Emp")).containsExactly("11");
        assertThat(nicol.rows("alice", "SELECT id FROM pg.Public.emp")).containsExactly("21");
    }

    @Test
    void aNameThatFitsSeveralMeansNone() {
        for (String table : List.of("pg.public.EMP", "pg.PUBLIC.emp")) {
            assertThatThrownBy(() -> nicol.rows("steve", "SELECT id FROM " + table))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("42P01"));
        }
    }

    @Test
    void writesMeetTheOneThatIsNamed() throws SQLException {
        assertThat(nicol.update("alice", "INSERT INTO pg.public.emp (id, region) VALUES (3, 'EU')"))
                .isEqualTo(1);
        assertThat(nicol.update("alice", "UPDATE pg.public.emp SET region = region || '' WHERE id >= 3"))
                .isEqualTo(1);
        assertThat(nicol.update("alice", "DELETE FROM pg.public.emp WHERE id >= 3"))
                .isEqualTo(1);
        assertThat(nicol.rows("steve", "SELECT id FROM pg.public.\"Emp\" ORDER BY id"))
                .containsExactly("11", "12");
    }
}
