package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.adapters.testing.TestMariadb;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * In how many rows a column is NULL is told by the sources' statistics, and decides whether keys of one side of a join are
 * sent to the other: of 2,000 visits 10 ended, so that those that ended are few, and those that did not are not.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NullSharesTest {
    private static final String VISITS =
            "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER NOT NULL, ended INTEGER)";

    private TestNicol nicol;
    private Connection ana;
    private String my;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition pg = TestDatabases.postgres("pg");
        TestDatabases.execute(
                pg.url(),
                pg.user(),
                pg.password(),
                VISITS,
                "INSERT INTO visits SELECT i, i, CASE WHEN i <= 10 THEN i END FROM generate_series(1, 2000) i",
                "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(10))",
                "INSERT INTO people SELECT i, 'p' || i FROM generate_series(1, 2000) i",
                "ANALYZE");
        SourceDefinition shop = TestDatabases.mariadb("my");
        my = "my." + TestDatabases.schema(shop);
        TestDatabases.execute(
                shop.url(),
                TestMariadb.ADMIN,
                TestMariadb.PASSWORD,
                "GRANT SELECT ON mysql.column_stats TO " + shop.user() + "@localhost");
        TestDatabases.execute(
                shop.url(),
                shop.user(),
                shop.password(),
                VISITS,
                "INSERT INTO visits SELECT seq, seq, CASE WHEN seq <= 10 THEN seq END FROM seq_1_to_2000",
                "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(10))",
                "INSERT INTO people SELECT seq, CONCAT('p', seq) FROM seq_1_to_2000",
                "ANALYZE TABLE visits PERSISTENT FOR ALL",
                "ANALYZE TABLE people");
        nicol = TestNicol.start(List.of(pg, shop), """
                users:
                  ana: {password: "$HASH", groups: [readers], roles: [auditor]}
                """, """
                grants:
                  - {name: all, tables: ["pg.**", "my.**"], actions: [select], raw: ["*"], to: {groups: [readers]}}
                """, "limits: {join_keys_from_rows: 100}");
        ana = nicol.connect("ana");
    }

    @AfterAll
    void stop() throws SQLException {
        if (nicol != null) {
            ana.close();
            nicol.close();
        }
    }

    private String counted(String visits, String people, String condition) throws SQLException {
        return TestNicol.rows(
                        ana,
                        "SELECT COUNT(*), MIN(p.name) FROM " + visits + " v JOIN " + people
                                + " p ON p.id = v.person WHERE " + condition)
                .get(0);
    }

    /** How many rows of people were read by the last statement that read a source. */
    private String peopleRead(String source) throws SQLException {
        return TestNicol.rows(
                        ana,
                        "SELECT row_count FROM nicol.audit.source_queries WHERE statement_id ="
                                + " (SELECT MAX(statement_id) FROM nicol.audit.source_queries WHERE source IN ('pg', 'my'))"
                                + " AND source = '" + source + "'")
                .get(0);
    }

    @Test
    void postgresTells() throws SQLException {
        assertThat(counted("pg.public.visits", my + ".people", "v.ended IS NOT NULL"))
                .isEqualTo("10|p1");
        assertThat(peopleRead("my")).isEqualTo("10");
        assertThat(counted("pg.public.visits", my + ".people", "v.ended IS NULL"))
                .isEqualTo("1990|p100");
        assertThat(peopleRead("my")).isEqualTo("2000");
    }

    @Test
    void mariadbTells() throws SQLException {
        assertThat(counted(my + ".visits", "pg.public.people", "v.ended IS NOT NULL"))
                .isEqualTo("10|p1");
        assertThat(peopleRead("pg")).isEqualTo("10");
        assertThat(counted(my + ".visits", "pg.public.people", "v.ended IS NULL"))
                .isEqualTo("1990|p100");
        assertThat(peopleRead("pg")).isEqualTo("2000");
    }
}
