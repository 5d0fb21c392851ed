package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Statements are planned once for all who have equal rights; nobody can tell but by the time it takes. */
class PlanCacheTest {
    private static final String USERS = """
            users:
              eva: {password: "$HASH", groups: [sales], attributes: {region: eu}}
              uma: {password: "$HASH", groups: [sales], attributes: {region: us}}
              tom: {password: "$HASH", groups: [temps], attributes: {region: us}}
              audra: {password: "$HASH", roles: [auditor]}
              steve: {password: "$HASH", roles: [steward]}
            """;
    private static final String POLICY = """
            grants:
              - {name: sales, tables: ["crm.**", "box.**"], actions: [select, insert, update, delete, create, alter, drop],
                 to: {groups: [sales]}}
              - {name: temps, tables: ["crm.public.customer"], actions: [select], to: {groups: [temps]}}
            row_filters:
              - {name: region, tables: ["crm.public.customer"], where: "region = ATTRIBUTE('region')"}
            guardrails:
              - {name: no-full-reads, unbounded_read_over: 3, action: deny, to: {groups: [temps]}}
              - {name: no-full-writes, check: unbounded_write, action: deny}
              - {name: few-rows, statements: [select], rows_over: 100000, action: deny}
            """;

    private static SourceDefinition crm;
    private static TestNicol nicol;

