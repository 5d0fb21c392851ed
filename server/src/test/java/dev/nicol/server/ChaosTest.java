package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.ChildNicol;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.h2.tools.Server;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients vanish, sources die, statements run for ever, the server is killed. */
@Timeout(90)
class ChaosTest {
    private static final String USERS = """
            users:
              steve: {password: "$HASH", groups: [stewards]}
              otto: {password: "$HASH", groups: [stewards], roles: [operator]}
              audra: {password: "$HASH", roles: [auditor]}
            """;
    private static final String POLICY = """
            grants:
              - {name: all, tables: ["pg.**", "h2.**"], actions: [select, insert, update, delete], raw: ["*"], to: {groups: [stewards]}}
            """;

    /** Far longer than any test waits: a thousand rows, six times over. */
    private static final String ENDLESS = "SELECT COUNT(*) FROM pg.public.numbers a, pg.public.numbers b,"
            + " pg.public.numbers c, pg.public.numbers d WHERE a.n + b.n + c.n + d.n = -1";

    private static final ExecutorService THREADS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "chaos");
        thread.setDaemon(true);
        return thread;
    });

    private static SourceDefinition postgres;
    private TestNicol nicol;

    @BeforeAll
    static void fill() {
        SourceDefinition made = TestDatabases.postgres("pg");
        postgres = new SourceDefinition("pg", "postgresql", made.url(), "postgres", "", "development", Map.of(), 3);
        TestDatabases.execute(
                made.url(),
                "postgres",
                "",
                "CREATE TABLE numbers AS SELECT n, repeat('x', 200) AS filler FROM generate_series(1, 20000) n",
                "CREATE TABLE counters (id INTEGER)");
    }

    @AfterEach
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    @AfterAll
    static void endThreads() {
        THREADS.shutdownNow();
    }

    private void start(String limits) {
        nicol = TestNicol.start(List.of(postgres), USERS, POLICY, "limits: {" + limits + "}");
        // a server starts without a source that is slow, as on a machine that is busy with other tests
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(() -> assertThat(
                        nicol.rows("steve", "SELECT n FROM pg.public.numbers WHERE n = 1"))
                .containsExactly("1"));
    }

    /** Sessions of the server at the PostgreSQL that are in a statement or a transaction. */
    private static int busySessions() throws SQLException {
        return count(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE"
                        + " 'nicol%' AND state <> 'idle'");
    }

    private static int count(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(postgres.url(), "postgres", "");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private Future<List<String>> running(String sql) {
        Future<List<String>> answer = THREADS.submit(() -> nicol.rows("steve", sql));
        await().atMost(Duration.ofSeconds(20)).until(() -> busySessions() > 0);
        return answer;
    }

    private static SQLException failure(Future<?> answer) throws InterruptedException {
        try {
            answer.get();
        } catch (ExecutionException failed) {
            return (SQLException) failed.getCause();
        }
        throw new AssertionError("it did not fail");
    }

    /** The driver's connection is left as a killed client leaves it: nothing is ever sent again. */
    @Test
    void aClientThatVanishesHoldsNothingForLong() throws SQLException {
        start("idle_timeout_s: 1");
        Connection vanished = nicol.connect("steve");
        ResultSet rows = vanished.createStatement().executeQuery("SELECT * FROM pg.public.numbers");
        assertThat(rows.next()).isTrue();
        Connection alsoVanished = nicol.connect("steve");
        alsoVanished.setAutoCommit(false);
        assertThat(alsoVanished.createStatement().executeUpdate("INSERT INTO pg.public.counters VALUES (-1)"))
                .isEqualTo(1);
        assertThat(busySessions()).isEqualTo(2);

        await().atMost(Duration.ofSeconds(20)).until(() -> busySessions() == 0);

        assertThat(count("SELECT COUNT(*) FROM counters WHERE id = -1")).isZero();
        assertThat(nicol.rows("audra", "SELECT COUNT(*) FROM nicol.audit.statements WHERE outcome = 'running'"))
                .containsExactly("1"); // this question itself
    }

    @Test
    void aSourceSessionKilledInTheMiddle() throws Exception {
        start("idle_timeout_s: 600");
        Future<List<String>> answer = running(ENDLESS);
        count("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'nicol%' AND"
                + " datname = current_database()");

        SQLException failure = failure(answer);
        assertThat(failure.getSQLState()).isEqualTo("NS001");
        assertThat(failure.getMessage())
                .containsPattern("id [0-9a-f]{8}-")
                .doesNotContain("terminating connection")
                .doesNotContain("127.0.0.1");
        assertThat(nicol.rows("steve", "SELECT MAX(n) FROM pg.public.numbers")).containsExactly("20000");
        assertThat(nicol.rows("audra", "SELECT sqlstate FROM nicol.audit.statements WHERE outcome = 'failed'"))
                .containsExactly("NS001");
    }

    @Test
    void aSourceThatGoesComesBackByItself() throws Exception {
        Server h2 = Server.createTcpServer("-tcpPort", "0", "-ifNotExists", "-baseDir", "mem:")
                .start();
        int port = h2.getPort();
        String url = "jdbc:h2:tcp://127.0.0.1:" + port + "/mem:chaos;DB_CLOSE_DELAY=-1";
        TestDatabases.execute(url, "sa", "", "CREATE TABLE things (id INTEGER)", "INSERT INTO things VALUES (7)");
        SourceDefinition source = new SourceDefinition("h2", "h2", url, "sa", "", "development", Map.of(), 3);
        nicol = TestNicol.start(List.of(postgres, source), USERS, POLICY);
        assertThat(nicol.rows("steve", "SELECT * FROM h2.public.things")).containsExactly("7");

        h2.stop();
        assertThatThrownBy(() -> nicol.rows("steve", "SELECT * FROM h2.public.things"))
                .isInstanceOfSatisfying(SQLException.class, failure -> {
                    assertThat(failure.getSQLState()).isEqualTo("NS001");
                    assertThat(failure.getMessage()).contains("`h2`").doesNotContain(String.valueOf(port));
                });
        assertThat(nicol.rows("steve", "SELECT MAX(n) FROM pg.public.numbers")).containsExactly("20000");

        h2 = Server.createTcpServer("-tcpPort", String.valueOf(port), "-ifNotExists")
                .start();
        try {
            await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(() -> assertThat(
                            nicol.rows("steve", "SELECT * FROM h2.public.things"))
                    .containsExactly("7"));
        } finally {
            h2.stop();
        }
    }

    @Test
    void aStatementThatRunsTooLongEndsAtTheSourceToo() throws SQLException {
        start("statement_timeout_s: 2");
        assertThatThrownBy(() -> nicol.rows("steve", ENDLESS)).isInstanceOfSatisfying(SQLException.class, failure -> {
            assertThat(failure.getSQLState()).isEqualTo("57014");
            assertThat(failure.getMessage()).contains("longer than 2 s (limits.statement_timeout_s)");
        });
        await().atMost(Duration.ofSeconds(5)).until(() -> busySessions() == 0);
        // a write that takes long ends too
        assertThatThrownBy(() -> nicol.update("steve", "INSERT INTO pg.public.counters " + ENDLESS))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("57014"));
        await().atMost(Duration.ofSeconds(5)).until(() -> busySessions() == 0);
        assertThat(nicol.rows("audra", "SELECT DISTINCT outcome FROM nicol.audit.statements WHERE sqlstate = '57014'"))
                .containsExactly("timed_out");
    }

    @Test
    void cancelledFromAnotherConnection() throws Exception {
        start("idle_timeout_s: 600");
        Future<List<String>> answer = running(ENDLESS);
        String id = nicol.rows(
                        "steve",
                        "SELECT statement_id FROM nicol.audit.statements WHERE outcome = 'running' AND sql_text LIKE"
                                + " 'SELECT COUNT(*)%'")
                .get(0);
        assertThatThrownBy(() -> nicol.rows("audra", "CALL nicol.cancel('" + id + "')"))
                .hasMessageContaining("No statement `" + id + "` of yours is running");
        assertThat(nicol.rows("otto", "CALL nicol.cancel('" + id + "')")).containsExactly("cancelled " + id);

        SQLException failure = failure(answer);
        assertThat(failure.getSQLState()).isEqualTo("57014");
        assertThat(failure.getMessage()).contains("Cancelled by `otto`");
        await().atMost(Duration.ofSeconds(5)).until(() -> busySessions() == 0);
        assertThat(nicol.rows("steve", "SELECT outcome FROM nicol.audit.statements WHERE statement_id = '" + id + "'"))
                .containsExactly("cancelled");
    }

    @Test
    void whoGoesAwayEndsWhatTheyAsked() throws Exception {
        start("idle_timeout_s: 600");
        URI address = URI.create(nicol.url());
        try (Socket socket = new Socket(address.getHost(), address.getPort())) {
            post(socket, "openConnection", "");
            post(socket, "createStatement", "");
            post(socket, "prepareAndExecute", ",\"statementId\":1,\"maxRowCount\":-1,\"sql\":\"" + ENDLESS + "\"");
            await().atMost(Duration.ofSeconds(20)).until(() -> busySessions() > 0);
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> busySessions() == 0);
        await().untilAsserted(() -> assertThat(nicol.rows(
                        "steve",
                        "SELECT outcome, sqlstate FROM nicol.audit.statements WHERE sql_text LIKE 'SELECT COUNT(*)%'"))
                .containsExactly("cancelled|57014"));
    }

    /** The answers stay unread. */
    private static void post(Socket socket, String request, String more) throws IOException {
        String body = "{\"request\":\"" + request + "\",\"connectionId\":\"goes\"" + more + "}";
        String login =
                Base64.getEncoder().encodeToString(("steve:" + TestNicol.PASSWORD).getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream()
                .write(("POST / HTTP/1.1\r\nHost: here\r\nAuthorization: Basic " + login + "\r\nContent-Length: "
                                + body.length() + "\r\n\r\n" + body)
                        .getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void halfReadCursorsExhaustOnlyTheirSource() throws SQLException {
        start("idle_timeout_s: 600");
        List<Connection> readers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Connection reader = nicol.connect("steve");
            readers.add(reader);
            assertThat(reader.createStatement()
                            .executeQuery("SELECT * FROM pg.public.numbers")
                            .next())
                    .isTrue();
        }
        long started = System.nanoTime();
        assertThatThrownBy(() -> nicol.rows("steve", "SELECT MAX(n) FROM pg.public.numbers"))
                .isInstanceOfSatisfying(SQLException.class, failure -> {
                    assertThat(failure.getSQLState()).isEqualTo("53300");
                    assertThat(failure.getMessage()).contains("`pg`").contains("max_connections");
                });
        assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(15));

        readers.get(0).close();
        assertThat(nicol.rows("steve", "SELECT MAX(n) FROM pg.public.numbers")).containsExactly("20000");
        readers.get(1).close();
        readers.get(2).close();
        assertThat(busySessions()).isZero();
    }

    /** The disk of the store is full, and is not any more. */
    @Test
    void withoutATrailNothingReachesASource() throws Exception {
        try (ChildNicol child = ChildNicol.start("256m", List.of(postgres), USERS, POLICY, "")) {
            try (Connection connection = child.connect("steve", "json");
                    Statement statement = connection.createStatement()) {
                assertThat(statement.executeUpdate("INSERT INTO pg.public.counters VALUES (-10)"))
                        .isEqualTo(1);
                child.limitFiles("0");
                for (String sql :
                        List.of("INSERT INTO pg.public.counters VALUES (-11)", "SELECT id FROM pg.public.counters")) {
                    assertThatThrownBy(() -> statement.execute(sql))
                            .isInstanceOfSatisfying(SQLException.class, failure -> {
                                assertThat(failure.getSQLState())
                                        .as(failure.getMessage())
                                        .isEqualTo("NT001");
                                assertThat(failure.getMessage()).contains("nothing ran");
                            });
                }
                child.limitFiles("unlimited");
                await().atMost(Duration.ofSeconds(30)).ignoreExceptions().untilAsserted(() -> assertThat(
                                statement.executeUpdate("INSERT INTO pg.public.counters VALUES (-12)"))
                        .isEqualTo(1));
            }
            assertThat(count("SELECT COUNT(*) FROM counters WHERE id = -11")).isZero();
            child.kill();
            assertThat(ChildNicol.run("audit", "verify", "--config", child.config()))
                    .satisfies(verified -> assertThat(verified.exitCode())
                            .as(verified.output())
                            .isZero());
        }
    }
}
