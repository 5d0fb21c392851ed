package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sub-queries with several columns of one name: what PostgreSQL answers or refuses is asked of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ColumnsOfOneNameTest {
    private SourceDefinition crm;
    private String u;
    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        crm = TestDatabases.postgres("crm");
        SourceDefinition shop = TestDatabases.mariadb("shop");
        u = "shop." + TestDatabases.schema(shop) + ".u";
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE t (id INTEGER PRIMARY KEY, mail VARCHAR(40), region VARCHAR(10))",
                "INSERT INTO t VALUES (1, 'ann@example.com', 'EU'), (2, 'bob@example.com', 'US')",
                "CREATE TABLE copies (a INTEGER, b INTEGER)");
        String other = "CREATE TABLE u (id INTEGER PRIMARY KEY, k INTEGER)";
        TestDatabases.execute(shop.url(), shop.user(), shop.password(), other, "INSERT INTO u VALUES (1, 10), (2, 20)");
        nicol = TestNicol.start(List.of(crm, shop), """
                users:
                  alice: {password: "$HASH", groups: [analysts]}
                  steve: {password: "$HASH", groups: [stewards], roles: [steward, auditor]}
                """, """
                grants:
                  - {name: analysts, tables: ["crm.public.t", "shop.**"], actions: [select], to: {groups: [analysts]}}
                  - {name: stewards, tables: ["**"], actions: [select, insert, update, delete, create], raw: ["*"], to: {groups: [stewards]}}
                row_filters:
                  - {name: europe, tables: ["crm.public.t"], to: {groups: [analysts]}, where: "region = 'EU'"}
                column_masks:
                  - {name: mails, columns: ["crm.public.t.mail"], to: {groups: [analysts]}, mask: {kind: redact}}
                """);
        nicol.update("steve", "CREATE SCHEMA virtual.v");
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM (SELECT id, id FROM t) x ORDER BY 1",
                "SELECT x.* FROM (SELECT id, mail AS \"ID\", region AS id FROM t) x ORDER BY region",
                "SELECT * FROM (SELECT id, mail AS id, region FROM t) x ORDER BY region",
                "SELECT * FROM (SELECT id, mail AS id FROM t) x (a, b) WHERE b LIKE 'a%' ORDER BY a",
                "SELECT region FROM (SELECT id, id, region FROM t) x ORDER BY region",
                "SELECT * FROM (SELECT id, region AS id FROM t ORDER BY mail DESC LIMIT 1) x",
                "SELECT * FROM (SELECT x.*, x.* FROM (SELECT id, mail AS id FROM t) x) y ORDER BY 1",
                "SELECT * FROM (SELECT id, id FROM (SELECT id, id FROM t) x) y",
                "SELECT * FROM (SELECT id, mail AS id FROM t UNION ALL SELECT id, region FROM t) x ORDER BY 1, 2",
                "WITH x AS (SELECT id, mail AS id FROM t) SELECT * FROM x ORDER BY 1",
                "WITH x AS (SELECT id, mail AS id FROM t) SELECT a.*, b.* FROM x a, x b ORDER BY 1, 3",
                "WITH x (a, b) AS (SELECT id, mail AS id FROM t) SELECT b FROM x ORDER BY a",
                "SELECT * FROM t JOIN (SELECT id, mail AS id, region AS r FROM t) x ON x.r = t.region ORDER BY t.id",
                "SELECT * FROM t JOIN (SELECT id, mail AS id FROM t) x USING (id)",
                "SELECT * FROM (SELECT id, mail AS id FROM t) x JOIN t USING (id)",
                "SELECT * FROM t NATURAL JOIN (SELECT id, mail AS id FROM t) x",
                "SELECT * FROM (SELECT id, mail AS id FROM t) x NATURAL JOIN t",
                "SELECT * FROM (SELECT id, mail AS id FROM t) x NATURAL JOIN (SELECT id, mail AS id FROM t) y",
                "SELECT * FROM (SELECT region, mail AS id, mail AS id FROM t) x NATURAL JOIN (SELECT region FROM t) y ORDER BY 1",
                "SELECT x.id FROM (SELECT id, mail AS id FROM t) x",
                "SELECT id FROM (SELECT id, mail AS id FROM t) x",
                "SELECT \"id\" FROM (SELECT id, mail AS id FROM t) x",
                "SELECT 1 FROM (SELECT id, id FROM t) x WHERE id = 1",
                "SELECT 1 FROM (SELECT id, id FROM t) x ORDER BY id",
                "SELECT COUNT(*) FROM (SELECT id, id FROM t) x GROUP BY id",
                "SELECT region AS id FROM (SELECT id, id, region FROM t) x ORDER BY id",
                "SELECT t.id FROM t WHERE EXISTS (SELECT 1 FROM (SELECT id, id FROM t) x WHERE id = 2)",
                "SELECT id FROM (SELECT id, id FROM t) x, t",
                "SELECT 1 FROM (SELECT id, id FROM t) x JOIN t ON x.id = t.id",
                "WITH x AS (SELECT id, id FROM t) SELECT x.id FROM x",
                "SELECT t.id FROM t WHERE t.id IN (SELECT y.a FROM (SELECT x.* FROM (SELECT id, region AS id FROM t) x) y (a, b))"
                        + " ORDER BY 1",
                "SELECT t.id, (SELECT MAX(y.b) FROM (SELECT x.* FROM (SELECT id, region AS id FROM t) x) y (a, b) WHERE y.a = t.id)"
                        + " FROM t ORDER BY 1",
                "SELECT t.id, l.b FROM t, LATERAL (SELECT * FROM (SELECT s.id, s.mail AS id FROM t s WHERE s.id <> t.id) x) l (a, b)"
                        + " ORDER BY 1",
                "SELECT x.r, (SELECT MAX(s.mail) FROM t s WHERE s.region = x.r) FROM (SELECT id, id, region AS r FROM t) x ORDER BY 1",
                "SELECT * FROM (SELECT id, COUNT(*) AS id FROM t GROUP BY id) x ORDER BY 1",
                "SELECT * FROM (SELECT DISTINCT id, mail AS id FROM t) x ORDER BY 1",
                "SELECT * FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id DESC) AS id FROM t) x ORDER BY 1",
                "SELECT * FROM t LEFT JOIN (SELECT id, mail AS id, region AS r FROM t WHERE id = 1) x ON x.r = t.region ORDER BY t.id",
                "SELECT COUNT(*) FROM (SELECT id, id FROM t) x",
                "SELECT COUNT(*) FROM (SELECT id, MAX(mail) AS id FROM t GROUP BY id) x",
                "SELECT t.id, x.r FROM t JOIN (SELECT id, MAX(mail) AS id, MAX(region) AS r FROM t GROUP BY id) x ON x.r = t.region"
                        + " ORDER BY t.id",
            })
    void likePostgresql(String sql) throws SQLException {
        List<String> expected;
        try (Connection connection = DriverManager.getConnection(crm.url(), crm.user(), crm.password())) {
            expected = answer(connection, sql);
        }
        try (Connection connection = nicol.connect("steve")) {
            connection.setSchema("crm.public");
            assertThat(answer(connection, sql)).isEqualTo(expected);
        }
    }

    /** Rows, or the state of the refusal. */
    private static List<String> answer(Connection connection, String sql) {
        try {
            return TestNicol.rows(connection, sql);
        } catch (SQLException refused) {
            return List.of(refused.getSQLState());
        }
    }

    @Test
    void eachColumnIsMaskedAndTracedForItself() throws SQLException {
        assertThat(nicol.rows("alice", "SELECT * FROM (SELECT mail AS id, id, mail AS id FROM crm.public.t) x"))
                .containsExactly("***|1|***");
        assertThat(nicol.rows(
                        "steve",
                        "SELECT e.target_ordinal, e.target_column, e.source_column, e.masked FROM nicol.lineage.edges e"
                                + " JOIN nicol.audit.statements s USING (statement_id) WHERE s.user_name = 'alice'"
                                + " AND e.phase = 'ran' AND e.direct ORDER BY 1"))
                .containsExactly("1|id|mail|true", "2|id0|id|false", "3|id1|mail|true");
    }

    @Test
    void acrossSources() throws SQLException {
        assertThat(nicol.rows(
                        "steve",
                        "SELECT x.* FROM (SELECT t.id, u.k AS id, t.mail AS m FROM crm.public.t JOIN " + u
                                + " u ON u.id = t.id) x WHERE m LIKE 'b%'"))
                .containsExactly("2|20|bob@example.com");
    }

    @Test
    void theStarNamesThemApartAsItDoesEverywhere() throws SQLException {
        try (Connection connection = nicol.connect("steve");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT * FROM (SELECT id, mail AS id FROM crm.public.t) x")) {
            List<String> labels = new ArrayList<>();
            for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                labels.add(rows.getMetaData().getColumnLabel(i));
            }
            assertThat(labels).containsExactly("id", "id0");
        }
    }

    @Test
    void writesReadThem() throws SQLException {
        nicol.update(
                "steve", "INSERT INTO crm.public.copies SELECT * FROM (SELECT id, id + 10 AS id FROM crm.public.t) x");
        nicol.update(
                "steve",
                "DELETE FROM crm.public.copies WHERE a IN (SELECT y.b FROM (SELECT * FROM (SELECT 7 AS id, id AS id"
                        + " FROM crm.public.t WHERE id = 1) x) y (a, b))");
        nicol.update(
                "steve",
                "UPDATE crm.public.copies SET b = (SELECT MAX(y.b) FROM (SELECT * FROM (SELECT 7 AS id, id AS id"
                        + " FROM crm.public.t) x) y (a, b)) WHERE a = 2");

        assertThat(nicol.rows("steve", "SELECT a, b FROM crm.public.copies")).containsExactly("2|2");
    }

    @Test
    void viewsMayReadThemAndHaveNone() throws SQLException {
        nicol.assertRefused("steve", "CREATE VIEW virtual.v.twice AS SELECT id, id FROM crm.public.t", "42701", "`id`");
        nicol.update(
                "steve",
                "CREATE VIEW virtual.v.once (a, b) AS SELECT * FROM (SELECT id, mail AS id FROM crm.public.t) x");

        assertThat(nicol.rows("steve", "SELECT a, b FROM virtual.v.once WHERE a = 1"))
                .containsExactly("1|ann@example.com");
    }
}
