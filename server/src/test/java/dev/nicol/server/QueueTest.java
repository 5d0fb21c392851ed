package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.Metrics;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Statements that wait for others to end. A table that somebody holds locked keeps a statement running. */
@Timeout(60)
class QueueTest {
    private static final String LOCKED = "SELECT id FROM pg.public.locked";
    private static final String FREE = "SELECT id FROM pg.public.free";
    private static final int ROWS = 100_000;

    private final ExecutorService clients = Executors.newCachedThreadPool();
    private final List<Connection> connections = new ArrayList<>();
    private Connection holder;
    private TestNicol nicol;

    @BeforeEach
    void start() throws SQLException {
        SourceDefinition pg = TestDatabases.postgres("pg");
        TestDatabases.execute(
                pg.url(),
                "postgres",
                "",
                "CREATE TABLE locked (id INTEGER)",
                "CREATE TABLE free (id INTEGER)",
                "CREATE TABLE many AS SELECT n AS id FROM generate_series(1, " + ROWS + ") n",
                "INSERT INTO locked VALUES (1)",
                "INSERT INTO free VALUES (2)");
        nicol = TestNicol.start(List.of(pg), """
                users:
                  alice: {password: "$HASH", groups: [people]}
                  bob: {password: "$HASH", groups: [people]}
                  carol: {password: "$HASH", groups: [people]}
                  olga: {password: "$HASH", roles: [operator, auditor], groups: [people]}
                """, """
                grants:
                  - {name: people, tables: ["pg.public.*"], actions: [select], to: {groups: [people]}}
                """, """
                limits: {max_statements_running: 2, max_statements_running_per_user: 1, max_statements_waiting: 5, queue_timeout_s: 30}
                """);
        holder = DriverManager.getConnection(pg.url(), "postgres", "");
        holder.setAutoCommit(false);
        try (Statement lock = holder.createStatement()) {
            lock.execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
        }
    }

    @AfterEach
    void stop() throws SQLException {
        holder.close();
        clients.shutdownNow();
        nicol.close();
    }

    private CompletableFuture<List<String>> sends(String user, String sql) throws SQLException {
        Connection connection = nicol.connect(user);
        connections.add(connection);
        return CompletableFuture.supplyAsync(
                () -> {
                    try (Statement statement = connection.createStatement();
                            ResultSet rows = statement.executeQuery(sql)) {
                        return TestNicol.rows(rows);
                    } catch (SQLException failure) {
                        throw new CompletionException(failure);
                    }
                },
                clients);
    }

    private void awaitQueue(int running, int waiting) {
        await().until(() -> Metrics.value(nicol.url(), "nicol_statements_running") == running
                && Metrics.value(nicol.url(), "nicol_statements_waiting") == waiting);
    }

    private static SQLException failure(CompletableFuture<?> statement) {
        try {
            statement.get(20, TimeUnit.SECONDS);
        } catch (Exception failed) {
            if (failed.getCause() instanceof SQLException refused) {
                return refused;
            }
            throw new AssertionError("not refused", failed);
        }
        throw new AssertionError("not refused");
    }

    @Test
    void aUserWaitsForTheirOwnStatementsAndNobodyElseDoes() throws Exception {
        CompletableFuture<List<String>> first = sends("alice", LOCKED);
        awaitQueue(1, 0);
        CompletableFuture<List<String>> second = sends("alice", FREE);
        awaitQueue(1, 1);
        assertThat(sends("bob", FREE).get(20, TimeUnit.SECONDS)).containsExactly("2");
        assertThat(second).isNotDone();
        holder.rollback();
        assertThat(first.get(20, TimeUnit.SECONDS)).containsExactly("1");
        assertThat(second.get(20, TimeUnit.SECONDS)).containsExactly("2");
        awaitQueue(0, 0);
    }

