package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceCredentials.Impersonate;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.adapters.testing.TestMariadb;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** One login of the database, in the role of whoever asks; every source has one connection, which all of them share. */
final class ImpersonationTest {
    private static TestNicol nicol;
    private static String db;
    private static String schema;

    @BeforeAll
    static void start() {
        SourceDefinition postgres = TestDatabases.postgres("pg");
        SourceDefinition mariadb = TestDatabases.mariadb("my");
        db = postgres.url().replaceFirst(".*/", "");
        schema = TestDatabases.schema(mariadb);
        TestDatabases.execute(
                postgres.url(),
                "postgres",
                "",
                "CREATE ROLE " + db + "_nicol LOGIN",
                "CREATE ROLE \"" + db + " Alice\" IN ROLE pg_monitor",
                "CREATE ROLE " + db + "_analysts",
                "CREATE ROLE " + db + "_scorer",
                "CREATE ROLE " + db + "_foreign",
                "GRANT \"" + db + " Alice\", " + db + "_analysts, " + db + "_scorer TO " + db + "_nicol",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT)",
                "INSERT INTO orders VALUES (1, 'lamp')",
                "CREATE TABLE salaries (id INTEGER PRIMARY KEY, amount INTEGER)",
                "INSERT INTO salaries VALUES (1, 100)",
                "CREATE FUNCTION acting() RETURNS TEXT LANGUAGE SQL STABLE AS 'SELECT current_user::text'",
                "CREATE VIEW session WITH (security_invoker = true) AS SELECT acting() AS role, session_user::text AS login",
                "GRANT SELECT ON session TO PUBLIC",
                "GRANT SELECT ON orders TO \"" + db + " Alice\"",
                "GRANT SELECT ON salaries TO " + db + "_analysts");
        String login = schema + "_nicol@localhost";
        TestDatabases.execute(
                mariadb.url(),
                TestMariadb.ADMIN,
                TestMariadb.PASSWORD,
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, item VARCHAR(20))",
                "INSERT INTO orders VALUES (1, 'lamp')",
                "CREATE TABLE salaries (id INTEGER PRIMARY KEY, amount INTEGER)",
                "INSERT INTO salaries VALUES (1, 100)",
                "CREATE USER " + login + " IDENTIFIED BY 'secret'",
                "CREATE ROLE " + schema + "_catalogue",
                "CREATE ROLE `" + schema + " Alice`",
                "CREATE ROLE " + schema + "_analysts",
                "GRANT SELECT ON " + schema + ".* TO " + schema + "_catalogue",
                "GRANT SELECT ON orders TO `" + schema + " Alice`",
                "GRANT SELECT ON salaries TO " + schema + "_analysts",
                "GRANT " + schema + "_catalogue TO " + login,
                "GRANT `" + schema + " Alice` TO " + login,
                "GRANT " + schema + "_analysts TO " + login,
                "SET DEFAULT ROLE " + schema + "_catalogue FOR " + login);
        nicol = TestNicol.start(
                List.of(
                        one(postgres, db + "_nicol", "", roles(db)),
                        one(mariadb, schema + "_nicol", "secret", roles(schema))),
                """
                users:
                  alice: {password: "$HASH", groups: [readers, analysts], roles: [steward]}
                  bob: {password: "$HASH", groups: [readers, analysts]}
                  both: {password: "$HASH", groups: [readers, analysts, others]}
                  none: {password: "$HASH", groups: [readers]}
                  wrong: {password: "$HASH", groups: [readers]}
                agents:
                  scorer: {password: "$HASH", groups: [readers], acts_for: [alice], purposes: [x]}
                  other: {password: "$HASH", groups: [readers], acts_for: [alice], purposes: [x]}
                """,
                """
                grants:
                  - {name: all, tables: ["pg.**", "my.**"], actions: [select], raw: ["*"], to: {groups: [readers]}}
                """,
                "classification: {mask_by_default: false}");
    }

    private static Impersonate roles(String prefix) {
        return new Impersonate(
                Map.of("alice", prefix + " Alice", "wrong", prefix + "_foreign"),
                Map.of("scorer", prefix + "_scorer"),
                Map.of("analysts", prefix + "_analysts", "others", prefix + "_others"));
    }

    private static SourceDefinition one(SourceDefinition source, String user, String password, Impersonate roles) {
        return new SourceDefinition(
                source.name(),
                source.kind(),
                source.url(),
                user,
                password,
                source.environment(),
                source.properties(),
                1,
                roles);
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    private static void refused(ThrowingCallable statement, String words) {
        assertThatThrownBy(statement).isInstanceOfSatisfying(SQLException.class, refused -> {
            assertThat(refused.getSQLState()).isEqualTo("42501");
            assertThat(refused.getMessage())
                    .contains(words)
                    .doesNotContain("_foreign", "_analysts", " Alice", "_nicol");
        });
    }

    @Test
    void aSessionIsInTheRoleOfItsUserOrGroup() throws SQLException {
        String role = "SELECT role, login FROM pg.public.session";

        assertThat(nicol.rows("alice", role)).containsExactly(db + " Alice|" + db + "_nicol");
        assertThat(nicol.rows("bob", role)).containsExactly(db + "_analysts|" + db + "_nicol");
        assertThat(nicol.rows("alice", "SELECT item FROM pg.public.orders")).containsExactly("lamp");
        refused(() -> nicol.rows("alice", "SELECT amount FROM pg.public.salaries"), "Source `pg` does not permit this");
        assertThat(nicol.rows("bob", "SELECT amount FROM pg.public.salaries")).containsExactly("100");
        refused(() -> nicol.rows("bob", "SELECT item FROM pg.public.orders"), "Source `pg` does not permit this");
    }

    @Test
    void anAgentIsInItsOwnRole() throws SQLException {
        String role = "SELECT role FROM pg.public.session";
        try (Connection scorer = nicol.connect("scorer", "on_behalf_of", "alice", "purpose", "x")) {
            assertThat(TestNicol.rows(scorer, role)).containsExactly(db + "_scorer");
        }
        try (Connection other = nicol.connect("other", "on_behalf_of", "alice", "purpose", "x")) {
            refused(() -> TestNicol.rows(other, role), "there is none for `other`");
        }
    }

    @Test
    void whoHasNoRoleOrSeveralIsRefused() throws SQLException {
        String role = "SELECT role FROM pg.public.session";

        refused(() -> nicol.rows("none", role), "there is none for `none`");
        refused(() -> nicol.rows("both", role), "the groups of `both` have several");
        refused(() -> nicol.rows("wrong", role), "does not let Nicol take the role");
        assertThat(nicol.rows("bob", role)).containsExactly(db + "_analysts");
    }

    @Test
    void nicolsOwnReadsAreInNoRole() throws SQLException {
        nicol.rows("bob", "SELECT amount FROM pg.public.salaries");
        nicol.rows("bob", "SELECT amount FROM my." + schema + ".salaries");
        try (Connection alice = nicol.connect("alice")) {
            TestNicol.rows(alice, "CALL nicol.reload()");
        }

        assertThat(nicol.rows("alice", "SELECT item FROM pg.public.orders")).containsExactly("lamp");
        assertThat(nicol.rows("alice", "SELECT item FROM my." + schema + ".orders"))
                .containsExactly("lamp");
    }

    @Test
    void onMariadbToo() throws SQLException {
        String orders = "SELECT item FROM my." + schema + ".orders";
        String salaries = "SELECT amount FROM my." + schema + ".salaries";

        assertThat(nicol.rows("alice", orders)).containsExactly("lamp");
        refused(() -> nicol.rows("alice", salaries), "Source `my` does not permit this");
        assertThat(nicol.rows("bob", salaries)).containsExactly("100");
        refused(() -> nicol.rows("bob", orders), "Source `my` does not permit this");
        refused(() -> nicol.rows("none", orders), "there is none for `none`");
        refused(() -> nicol.rows("wrong", orders), "does not let Nicol take the role");
        assertThat(nicol.rows("alice", orders)).containsExactly("lamp");
    }
}
