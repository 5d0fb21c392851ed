package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * What a statement asks of several sources is sent at once. Tables that somebody holds keep the sources at work for as long as
 * a test wants.
 */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SourcesAtOnceTest {
    private static final String BOTH =
            "SELECT p.id, m.id FROM $my.slow m JOIN pg.public.slow p ON p.id = m.id ORDER BY 1";
    private static final String USERS = """
            users:
              ana: {password: "$HASH", groups: [readers], roles: [auditor, operator]}
            """;
    private static final String POLICIES = """
            grants:
              - {name: all, tables: ["pg.**", "my.**"], actions: [select, insert, update], raw: ["*"], to: {groups: [readers]}}
            """;

    /** No side waits for the other's keys. */
    private static final String NO_KEYS = "limits: {max_join_keys: 0}";

    private final ExecutorService clients = Executors.newCachedThreadPool();
    private SourceDefinition pg;
    private SourceDefinition shop;
    private TestNicol nicol;
    private String my;

    @BeforeAll
    void start() {
        pg = TestDatabases.postgres("pg");
        shop = TestDatabases.mariadb("my");
        my = "my." + TestDatabases.schema(shop);
        TestDatabases.execute(
                pg.url(),
                pg.user(),
                pg.password(),
                "CREATE TABLE slow (id INTEGER PRIMARY KEY)",
                "INSERT INTO slow VALUES (1), (2), (3)",
                "CREATE TABLE free (id INTEGER PRIMARY KEY, n INTEGER)",
                "INSERT INTO free SELECT i, 0 FROM generate_series(1, 3000) i");
        TestDatabases.execute(
                shop.url(),
                shop.user(),
                shop.password(),
                "CREATE TABLE free (id INTEGER PRIMARY KEY, n INTEGER)",
                "INSERT INTO free SELECT seq, 0 FROM seq_1_to_3000",
                "CREATE FUNCTION held() RETURNS INTEGER NOT DETERMINISTIC NO SQL BEGIN DECLARE slept INTEGER;"
                        + " WHILE IS_USED_LOCK('" + shop.user()
                        + "') IS NOT NULL DO SET slept = SLEEP(0.01); END WHILE;"
                        + " RETURN 1; END",
                "CREATE VIEW slow AS SELECT id FROM free WHERE id IN (2, 3, 4) AND held() = 1");
        nicol = TestNicol.start(List.of(pg, shop), USERS, POLICIES, NO_KEYS);
    }

    @AfterAll
    void stop() {
        clients.shutdownNow();
        if (nicol != null) {
            nicol.close();
        }
    }

    private Connection heldAtPostgres() throws SQLException {
        Connection holder = DriverManager.getConnection(pg.url(), pg.user(), pg.password());
        holder.setAutoCommit(false);
        try (Statement lock = holder.createStatement()) {
            lock.execute("LOCK TABLE slow IN ACCESS EXCLUSIVE MODE");
        }
        return holder;
    }

    private Connection heldAtMariadb() throws SQLException {
        Connection holder = DriverManager.getConnection(shop.url(), shop.user(), shop.password());
        try (Statement lock = holder.createStatement()) {
            lock.execute("SELECT GET_LOCK('" + shop.user() + "', 10)");
        }
        return holder;
    }

    private void release(Connection atMariadb) throws SQLException {
        number(atMariadb, "SELECT RELEASE_LOCK('" + shop.user() + "')");
    }

    private static int number(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private int workingAtPostgres() throws SQLException {
        // not asked by a holder: a transaction sees one moment of this view
        try (Connection connection = DriverManager.getConnection(pg.url(), pg.user(), pg.password())) {
            return number(
                    connection,
                    "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND query LIKE '%slow%'"
                            + " AND wait_event_type = 'Lock' AND datname = current_database()");
        }
    }

    private int workingAtMariadb() throws SQLException {
        try (Connection connection = DriverManager.getConnection(shop.url(), shop.user(), shop.password())) {
            return number(
                    connection,
                    "SELECT COUNT(*) FROM information_schema.processlist WHERE user = '" + shop.user()
                            + "' AND info LIKE '%slow%' AND id <> CONNECTION_ID()");
        }
    }

    private CompletableFuture<List<String>> sends(TestNicol server, String sql) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return server.rows("ana", sql.replace("$my", my));
                    } catch (SQLException failure) {
                        throw new CompletionException(failure);
                    }
                },
                clients);
    }

    private static String sqlState(CompletableFuture<?> statement) throws Exception {
        try {
            statement.get(30, TimeUnit.SECONDS);
            return "none";
        } catch (ExecutionException failed) {
            return ((SQLException) failed.getCause()).getSQLState();
        }
    }

    @Test
    void sourcesWorkAtTheSameTime() throws Exception {
        try (Connection atPostgres = heldAtPostgres();
                Connection atMariadb = heldAtMariadb()) {
            CompletableFuture<List<String>> statement = sends(nicol, BOTH);
            await().until(() -> workingAtPostgres() == 1 && workingAtMariadb() == 1);
            assertThat(statement).isNotDone();
            atPostgres.rollback();
            release(atMariadb);
            assertThat(statement.get(30, TimeUnit.SECONDS)).containsExactly("2|2", "3|3");
        }
        assertThat(nicol.rows(
                        "ana",
                        "SELECT source, row_count FROM nicol.audit.source_queries WHERE statement_id ="
                                + " (SELECT MAX(statement_id) FROM nicol.audit.source_queries WHERE source IN ('pg', 'my'))"
                                + " ORDER BY source"))
                .containsExactly("my|3", "pg|3");
    }

    @Test
    void aCancellationReachesAllOfThem() throws Exception {
        try (Connection atPostgres = heldAtPostgres();
                Connection atMariadb = heldAtMariadb()) {
            CompletableFuture<List<String>> statement = sends(nicol, BOTH);
            await().until(() -> workingAtPostgres() == 1 && workingAtMariadb() == 1);
            String id = nicol.rows(
                            "ana",
                            "SELECT MAX(statement_id) FROM nicol.audit.statements WHERE outcome = 'running'"
                                    + " AND sql_text LIKE '%slow p%' AND sql_text NOT LIKE '%audit%'")
                    .get(0);
            nicol.rows("ana", "CALL nicol.cancel('" + id + "')");
            assertThat(sqlState(statement)).isEqualTo("57014");
            assertThat(workingAtPostgres()).isZero();
            assertThat(workingAtMariadb()).isZero();
            atPostgres.rollback();
            release(atMariadb);
        }
    }

    /** The right side of the join, which is read first, fails. */
    @Test
    void aFailureAtOneEndsTheOthers() throws Exception {
        try (Connection atMariadb = heldAtMariadb()) {
            for (int i = 0; i < 10; i++) {
                assertThat(sqlState(sends(
                                nicol,
                                "SELECT m.id, x.q FROM $my.slow m LEFT JOIN"
                                        + " (SELECT id, 1 / n AS q FROM pg.public.free) x ON x.id = m.id")))
                        .isEqualTo("22000");
                assertThat(workingAtMariadb()).isZero();
            }
            release(atMariadb);
        }
        try (Connection atPostgres = heldAtPostgres()) {
            for (int i = 0; i < 10; i++) {
                assertThat(sqlState(sends(
                                nicol,
                                "SELECT p.id, x.q FROM pg.public.slow p LEFT JOIN"
                                        + " (SELECT id, 1 / n AS q FROM $my.free) x ON x.id = p.id")))
                        .isEqualTo("22000");
                assertThat(workingAtPostgres()).isZero();
            }
            atPostgres.rollback();
        }
        assertThat(nicol.rows("ana", BOTH.replace("$my", my))).containsExactly("2|2", "3|3");
    }

    @Test
    void whatNobodyReadsIsClosed() throws Exception {
        String all = "SELECT p.id, m.id FROM pg.public.free p JOIN $my.free m ON m.id = p.id".replace("$my", my);
        try (Connection connection = nicol.connect("ana")) {
            for (int i = 0; i < 20; i++) {
                try (Statement statement = connection.createStatement();
                        ResultSet rows = statement.executeQuery(all)) {
                    assertThat(rows.next()).isTrue();
                }
                assertThat(TestNicol.rows(connection, all + " LIMIT 1")).hasSize(1);
                // without a row of the first side nothing is asked of the second
                assertThat(TestNicol.rows(
                                connection,
                                "SELECT p.id FROM pg.public.free p JOIN $my.free m ON m.id > p.id WHERE p.n > 0"
                                        .replace("$my", my)))
                        .isEmpty();
            }
            assertThat(TestNicol.rows(connection, "SELECT COUNT(*) FROM (" + all + ")"))
                    .containsExactly("3000");
        }
        try (Connection asking = DriverManager.getConnection(pg.url(), pg.user(), pg.password())) {
            assertThat(number(
                            asking,
                            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
                                    + " AND pid <> pg_backend_pid()"))
                    .isZero();
        }
    }

    @Test
    void aTransactionReadsItsOwnRows() throws Exception {
        try (Connection connection = nicol.connect("ana");
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.executeUpdate("UPDATE pg.public.free SET n = 5 WHERE id < 10");
            assertThat(TestNicol.rows(
                            connection,
                            "SELECT SUM(p.n), COUNT(*) FROM pg.public.free p JOIN $my.free m ON m.id = p.id"
                                    .replace("$my", my)))
                    .containsExactly("45|3000");
            connection.rollback();
        }
    }

    /** Two queries at each source for each statement, and more statements than connections. */
    @Test
    void smallPoolsAreEnough() throws Exception {
        String sql = "SELECT COUNT(*) FROM (SELECT p.id FROM pg.public.free p JOIN $my.free m ON m.id = p.id) x JOIN"
                + " (SELECT MAX(p.id) AS id FROM pg.public.free p JOIN $my.free m ON m.id = p.id + 1 GROUP BY p.n, p.id) y"
                + " ON y.id = x.id";
        for (int connections = 1; connections <= 3; connections++) {
            try (TestNicol small =
                    TestNicol.start(List.of(few(pg, connections), few(shop, connections)), USERS, POLICIES, NO_KEYS)) {
                List<CompletableFuture<List<String>>> statements = new ArrayList<>();
                for (int i = 0; i < 24; i++) {
                    statements.add(sends(small, sql));
                }
                for (CompletableFuture<List<String>> statement : statements) {
                    assertThat(statement.get(60, TimeUnit.SECONDS)).containsExactly("2999");
                }
            }
        }
    }

    private static SourceDefinition few(SourceDefinition source, int connections) {
        return new SourceDefinition(
                source.name(),
                source.kind(),
                source.url(),
                source.user(),
                source.password(),
                source.environment(),
                Map.of(),
                connections);
    }
}
