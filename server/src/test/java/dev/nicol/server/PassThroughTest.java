package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceCredentials.PassThrough;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.adapters.testing.TestMariadb;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Everyone reads with the login of their own, and what the database forbids to it stays forbidden. */
final class PassThroughTest {
    private static final String SECRET = "s3cret-of-";

    private static TestNicol nicol;
    private static Path logins;
    private static String db;
    private static String schema;

    @BeforeAll
    static void start() throws IOException {
        SourceDefinition postgres = TestDatabases.postgres("pg");
        SourceDefinition mariadb = TestDatabases.mariadb("my");
        db = postgres.url().replaceFirst(".*/", "");
        schema = TestDatabases.schema(mariadb);
        TestDatabases.execute(
                postgres.url(),
                "postgres",
                "",
                "CREATE ROLE " + db + "_alice LOGIN",
                "CREATE ROLE " + db + "_bob LOGIN",
                "CREATE ROLE " + db + "_scorer LOGIN",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT, made_by TEXT DEFAULT session_user)",
                "INSERT INTO orders VALUES (1, 'lamp', 'nobody')",
                "CREATE TABLE salaries (id INTEGER PRIMARY KEY, amount INTEGER)",
                "INSERT INTO salaries VALUES (1, 100)",
                "CREATE VIEW session AS SELECT session_user::text AS login, current_setting('nicol.user', true) AS who,"
                        + " current_setting('application_name') AS application",
                "GRANT SELECT ON session TO PUBLIC",
                "GRANT SELECT, INSERT ON orders TO " + db + "_alice",
                "GRANT SELECT ON salaries TO " + db + "_bob",
                "CREATE TABLE guarded (id INTEGER PRIMARY KEY)",
                "INSERT INTO guarded VALUES (1), (2)",
                "GRANT SELECT ON guarded TO PUBLIC");
        TestDatabases.execute(
                mariadb.url(),
                TestMariadb.ADMIN,
                TestMariadb.PASSWORD,
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, item VARCHAR(20))",
                "INSERT INTO orders VALUES (1, 'lamp')",
                "CREATE TABLE salaries (id INTEGER PRIMARY KEY, amount INTEGER)",
                "INSERT INTO salaries VALUES (1, 100)",
                "CREATE TABLE allowed (id INTEGER PRIMARY KEY)",
                "INSERT INTO allowed VALUES (2)",
                "CREATE VIEW session AS SELECT USER() AS login",
                user("alice"),
                user("bob"),
                "GRANT SELECT ON orders TO " + schema + "_alice@localhost",
                "GRANT SELECT ON session TO " + schema + "_alice@localhost",
                "GRANT SELECT ON salaries TO " + schema + "_bob@localhost",
                "GRANT SELECT ON session TO " + schema + "_bob@localhost");
        Path directory = TestDatabases.directory();
        logins = directory.resolve("logins.yaml");
        Path mysqlLogins = directory.resolve("mysql-logins.yaml");
        Files.writeString(logins, login("alice", db) + login("scorer", db) + login("carol", db));
        Files.writeString(mysqlLogins, login("alice", schema));
        nicol = TestNicol.start(
                List.of(postgres.with(new PassThrough(logins, 2)), mariadb.with(new PassThrough(mysqlLogins, 2))),
                """
                users:
                  alice: {password: "$HASH", groups: [readers]}
                  bob: {password: "$HASH", groups: [readers]}
                  carol: {password: "$HASH", groups: [readers]}
                  audra: {password: "$HASH", groups: [readers], roles: [auditor]}
                agents:
                  scorer: {password: "$HASH", groups: [readers], acts_for: [alice], purposes: [x]}
                  other: {password: "$HASH", groups: [readers], acts_for: [alice], purposes: [x]}
                """,
                """
                grants:
                  - {name: all, tables: ["pg.**", "my.**"], actions: [select, insert, update], raw: ["*"], to: {groups: [readers]}}
                row_filters:
                  - {name: looked-up, tables: ["pg.public.guarded"], where: "id IN (SELECT id FROM my.$S.allowed)", to: {groups: [readers]}}
                """.replace("$S", schema),
                "classification: {mask_by_default: false}");
    }

    private static String user(String name) {
        return "CREATE USER " + schema + "_" + name + "@localhost IDENTIFIED BY '" + SECRET + name + "'";
    }

    private static String login(String name, String prefix) {
        return name + ": {user: " + prefix + "_" + name + ", password: " + SECRET + name + "}\n";
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    private static void refused(ThrowingCallable statement, String... words) {
        assertThatThrownBy(statement).isInstanceOfSatisfying(SQLException.class, refused -> {
            assertThat(refused.getSQLState()).isEqualTo("42501");
            assertThat(refused.getMessage())
                    .contains(words)
                    .doesNotContain(SECRET, db + "_", schema + "_", "localhost", "127.0.0.1");
        });
    }

    @Test
    void everyoneHasTheRightsOfTheirOwnLogin() throws SQLException {
        String login = "SELECT login, who FROM pg.public.session";
        try (Connection bob = nicol.connect("bob", "pg.user", db + "_bob", "pg.password", SECRET + "bob")) {
            assertThat(TestNicol.rows(bob, login)).containsExactly(db + "_bob|bob");
            assertThat(TestNicol.rows(bob, "SELECT amount FROM pg.public.salaries"))
                    .containsExactly("100");
            refused(() -> TestNicol.rows(bob, "SELECT item FROM pg.public.orders"), "Source `pg` does not permit this");
        }

        assertThat(nicol.rows("alice", login)).containsExactly(db + "_alice|alice");
        assertThat(nicol.rows("alice", "SELECT item FROM pg.public.orders WHERE id = 1"))
                .containsExactly("lamp");
        refused(() -> nicol.rows("alice", "SELECT amount FROM pg.public.salaries"), "Source `pg` does not permit this");
    }

    @Test
    void onMariadbToo() throws SQLException {
        try (Connection bob = nicol.connect("bob", "my.user", schema + "_bob", "my.password", SECRET + "bob")) {
            assertThat(TestNicol.rows(bob, "SELECT login FROM my." + schema + ".session"))
                    .containsExactly(schema + "_bob@localhost");
            assertThat(TestNicol.rows(bob, "SELECT amount FROM my." + schema + ".salaries"))
                    .containsExactly("100");
            refused(
                    () -> TestNicol.rows(bob, "SELECT item FROM my." + schema + ".orders"),
                    "Source `my` does not permit this");
        }

        assertThat(nicol.rows("alice", "SELECT login FROM my." + schema + ".session"))
                .containsExactly(schema + "_alice@localhost");
        refused(
                () -> nicol.rows("alice", "SELECT amount FROM my." + schema + ".salaries"),
                "Source `my` does not permit this");
    }

    @Test
    void whoHasNoLoginGetsNobodyElses() throws SQLException {
        refused(
                () -> nicol.rows("bob", "SELECT item FROM pg.public.orders"),
                "there is none for `bob`",
                "`pg.user`",
                "`logins`");
        try (Connection half = nicol.connect("bob", "pg.user", db + "_bob")) {
            refused(() -> TestNicol.rows(half, "SELECT item FROM pg.public.orders"), "there is none for `bob`");
        }
        try (Connection empty = nicol.connect("bob", "pg.user", db + "_bob", "pg.password", "")) {
            refused(() -> TestNicol.rows(empty, "SELECT item FROM pg.public.orders"), "there is none for `bob`");
        }
        assertThatThrownBy(() -> nicol.connect("bob", "pg.user", "a\0b", "pg.password", "x")
                        .close())
                .hasMessageContaining("none of them a control character");
    }

    @Test
    void anAgentHasALoginOfItsOwnAndNeverItsHumans() throws SQLException {
        String login = "SELECT login, who, application FROM pg.public.session";
        try (Connection scorer = nicol.connect("scorer", "on_behalf_of", "alice", "purpose", "x")) {
            assertThat(TestNicol.rows(scorer, login)).containsExactly(db + "_scorer|alice|nicol/alice/scorer");
        }
        try (Connection other = nicol.connect("other", "on_behalf_of", "alice", "purpose", "x")) {
            refused(() -> TestNicol.rows(other, login), "there is none for `other`");
        }
        try (Connection other = nicol.connect(
                "other", "on_behalf_of", "alice", "purpose", "x", "pg.user", db + "_bob", "pg.password", "any")) {
            assertThat(TestNicol.rows(other, login)).containsExactly(db + "_bob|alice|nicol/alice/other");
        }
    }

    @Test
    void aWrongPasswordIsRefusedAndHarmsNobodyElse() throws SQLException {
        nicol.rows("alice", "SELECT item FROM my." + schema + ".orders");
        for (int attempt = 0; attempt < 4; attempt++) {
            try (Connection bob =
                    nicol.connect("bob", "my.user", schema + "_alice", "my.password", SECRET + "bob" + attempt)) {
                refused(
                        () -> TestNicol.rows(bob, "SELECT item FROM my." + schema + ".orders"),
                        "Source `my` does not let in the login of `bob`",
                        "`my.password`");
            }
        }

        assertThat(nicol.rows("alice", "SELECT item FROM my." + schema + ".orders"))
                .containsExactly("lamp");
        refused(() -> nicol.rows("bob", "SELECT item FROM my." + schema + ".orders"), "there is none for `bob`");
    }

    @Test
    void writesAreTheLoginsOwn() throws SQLException {
        try (Connection alice = nicol.connect("alice")) {
            alice.setAutoCommit(false);
            try (Statement insert = alice.createStatement()) {
                assertThat(insert.executeUpdate("INSERT INTO pg.public.orders (id, item) VALUES (2, 'pen')"))
                        .isEqualTo(1);
            }
            alice.commit();
        }

        assertThat(nicol.rows("alice", "SELECT made_by FROM pg.public.orders WHERE id = 2"))
                .containsExactly(db + "_alice");
    }

    @Test
    void whatPoliciesLookUpIsReadWithNicolsLogin() throws SQLException {
        refused(() -> nicol.rows("alice", "SELECT id FROM my." + schema + ".allowed"), "Source `my` does not permit");

        assertThat(nicol.rows("alice", "SELECT id FROM pg.public.guarded")).containsExactly("2");
    }

    @Test
    void passwordsAreRecordedNowhere() throws SQLException {
        try (Connection bob = nicol.connect("bob", "my.user", schema + "_bob", "my.password", SECRET + "wrong")) {
            refused(
                    () -> TestNicol.rows(bob, "SELECT item FROM my." + schema + ".orders"),
                    "does not let in the login of `bob`");
        }

        assertThat(nicol.rows("audra", "SELECT detail FROM nicol.audit.events"))
                .isNotEmpty()
                .noneMatch(detail -> detail.contains(SECRET));
        assertThat(nicol.rows("audra", "SELECT * FROM nicol.audit.statements"))
                .isNotEmpty()
                .noneMatch(statement -> statement.contains(SECRET));
    }

    @Test
    void theFileOfLoginsIsReadAgain() throws IOException, SQLException {
        String sql = "SELECT login FROM pg.public.session";
        refused(() -> nicol.rows("carol", sql), "does not let in the login of `carol`");
        String before = Files.readString(logins);

        Files.writeString(logins, before.replace(db + "_carol", db + "_bob"));
        await().ignoreExceptions()
                .untilAsserted(() -> assertThat(nicol.rows("carol", sql)).containsExactly(db + "_bob"));
        Files.writeString(logins, before.replaceAll("carol: .*\n", ""));
        await().ignoreExceptions()
                .untilAsserted(() -> refused(() -> nicol.rows("carol", sql), "there is none for `carol`"));
        Files.writeString(logins, before);
    }
}
