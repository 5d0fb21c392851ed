package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.adapters.testing.TestMariadb;
import dev.nicol.adapters.testing.TestPostgres;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Whom each database says that a statement runs for: its own settings and row security, looked at through views and functions
 * of its own. Every source has one connection, so that each session takes over what the one before left.
 */
final class SessionTagTest {
    private static final String SESSION = "SELECT who, agent, purpose, application FROM pg.public.session";

    private static TestNicol nicol;
    private static SourceDefinition postgres;
    private static SourceDefinition mariadb;

    @BeforeAll
    static void start() {
        postgres = TestDatabases.postgres("pg");
        mariadb = TestDatabases.mariadb("my");
        SourceDefinition h2 = TestDatabases.h2("h");
        SourceDefinition duckdb = TestDatabases.duckdb("lake");
        // a superuser would be above row security
        String login = "tagged_" + postgres.url().replaceFirst(".*/", "");
        TestDatabases.execute(
                postgres.url(),
                "postgres",
                "",
                "CREATE ROLE " + login + " LOGIN",
                "ALTER ROLE " + login + " SET log_statement = 'all'",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, owner TEXT, item TEXT)",
                "INSERT INTO orders VALUES (1, 'alice', 'lamp'), (2, 'bob', 'desk'), (3, 'alice', 'pen')",
                "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY own ON orders USING (owner = current_setting('nicol.user', true))",
                "CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT)",
                "CREATE VIEW session AS SELECT current_setting('nicol.user', true) AS who,"
                        + " current_setting('nicol.agent', true) AS agent, current_setting('nicol.purpose', true) AS purpose,"
                        + " current_setting('nicol.connection', true) AS connection,"
                        + " current_setting('application_name') AS application, current_user::text AS role,"
                        + " pg_backend_pid() AS pid",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + login);
        TestDatabases.execute(
                mariadb.url(),
                mariadb.user(),
                mariadb.password(),
                "CREATE FUNCTION told() RETURNS VARCHAR(500) RETURN CONCAT_WS('|', @nicol_user, @nicol_agent,"
                        + " @nicol_purpose, @nicol_connection)",
                "CREATE VIEW session AS SELECT told() AS told");
        TestDatabases.execute(
                h2.url(),
                "sa",
                "",
                "CREATE TABLE one (id INT PRIMARY KEY)",
                "INSERT INTO one VALUES (1)",
                "CREATE VIEW session AS SELECT CONCAT_WS('|', @nicol_user, @nicol_agent, @nicol_purpose,"
                        + " @nicol_connection) AS told FROM one");
        TestDatabases.execute(
                duckdb.url(),
                "",
                "",
                "CREATE VIEW session AS SELECT concat_ws('|', getvariable('nicol_user'), getvariable('nicol_agent'),"
                        + " getvariable('nicol_purpose'), getvariable('nicol_connection')) AS told");
        nicol = TestNicol.start(
                List.of(one(postgres, login), one(mariadb, mariadb.user()), one(h2, "sa"), one(duckdb, null)),
                """
                users:
                  alice: {password: "$HASH", groups: [readers]}
                  bob: {password: "$HASH", groups: [readers]}
                  "o'*/ DROP TABLE orders; -- \\\\!/*?{x}é%20": {password: "$HASH", groups: [readers]}
                  audra: {password: "$HASH", groups: [readers], roles: [auditor]}
                agents:
                  scorer: {password: "$HASH", groups: [readers], acts_for: [alice], purposes: [fraud-scoring, ads]}
                """,
                """
                grants:
                  - {name: all, tables: ["pg.**", "my.**", "h.**", "lake.**"], actions: [select, insert, update], raw: ["*"], to: {groups: [readers]}}
                """,
                "classification: {mask_by_default: false}");
    }

    private static SourceDefinition one(SourceDefinition source, String user) {
        return new SourceDefinition(
                source.name(),
                source.kind(),
                source.url(),
                user,
                source.password(),
                source.environment(),
                source.properties(),
                1);
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The server's own, found in the trail by a statement that nobody else runs. */
    private static String id(Connection connection) throws SQLException {
        UUID mark = UUID.randomUUID();
        TestNicol.rows(connection, "VALUES ('" + mark + "')");
        return nicol.rows(
                        "audra",
                        "SELECT connection_id FROM nicol.audit.statements WHERE user_name <> 'audra' AND sql_text LIKE '%"
                                + mark + "%'")
                .get(0);
    }

    private static Connection scorer() throws SQLException {
        return nicol.connect("scorer", "on_behalf_of", "alice", "purpose", "fraud-scoring");
    }

    @Test
    void rowSecurityOfTheDatabaseSeesTheUser() throws SQLException {
        String sql = "SELECT id, item FROM pg.public.orders ORDER BY id";

        assertThat(nicol.rows("alice", sql)).containsExactly("1|lamp", "3|pen");
        assertThat(nicol.rows("bob", sql)).containsExactly("2|desk");
        assertThat(nicol.rows("audra", sql)).isEmpty();
        assertThat(nicol.rows("alice", sql)).containsExactly("1|lamp", "3|pen");
    }

    @Test
    void postgresNamesTheSessionAfterHumanAndAgent() throws SQLException {
        try (Connection scorer = scorer()) {
            assertThat(TestNicol.rows(scorer, SESSION))
                    .containsExactly("alice|scorer|fraud-scoring|nicol/alice/scorer");
        }

        assertThat(nicol.rows("bob", SESSION)).containsExactly("bob|||nicol/bob");
    }

    @Test
    void otherKindsKeepItInVariables() throws SQLException {
        for (String schema : List.of("my." + TestDatabases.schema(mariadb), "h.PUBLIC", "lake.main")) {
            String sql = "SELECT told FROM " + schema + ".session";
            try (Connection scorer = scorer()) {
                assertThat(TestNicol.rows(scorer, sql)).containsExactly("alice|scorer|fraud-scoring|" + id(scorer));
            }
            try (Connection bob = nicol.connect("bob")) {
                assertThat(TestNicol.rows(bob, sql)).containsExactly("bob|||" + id(bob));
            }
        }
    }

    @Test
    void aPurposeStatedLaterIsToldWithTheNextStatement() throws SQLException {
        try (Connection scorer = scorer()) {
            TestNicol.rows(scorer, SESSION);
            run(scorer, "SET purpose = 'ads'");

            assertThat(TestNicol.rows(scorer, SESSION)).containsExactly("alice|scorer|ads|nicol/alice/scorer");
        }
    }

    @Test
    void whatIsToldInATransactionThatIsTakenBackIsNotLost() throws SQLException {
        try (Connection scorer = scorer()) {
            scorer.setAutoCommit(false);
            run(scorer, "INSERT INTO pg.public.notes VALUES (1, 'x')");
            run(scorer, "SET purpose = 'ads'");
            assertThat(TestNicol.rows(scorer, SESSION)).containsExactly("alice|scorer|ads|nicol/alice/scorer");
            scorer.rollback();

            assertThat(TestNicol.rows(scorer, SESSION)).containsExactly("alice|scorer|ads|nicol/alice/scorer");
        }
    }

    @Test
    void nothingOfASessionIsLeftToTheNext() throws SQLException {
        String notes = "SELECT count(*) FROM pg.public.notes WHERE id = 2";
        String session = "SELECT who, role, pid FROM pg.public.session";
        String before;
        try (Connection alice = nicol.connect("alice", "purpose", "audit")) {
            alice.setAutoCommit(false);
            run(alice, "INSERT INTO pg.public.notes VALUES (2, 'alice was here')");
            before = TestNicol.rows(alice, session).get(0);
            assertThat(TestNicol.rows(alice, notes)).containsExactly("1");
        }
        try (Connection bob = nicol.connect("bob")) {
            assertThat(TestNicol.rows(bob, SESSION)).containsExactly("bob|||nicol/bob");
            assertThat(TestNicol.rows(bob, notes)).containsExactly("0");
            assertThat(TestNicol.rows(bob, session)).containsExactly(before.replace("alice", "bob"));
        }
    }

    @Test
    void noStatementOfAClientCanForgeIt() throws SQLException {
        try (Connection bob = nicol.connect("bob", "purpose", "x'*/ OR 1=1 --")) {
            for (String forging : List.of(
                    "SET nicol.user = 'alice'",
                    "SET SESSION AUTHORIZATION alice",
                    "SET ROLE alice",
                    "RESET ALL",
                    "SELECT set_config('nicol.user', 'alice', false)",
                    "SELECT set_config('nicol.user', 'alice', false) FROM pg.public.orders",
                    "SELECT id FROM pg.public.orders; SET nicol.user = 'alice'")) {
                assertThatThrownBy(() -> TestNicol.rows(bob, forging)).isInstanceOf(SQLException.class);
            }

            assertThat(TestNicol.rows(bob, "/*nicol_user='alice'*/ " + SESSION + " /*nicol_user='alice'*/"))
                    .containsExactly("bob||x'*/ OR 1=1 --|nicol/bob");
        }
    }

    @Test
    void hostileNamesStayNames() throws SQLException {
        String name = "o'*/ DROP TABLE orders; -- \\!/*?{x}é%20";
        try (Connection hostile = nicol.connect(name, "purpose", "*/ '\\ %2A/ ü")) {
            assertThat(TestNicol.rows(hostile, SESSION))
                    .containsExactly(
                            name + "||*/ '\\ %2A/ ü|nicol/o'*%2F%20DROP%20TABLE%20orders;%20--%20\\!%2F*?{x}%C3%A9%2");
            String told = name + "||*/ '\\ %2A/ ü|" + id(hostile);
            for (String schema : List.of("my." + TestDatabases.schema(mariadb), "h.PUBLIC", "lake.main")) {
                assertThat(TestNicol.rows(hostile, "SELECT told FROM " + schema + ".session"))
                        .containsExactly(told);
            }
        }
    }

    @Test
    void everyStatementCarriesWhoItIsForAndTheTrailHasItAsSent() throws SQLException {
        try (Connection scorer = scorer()) {
            for (String from : List.of("pg.public", "my." + TestDatabases.schema(mariadb), "h.PUBLIC", "lake.main")) {
                TestNicol.rows(scorer, "SELECT * FROM " + from + ".session");
                String comment = " /*nicol_agent='scorer',nicol_connection='" + id(scorer)
                        + "',nicol_purpose='fraud-scoring',nicol_user='alice'*/";

                assertThat(nicol.rows(
                                "audra",
                                "SELECT q.sql_sent, s.connection_id FROM nicol.audit.source_queries AS q JOIN"
                                        + " nicol.audit.statements AS s ON s.statement_id = q.statement_id"
                                        + " WHERE s.user_name = 'alice' AND s.connection_id = '" + id(scorer)
                                        + "' AND q.source = '" + from.replaceFirst("\\..*", "") + "'"))
                        .singleElement()
                        .satisfies(sent -> assertThat(sent).endsWith(comment + "|" + id(scorer)));
            }
        }
    }

    @Test
    void logsOfTheDatabasesNameHumanAndAgent() throws SQLException, IOException {
        String general = "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE argument LIKE '%nicol_%'";
        try (Connection admin = DriverManager.getConnection(
                        TestMariadb.running().url(""), TestMariadb.ADMIN, TestMariadb.PASSWORD);
                Connection scorer = scorer()) {
            String comment = "/*nicol_agent='scorer',nicol_connection='" + id(scorer)
                    + "',nicol_purpose='fraud-scoring',nicol_user='alice'*/";
            TestNicol.rows(scorer, "SELECT item FROM pg.public.orders");
            await().untilAsserted(() ->
                    assertThat(Files.readString(TestPostgres.running().log())).contains(comment));
            run(admin, "SET GLOBAL log_output = 'TABLE'");
            run(admin, "SET GLOBAL general_log = ON");
            try {
                TestNicol.rows(scorer, "SELECT told FROM my." + TestDatabases.schema(mariadb) + ".session");
            } finally {
                run(admin, "SET GLOBAL general_log = OFF");
            }

            assertThat(TestNicol.rows(admin, general)).anyMatch(logged -> logged.endsWith(comment));
        }
    }

    @Test
    void aTextThatLooksLikeACommentDoesNotKeepItOut() throws SQLException {
        try (Connection bob = nicol.connect("bob")) {
            assertThat(TestNicol.rows(bob, "SELECT id FROM pg.public.orders WHERE item <> '*/' AND owner <> '/*'"))
                    .containsExactly("2");
            assertThat(TestNicol.rows(bob, "SELECT id FROM pg.public.orders WHERE item <> '*/'"))
                    .containsExactly("2");

            assertThat(nicol.rows(
                            "audra",
                            "SELECT q.sql_sent FROM nicol.audit.source_queries AS q JOIN nicol.audit.statements AS s ON"
                                    + " s.statement_id = q.statement_id WHERE s.connection_id = '" + id(bob) + "'"))
                    .hasSize(2)
                    .allSatisfy(sent -> assertThat(sent).endsWith(",nicol_user='bob'*/"));
        }
    }

    @Test
    void aPreparedStatementIsSentAlikeEachTime() throws SQLException {
        try (Connection bob = nicol.connect("bob");
                PreparedStatement query = bob.prepareStatement("SELECT item FROM pg.public.orders WHERE id = ?")) {
            for (int id : new int[] {1, 2, 3}) {
                query.setInt(1, id);
                try (ResultSet rows = query.executeQuery()) {
                    assertThat(TestNicol.rows(rows)).isEqualTo(id == 2 ? List.of("desk") : List.of());
                }
            }

            assertThat(nicol.rows(
                            "audra",
                            "SELECT count(*), count(DISTINCT q.sql_sent) FROM nicol.audit.source_queries AS q JOIN"
                                    + " nicol.audit.statements AS s ON s.statement_id = q.statement_id WHERE"
                                    + " s.connection_id = '" + id(bob) + "'"))
                    .containsExactly("3|1");
        }
    }

    @Test
    void whatCannotBeToldDoesNotRun() throws SQLException {
        String setConfig = "EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean)";
        nicol.rows("alice", SESSION);
        TestDatabases.execute(postgres.url(), "postgres", "", "REVOKE " + setConfig + " FROM PUBLIC");
        try {
            assertThatThrownBy(() -> nicol.rows("bob", SESSION)).isInstanceOfSatisfying(SQLException.class, refused -> {
                assertThat(refused.getSQLState()).isEqualTo("42501");
                assertThat(refused.getMessage()).contains("Source `pg`").doesNotContain("set_config");
            });
        } finally {
            TestDatabases.execute(postgres.url(), "postgres", "", "GRANT " + setConfig + " TO PUBLIC");
        }

        assertThat(nicol.rows("bob", SESSION)).containsExactly("bob|||nicol/bob");
        assertThat(nicol.rows("alice", SESSION)).containsExactly("alice|||nicol/alice");
    }
}
