package dev.nicol.server.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.ChildNicol;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * An approval is one execution, whoever races and whenever the server dies. Each test has an order of its own, to whose amount
 * each execution adds one.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OneExecutionTest {
    private static final int RUNNERS = 6;

    private final SourceDefinition crm = TestDatabases.postgres("crm");
    private ChildNicol nicol;
    private int order;
    private String update;

    @BeforeAll
    void start() {
        TestDatabases.execute(
                crm.url(),
                "postgres",
                "",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER)",
                "INSERT INTO orders VALUES (1, 10), (2, 10), (3, 10)");
        nicol = ChildNicol.start("256m", List.of(crm), ApprovalFixture.DECIDERS, ApprovalFixture.UPDATES_HELD, "");
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @BeforeEach
    void anotherOrder() {
        order++;
        update = "UPDATE crm.public.orders SET amount = amount + 1 WHERE id = " + order;
    }

    private String approvedRequest() throws SQLException {
        String id = held();
        nicol.rows("dora", "CALL nicol.approve('" + id + "', '')");
        return id;
    }

    private String held() {
        String[] id = new String[1];
        assertThatThrownBy(() -> nicol.update("steve", update)).isInstanceOfSatisfying(SQLException.class, failure -> {
            assertThat(failure.getSQLState()).as(failure.getMessage()).isEqualTo("NA001");
            id[0] = failure.getMessage().replaceAll("(?s).*as request (\\S+) by.*", "$1");
        });
        return id[0];
    }

    private int amount() throws SQLException {
        try (Connection connection = DriverManager.getConnection(crm.url(), "postgres", "");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT amount FROM orders WHERE id = " + order)) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private String state(String id) throws SQLException {
        return nicol.rows("audra", "SELECT state FROM nicol.approval.requests WHERE approval_id = '" + id + "'")
                .get(0);
    }

    @Test
    void ofManyConnectionsOneRunsIt() throws Exception {
        String id = approvedRequest();
        ExecutorService pool = Executors.newFixedThreadPool(RUNNERS);
        CyclicBarrier start = new CyclicBarrier(RUNNERS);
        List<Future<String>> answers = new ArrayList<>();
        for (int i = 0; i < RUNNERS; i++) {
            String sql = i % 2 == 0 ? update : "CALL nicol.run('" + id + "')";
            answers.add(pool.submit(() -> {
                start.await();
                try {
                    return "" + nicol.update("steve", sql);
                } catch (SQLException refused) {
                    return refused.getSQLState();
                }
            }));
        }
        List<String> said = new ArrayList<>();
        for (Future<String> answer : answers) {
            said.add(answer.get());
        }
        pool.shutdown();
        assertThat(said).containsOnlyOnce("1").isSubsetOf("1", "NA001", "42501");
        assertThat(amount()).isEqualTo(11);
        assertThat(state(id)).isEqualTo("EXECUTED");
    }

    @Test
    void aServerKilledBetweenApprovalAndExecutionRunsItOnce() throws Exception {
        String id = approvedRequest();
        nicol.kill();
        nicol.start();
        assertThat(nicol.update("steve", update)).isEqualTo(1);
        held();
        assertThat(amount()).isEqualTo(11);
        assertThat(state(id)).isEqualTo("EXECUTED");
    }

    /** Nobody knows then whether it was done: it does not run again until an approver has looked. */
    @Test
    void aServerKilledWhileItRunsDoesNotRunItAgain() throws Exception {
        String id = approvedRequest();
        ExecutorService runner = Executors.newSingleThreadExecutor();
        try (Connection locking = DriverManager.getConnection(crm.url(), "postgres", "");
                Statement lock = locking.createStatement()) {
            locking.setAutoCommit(false);
            lock.executeQuery("SELECT * FROM orders FOR UPDATE").close();
            Future<Integer> blocked = runner.submit(() -> nicol.update("steve", update));
            await().atMost(Duration.ofSeconds(20)).until(() -> state(id).equals("EXECUTING") && isWaiting());
            nicol.kill();
            assertThatThrownBy(blocked::get).isNotNull();
            locking.rollback();
        }
        runner.shutdown();
        nicol.start();
        assertThat(state(id)).isEqualTo("FAILED");
        assertThat(held()).isNotEqualTo(id);
        await().atMost(Duration.ofSeconds(20)).until(() -> !isWaiting());
        int before = amount();
        assertThat(before).isIn(10, 11);
        nicol.rows("dora", "CALL nicol.approve('" + id + "', 'looked: it was not done')");
        assertThat(nicol.update("steve", update)).isEqualTo(1);
        assertThat(amount()).isEqualTo(before + 1);
    }

    /** Whether an UPDATE of the server's waits for a lock. */
    private boolean isWaiting() throws SQLException {
        try (Connection connection = DriverManager.getConnection(crm.url(), "postgres", "");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM pg_stat_activity WHERE datname ="
                        + " current_database() AND wait_event_type = 'Lock' AND query LIKE 'UPDATE%'")) {
            rows.next();
            return rows.getInt(1) > 0;
        }
    }
}
