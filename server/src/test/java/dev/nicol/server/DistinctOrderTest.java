package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Distinct rows in the order of what they have; the answers are PostgreSQL's. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DistinctOrderTest {
    private SourceDefinition crm;
    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        crm = TestDatabases.postgres("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(10), n INTEGER)",
                "INSERT INTO t VALUES (1, 'a', 5), (2, 'b', 3), (3, 'a', 1), (4, NULL, 2), (5, 'c', NULL)");
        nicol = TestNicol.start(List.of(crm), """
                users:
                  alice: {password: "$HASH", groups: [analysts]}
                """, """
                grants:
                  - {name: analysts, tables: ["crm.public.t"], actions: [select], raw: ["*"], to: {groups: [analysts]}}
                """);
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT DISTINCT name, SUM(n) OVER (PARTITION BY name) AS s FROM t ORDER BY s DESC, name",
                "SELECT DISTINCT name, SUM(n) OVER (PARTITION BY name) FROM t ORDER BY 2, 1 DESC",
                "SELECT DISTINCT name, MAX(n) OVER () AS m FROM t ORDER BY m, 1",
                "SELECT DISTINCT 'x' AS c, MIN(n) OVER (ORDER BY name NULLS FIRST) AS m FROM t ORDER BY 1, m NULLS FIRST",
                "SELECT DISTINCT name FROM t ORDER BY name DESC",
                "SELECT DISTINCT UPPER(name) AS name FROM t ORDER BY name",
                "SELECT DISTINCT n + 1 AS k, name FROM t WHERE n > 1 ORDER BY n + 1",
                "SELECT DISTINCT name, COUNT(*) AS c FROM t GROUP BY name ORDER BY c, name",
            })
    void likePostgresql(String sql) throws SQLException {
        try (Connection direct = DriverManager.getConnection(crm.url(), crm.user(), crm.password());
                Statement statement = direct.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertThat(nicol.rows("alice", sql.replace(" t ", " crm.public.t ")))
                    .isEqualTo(TestNicol.rows(rows));
        }
    }

    /** PostgreSQL refuses them too. */
    @ParameterizedTest
    @ValueSource(strings = {"id", "3", "0", "MAX(id) OVER ()"})
    void whatTheyDoNotHaveOrdersNothing(String order) {
        String sql = "SELECT DISTINCT name, MAX(n) OVER () AS m FROM crm.public.t ORDER BY " + order;
        assertThatThrownBy(() -> nicol.rows("alice", sql))
                .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                        .startsWith("42"));
    }
}