    @BeforeAll
    static void start() {
        crm = TestDatabases.postgres("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                "",
                "CREATE TABLE customer (id INTEGER PRIMARY KEY, name VARCHAR(20), code CHAR(4), big BIGINT, small SMALLINT,"
                        + " amount NUMERIC(10, 2), region VARCHAR(2))",
                "INSERT INTO customer SELECT i, 'name ' || i, 'c' || i, i * 10000000000, i, i + 0.5,"
                        + " CASE WHEN i % 2 = 0 THEN 'us' ELSE 'eu' END FROM generate_series(1, 20) AS i",
                "INSERT INTO customer VALUES (21, 'O''Hara', 'c21', 0, 0, 0, 'eu'), (22, 'a ? b', 'c22', 0, 0, 0, 'eu')",
                "CREATE TABLE kept (id INTEGER PRIMARY KEY, v VARCHAR(10))",
                "INSERT INTO kept SELECT i, 'v' || i FROM generate_series(1, 5) AS i",
                "ANALYZE");
        SourceDefinition box = TestDatabases.h2("box");
        TestDatabases.execute(
                box.url(),
                box.user(),
                box.password(),
                "CREATE TABLE \"orders\" (id INTEGER PRIMARY KEY, customer INTEGER)",
                "INSERT INTO \"orders\" SELECT x, x FROM SYSTEM_RANGE(1, 20)");
        nicol = TestNicol.start(List.of(crm, box), USERS, POLICY, "classification: {mask_by_default: false}");
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    private static double hits() {
        try {
            String page = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(nicol.url() + "metrics"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            Matcher hits = Pattern.compile("cache_gets_total\\{cache=\"plans\",result=\"hit\"} (\\S+)")
                    .matcher(page);
            assertThat(hits.find()).as(page).isTrue();
            return Double.parseDouble(hits.group(1));
        } catch (IOException | InterruptedException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static List<String> rows(PreparedStatement statement) throws SQLException {
        try (ResultSet rows = statement.executeQuery()) {
            return TestNicol.rows(rows);
        }
    }

    private static void fails(Connection connection, String sql, String sqlState) {
        assertThatThrownBy(() -> TestNicol.rows(connection, sql))
                .as(sql)
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo(sqlState));
    }

    @Test
    void usersWithEqualRightsShareAPlanAndNoRow() throws SQLException {
        String all = "SELECT MIN(id), MAX(id), CURRENT_USER FROM crm.public.customer WHERE id <= 20 AND id >= 1";
        try (Connection eva = nicol.connect("eva");
                Connection uma = nicol.connect("uma")) {
            assertThat(TestNicol.rows(eva, all)).containsExactly("1|19|eva");
            double before = hits();
            assertThat(TestNicol.rows(uma, all)).containsExactly("2|20|uma");
            assertThat(TestNicol.rows(eva, all)).containsExactly("1|19|eva");
            assertThat(hits() - before).isEqualTo(2);
        }
    }

    @Test
    void whatDiffersInLiteralsOnlySharesAPlan() throws SQLException {
        try (Connection eva = nicol.connect("eva")) {
            assertThat(TestNicol.rows(eva, "SELECT name FROM crm.public.customer WHERE id = 1"))
                    .containsExactly("name 1");
            double before = hits();
            assertThat(TestNicol.rows(eva, "SELECT name FROM crm.public.customer WHERE id = 3"))
                    .containsExactly("name 3");
            assertThat(TestNicol.rows(eva, "SELECT  name FROM crm.public.customer /* other spaces */ WHERE id =5"))
                    .containsExactly("name 5");
            // of another region
            assertThat(TestNicol.rows(eva, "SELECT name FROM crm.public.customer WHERE id = 2"))
                    .isEmpty();
            assertThat(hits() - before).isEqualTo(3);
            assertThat(TestNicol.rows(eva, "SELECT id FROM crm.public.customer WHERE name = 'name 7'"))
                    .containsExactly("7");
            assertThat(TestNicol.rows(eva, "SELECT id FROM crm.public.customer WHERE name = 'O''Hara'"))
                    .containsExactly("21");
            assertThat(TestNicol.rows(eva, "SELECT id FROM crm.public.customer WHERE name = 'a ? b'"))
                    .containsExactly("22");
        }
    }

    @Test
    void aLiteralKeepsItsTypeAndItsValue() throws SQLException {
        try (Connection eva = nicol.connect("eva")) {
            for (int i = 0; i < 2; i++) {
                assertThat(TestNicol.rows(eva, "SELECT id FROM crm.public.customer WHERE big = 30000000000"))
                        .containsExactly("3");
                assertThat(TestNicol.rows(eva, "SELECT id FROM crm.public.customer WHERE small = 5"))
                        .containsExactly("5");
                // beyond the column's type: no row, and no failure
                assertThat(TestNicol.rows(eva, "SELECT id FROM crm.public.customer WHERE small = 70000"))
                        .isEmpty();
                assertThat(TestNicol.rows(eva, "SELECT id FROM crm.public.customer WHERE id = 3000000000"))
                        .isEmpty();
                assertThat(TestNicol.rows(eva, "SELECT id FROM crm.public.customer WHERE amount = 3.5"))
                        .containsExactly("3");
                assertThat(TestNicol.rows(eva, "SELECT id FROM crm.public.customer WHERE amount > 18 AND id < 20"))
                        .containsExactly("19");
                assertThat(TestNicol.rows(eva, "SELECT id FROM crm.public.customer WHERE code = 'c3'"))
                        .containsExactly("3");
                assertThat(
                                TestNicol.rows(
                                        eva,
                                        "SELECT id FROM crm.public.customer WHERE name = 'a name that is longer than the column'"))
                        .isEmpty();
                assertThat(
                                TestNicol.rows(
                                        eva,
                                        "SELECT c.id, o.id FROM crm.public.customer c JOIN box.public.\"orders\" o"
                                                + " ON o.customer = c.id AND o.id < 6 WHERE c.id > 1 AND c.name IS NOT NULL ORDER BY 1"))
                        .containsExactly("3|3", "5|5");
                assertThat(
                                TestNicol.rows(
                                        eva,
                                        "SELECT id = 3, COUNT(*) FROM crm.public.customer WHERE id < 6 GROUP BY id = 3 ORDER BY 2"))
                        .containsExactly("true|1", "false|2");
            }
        }
    }

    @Test
    void theTrailHasTheStatementAsItWasSent() throws SQLException {
        String[] sent = {
            "SELECT name FROM crm.public.customer WHERE id = 11 AND region = 'eu'",
            "SELECT name FROM crm.public.customer WHERE id = 13 AND region = 'eu'"
        };
        for (String sql : sent) {
            assertThat(nicol.rows("eva", sql)).hasSize(1);
        }
        String ofSent = " FROM nicol.audit.statements s WHERE s.sql_text IN ('" + sent[0].replace("'", "''") + "', '"
                + sent[1].replace("'", "''") + "') ORDER BY s.started_at";
        assertThat(nicol.rows("audra", "SELECT s.sql_text, s.bound_values, s.verdict, s.outcome, s.row_count" + ofSent))
                .containsExactly(sent[0] + "|null|allowed|succeeded|1", sent[1] + "|null|allowed|succeeded|1");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT s.sql_text, (SELECT COUNT(*) FROM nicol.lineage.edges e WHERE e.statement_id = s.statement_id),"
                                + " (SELECT COUNT(*) FROM nicol.audit.column_access a WHERE a.statement_id = s.statement_id)"
                                + ofSent))
                .extracting(row -> row.substring(row.indexOf('|')))
                .hasSize(2)
                .allMatch(counts -> counts.equals("|8|3"));
    }

    @Test
    void aVerdictIsOfTheStatementAndNotOfThoseLikeIt() throws SQLException {
        try (Connection tom = nicol.connect("tom")) {
            for (int i = 0; i < 2; i++) {
                assertThat(TestNicol.rows(tom, "SELECT id FROM crm.public.customer WHERE id = 2"))
                        .containsExactly("2");
                fails(tom, "SELECT id FROM crm.public.customer WHERE 1 = 1", "NG001");
                fails(tom, "SELECT id FROM crm.public.customer WHERE id = 2 OR id <> 2", "NG001");
                fails(tom, "SELECT id FROM crm.public.customer WHERE (id = 2) = (id = 2)", "NG001");
                fails(tom, "SELECT id FROM crm.public.customer WHERE 2 = 2", "NG001");
                assertThat(TestNicol.rows(tom, "SELECT id FROM crm.public.customer WHERE id = 2 AND id = 4"))
                        .isEmpty();
            }
        }
        try (Connection eva = nicol.connect("eva");
                Statement statement = eva.createStatement()) {
            assertThat(statement.executeUpdate("DELETE FROM crm.public.kept WHERE id = 1"))
                    .isEqualTo(1);
            assertThatThrownBy(() -> statement.executeUpdate("DELETE FROM crm.public.kept WHERE 1 = 1"))
                    .hasMessageContaining("no-full-writes");
            assertThat(statement.executeUpdate("DELETE FROM crm.public.kept WHERE id = 1"))
                    .isZero();
        }
    }

    @Test
    void aFailureIsTheSameEachTime() throws SQLException {
        try (Connection eva = nicol.connect("eva")) {
            for (int i = 0; i < 3; i++) {
                fails(eva, "SELECT 1 / 0", "22000");
                fails(eva, "SELECT id / 0 FROM box.public.\"orders\"", "22000");
                fails(
                        eva,
                        "SELECT CAST('x' AS INTEGER) FROM crm.public.customer c JOIN box.public.\"orders\" o"
                                + " ON o.customer = c.id",
                        "22000");
            }
        }
    }

    @Test
    void aChangedTableIsSeenAtOnce() throws SQLException {
        try (Connection eva = nicol.connect("eva");
                Statement define = eva.createStatement();
                PreparedStatement prepared = eva.prepareStatement("SELECT * FROM crm.public.changing WHERE id = ?")) {
            throw new IllegalStateException("not there yet: " + prepared + define);
        } catch (SQLException unknown) {
            assertThat(unknown.getSQLState()).isEqualTo("42P01");
        }
        try (Connection eva = nicol.connect("eva");
                Statement define = eva.createStatement()) {
            define.executeUpdate("CREATE TABLE crm.public.changing (id INTEGER, v VARCHAR(10))");
            define.executeUpdate("INSERT INTO crm.public.changing VALUES (1, 'a')");
            try (PreparedStatement prepared = eva.prepareStatement("SELECT * FROM crm.public.changing WHERE id = ?")) {
                prepared.setInt(1, 1);
                assertThat(rows(prepared)).containsExactly("1|a");
                define.executeUpdate("ALTER TABLE crm.public.changing ADD COLUMN w INTEGER");
                assertThat(rows(prepared)).containsExactly("1|a|null");
                define.executeUpdate("DROP TABLE crm.public.changing");
                assertThatThrownBy(() -> rows(prepared))
                        .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                                .isEqualTo("42P01"));
            }
        }
    }

