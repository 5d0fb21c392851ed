package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.ChildNicol;
import dev.nicol.server.testing.Metrics;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** From the start to the first statement, and from SIGTERM to the end. */
@Timeout(120)
class StartAndStopTest {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [people]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICIES = """
            grants:
              - {name: people, tables: ["one.public.*", "two.public.*"], actions: [select], to: {groups: [people]}}
            row_filters:
              - {name: own, tables: ["two.public.locked"], where: "id = CAST(ATTRIBUTE('number') AS INTEGER)", to: {groups: [people]}}
            guardrails:
              - {name: nothing-at-all, statements: [select], tags: [EMAIL], action: hold, approvers: {groups: [people]}}
            """;

    private static SourceDefinition source(String name) {
        SourceDefinition source = TestDatabases.postgres(name);
        TestDatabases.execute(
                source.url(),
                "postgres",
                "",
                "CREATE TABLE locked (id INTEGER)",
                "INSERT INTO locked VALUES (1)",
                "CREATE TABLE mails (email VARCHAR(40))",
                "INSERT INTO mails VALUES ('a@example.org')");
        return source;
    }

    private static int ready(String url) {
        try {
            HttpURLConnection asked =
                    (HttpURLConnection) URI.create(url + "health/ready").toURL().openConnection();
            return asked.getResponseCode();
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    @Test
    void warmingUpRunsAndRecordsNothing() throws SQLException {
        try (TestNicol nicol = TestNicol.start(
                List.of(source("one"), source("two")), USERS, POLICIES, "server: {port: 0, warm_up: true}")) {
            await().until(() -> ready(nicol.url()) == 200);
            for (String outcome : List.of("succeeded", "failed", "denied", "held")) {
                assertThat(Metrics.value(nicol.url(), "nicol_statements_seconds_count{outcome=\"" + outcome + "\"}"))
                        .isZero();
            }
            assertThat(Metrics.page(nicol.url())).doesNotContain("nicol_sources_queries");
            assertThat(nicol.rows("audra", "SELECT user_name FROM nicol.audit.statements WHERE user_name <> 'audra'"))
                    .isEmpty();
            assertThat(nicol.rows("audra", "SELECT approval_id FROM nicol.approval.requests"))
                    .isEmpty();
            assertThat(nicol.rows("alice", "SELECT id FROM one.public.locked")).containsExactly("1");
        }
    }

    @Test
    void whatRunsMayEndWhenTheServerIsToStop() throws Exception {
        SourceDefinition one = source("one");
        try (ChildNicol nicol = ChildNicol.start("256m", List.of(one), USERS, POLICIES.split("row_filters")[0], "");
                Connection holder = DriverManager.getConnection(one.url(), "postgres", "")) {
            // not closed: their server will be gone
            Connection running = nicol.connect("alice", "json");
            Statement late = nicol.connect("alice", "json").createStatement();
            holder.setAutoCommit(false);
            try (Statement lock = holder.createStatement()) {
                lock.execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
            }
            // what is closed after it is closed to a server that is gone
            Statement statement = running.createStatement();
            CompletableFuture<List<String>> runs = CompletableFuture.supplyAsync(() -> {
                try {
                    return TestNicol.rows(statement.executeQuery("SELECT id FROM one.public.locked"));
                } catch (SQLException failure) {
                    throw new IllegalStateException(failure);
                }
            });
            await().until(() -> Metrics.value(nicol.url(), "nicol_statements_running") == 1);
            Process process = nicol.terminate();
            await().until(() -> ready(nicol.url()) == 503);
            await().untilAsserted(() -> assertThatThrownBy(() -> late.executeQuery("SELECT id FROM one.public.locked"))
                    .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                            .isEqualTo("53300"))
                    .hasMessageContaining("The server is stopping"));
            assertThat(runs).isNotDone();
            holder.rollback();
            assertThat(runs.get(20, TimeUnit.SECONDS)).containsExactly("1");
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        }
    }
}