    @Test
    void usersComeInTurnAndTheStatementsOfOneInTheirOrder() throws Exception {
        sends("alice", LOCKED);
        sends("bob", LOCKED);
        awaitQueue(2, 0);
        List<CompletableFuture<List<String>>> waiting = new ArrayList<>();
        for (String[] each : new String[][] {
            {"alice", "SELECT 'a1', id FROM pg.public.free"},
            {"alice", "SELECT 'a2', id FROM pg.public.free"},
            {"carol", "SELECT 'c1', id FROM pg.public.free"},
            {"carol", "SELECT 'c2', id FROM pg.public.free"},
            {"bob", "SELECT 'b1', id FROM pg.public.free"}
        }) {
            waiting.add(sends(each[0], each[1]));
            awaitQueue(2, waiting.size());
        }
        holder.rollback();
        for (CompletableFuture<List<String>> each : waiting) {
            each.get(20, TimeUnit.SECONDS);
        }
        List<String> order = nicol.rows(
                "olga",
                "SELECT SUBSTRING(sql_text FROM 9 FOR 2) FROM nicol.audit.statements WHERE sql_text LIKE 'SELECT ''%'"
                        + " ORDER BY started_at");
        assertThat(order).hasSize(5);
        assertThat(order.indexOf("a1")).isLessThan(order.indexOf("a2"));
        assertThat(order.indexOf("c1")).isLessThan(order.indexOf("c2"));
        assertThat(order.indexOf("c1")).as("%s", order).isLessThan(order.indexOf("a2"));
        // where b1 comes depends on when bob's own statement ends, without which he has no place
    }

    @Test
    void theQueueHasAnEnd() throws Exception {
        sends("alice", LOCKED);
        awaitQueue(1, 0);
        for (int i = 1; i <= 5; i++) {
            sends("alice", FREE);
            awaitQueue(1, i);
        }
        assertThat(failure(sends("alice", FREE)).getSQLState()).isEqualTo("53300");
        assertThatThrownBy(() -> nicol.rows("alice", FREE)).hasMessageContaining("max_statements_waiting");
        assertThat(nicol.rows("bob", FREE)).containsExactly("2");
        assertThat(nicol.rows(
                        "olga",
                        "SELECT outcome, sqlstate FROM nicol.audit.statements WHERE user_name = 'alice' AND verdict ="
                                + " 'denied'"))
                .containsExactly("failed|53300", "failed|53300");
    }

    @Test
    void whoIsClosedLeavesTheQueue() throws Exception {
        sends("alice", LOCKED);
        awaitQueue(1, 0);
        CompletableFuture<List<String>> waits = sends("alice", FREE);
        awaitQueue(1, 1);
        connections.get(1).close();
        assertThat(failure(waits).getSQLState()).isEqualTo("57014");
        awaitQueue(1, 0);
    }

    @Test
    void closingAConnectionCancelsWhatRunsOnItAtItsSource() throws Exception {
        CompletableFuture<List<String>> runs = sends("alice", LOCKED);
        awaitQueue(1, 0);
        connections.get(0).close();
        assertThat(failure(runs).getSQLState()).isEqualTo("57014");
        awaitQueue(0, 0);
        try (Statement asked = holder.createStatement();
                ResultSet waiting = asked.executeQuery(
                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname ="
                                + " current_database()")) {
            waiting.next();
            assertThat(waiting.getInt(1)).isZero();
        }
    }

    @Test
    void operatorsAndCommandsDoNotWait() throws Exception {
        CompletableFuture<List<String>> own = sends("alice", LOCKED);
        CompletableFuture<List<String>> other = sends("bob", LOCKED);
        awaitQueue(2, 0);
        CompletableFuture<List<String>> waits = sends("carol", FREE);
        awaitQueue(2, 1);
        List<String> running = nicol.rows(
                "olga",
                "SELECT user_name, statement_id FROM nicol.audit.statements WHERE outcome = 'running' AND user_name IN"
                        + " ('alice', 'bob') ORDER BY user_name");
        assertThat(running).hasSize(2);
        nicol.rows("olga", "CALL nicol.cancel('" + running.get(1).substring("bob|".length()) + "')");
        assertThat(failure(other).getSQLState()).isEqualTo("57014");
        assertThat(waits.get(20, TimeUnit.SECONDS)).containsExactly("2");
        nicol.rows("alice", "CALL nicol.cancel('" + running.get(0).substring("alice|".length()) + "')");
        assertThat(failure(own).getSQLState()).isEqualTo("57014");
    }

    @Test
    void whoReadsAnAnswerDoesNotWait() throws Exception {
        try (Connection connection = nicol.connect("carol");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id FROM pg.public.many")) {
            rows.next();
            sends("alice", LOCKED);
            sends("bob", LOCKED);
            awaitQueue(2, 0);
            int count = 1;
            while (rows.next()) {
                count++;
            }
            assertThat(count).isEqualTo(ROWS);
        }
    }
}