    /** PostgreSQL keeps what was prepared with the columns' types as they were. */
    @Test
    void aColumnOfAnotherTypeIsSeenAtOnce() throws SQLException {
        try (Connection eva = nicol.connect("eva");
                Statement define = eva.createStatement()) {
            define.executeUpdate("CREATE TABLE crm.public.widened (id INTEGER PRIMARY KEY, v INTEGER)");
            define.executeUpdate("INSERT INTO crm.public.widened VALUES (1, 7)");
            String[] statements = {
                "SELECT v FROM crm.public.widened WHERE id = 1",
                "SELECT v FROM crm.public.widened",
                "SELECT w.v FROM crm.public.widened w JOIN box.public.\"orders\" o ON o.id = w.id"
            };
            for (String sql : statements) {
                for (int i = 0; i < 8; i++) {
                    assertThat(TestNicol.rows(eva, sql)).containsExactly("7");
                }
            }
            define.executeUpdate("ALTER TABLE crm.public.widened ALTER COLUMN v SET DATA TYPE VARCHAR(20)");
            for (String sql : statements) {
                assertThat(TestNicol.rows(eva, sql)).as(sql).containsExactly("7");
            }
        }
    }

    /** Many threads plan and run the same statements, while policy changes under them. */
    @Test
    void manyAtOnceSeeTheirOwnRowsUnderOnePolicyOrTheOther() throws Exception {
        String[] statements = {
            "SELECT COUNT(*), MIN(c.region), MAX(c.region) FROM crm.public.customer c WHERE c.id <= 20",
            "SELECT COUNT(*), MIN(c.region), MAX(c.region) FROM crm.public.customer c JOIN box.public.\"orders\" o"
                    + " ON o.customer = c.id",
            "SELECT COUNT(*), MIN(region), MAX(region) FROM (SELECT region FROM crm.public.customer WHERE id <= 20"
                    + " UNION ALL SELECT 'zz' FROM box.public.\"orders\" WHERE id = 0) t"
        };
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            List<Future<List<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                String user = i % 2 == 0 ? "eva" : "uma";
                Callable<List<String>> work = () -> {
                    List<String> seen = new ArrayList<>();
                    try (Connection connection = nicol.connect(user)) {
                        for (int round = 0; round < 20; round++) {
                            for (String sql : statements) {
                                seen.addAll(TestNicol.rows(connection, sql));
                            }
                        }
                    }
                    return seen;
                };
                answers.add(threads.submit(work));
            }
            for (int reload = 0; reload < 6; reload++) {
                String other = reload % 2 == 0 ? POLICY.replace("name: region", "name: other") : POLICY;
                Files.writeString(nicol.directory().resolve("policies/policy.yaml"), other);
                nicol.rows("steve", "CALL nicol.reload()");
            }
            for (int i = 0; i < 6; i++) {
                String region = i % 2 == 0 ? "eu" : "us";
                assertThat(answers.get(i).get()).hasSize(60).allMatch(row -> row.equals("10|" + region + "|" + region));
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
