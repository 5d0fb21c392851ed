package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.adapters.testing.TestPostgres;
import dev.nicol.server.testing.ChildNicol;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The server is killed at random moments under load, again and again over one store: what the PostgreSQL behind it logged has
 * its intent in the trail. {@code -Dnicol.crash.rounds} says how often, {@code -Dnicol.crash.seed} draws other moments.
 */
@ParameterizedClass
@EnumSource(TestStore.class)
class CrashTest {
    private static final int ROUNDS = Integer.getInteger("nicol.crash.rounds", 1);
    private static final long SEED = Long.getLong("nicol.crash.seed", 1);
    private static final int CLIENTS = 8;
    private static final int MOST_ANSWERS = 800;

    /** A statement carries a number that no other has: two digits of the round, one of the client, five of its own. */
    private static final int FIRST_ROUND = 10;

    private static final String USERS = """
            users:
              steve: {password: "$HASH", groups: [stewards]}
              audra: {password: "$HASH", roles: [auditor]}
            """;
    private static final String POLICY = """
            grants:
              - {name: all, tables: ["pg.**"], actions: [select, insert], raw: ["*"], to: {groups: [stewards]}}
            """;

    @Parameter
    TestStore store;

    private final Random random = new Random(SEED);
    private final ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    private SourceDefinition postgres;
    private long logRead;

    @BeforeEach
    void logEverything() throws IOException {
        postgres = TestDatabases.postgres("pg");
        String database = postgres.url().substring(postgres.url().lastIndexOf('/') + 1);
        TestDatabases.execute(
                postgres.url(),
                "postgres",
                "",
                "CREATE TABLE numbers (n INTEGER)",
                "ALTER DATABASE " + database + " SET log_statement = 'all'");
        logRead = Files.size(TestPostgres.running().log());
    }

    @AfterEach
    void end() {
        threads.shutdownNow();
    }

    @Test
    void whatTheSourceSawIsInTheTrail() throws Exception {
        try (ChildNicol child = ChildNicol.start("256m", List.of(postgres), USERS, POLICY, store.config())) {
            for (int round = FIRST_ROUND; round < FIRST_ROUND + ROUNDS; round++) {
                Set<String> answered = killedUnderLoad(child, round);
                await().atMost(Duration.ofSeconds(20)).until(() -> ask("SELECT COUNT(*) FROM pg_stat_activity"
                                + " WHERE datname = current_database() AND pid <> pg_backend_pid()")
                        .equals(List.of("0")));
                ChildNicol.Finished verified = ChildNicol.run("audit", "verify", "--config", child.config());
                assertThat(verified.exitCode()).as(verified.output()).isZero();

                child.start();
                Set<String> recorded = new HashSet<>();
                Set<String> succeeded = new HashSet<>();
                for (String row : trail(child, round)) {
                    String number = row.replaceAll("\\D", "");
                    assertThat(recorded.add(number)).as(row).isTrue();
                    assertThat(row).matches("(succeeded|interrupted) .*");
                    if (row.startsWith("succeeded")) {
                        succeeded.add(number);
                    }
                }
                Set<String> seen = seenBySource(round);
                assertThat(seen).as("round %d", round).containsAll(answered);
                assertThat(recorded).as("round %d", round).containsAll(seen);
                assertThat(answered)
                        .as("answered in round %d", round)
                        .allMatch(number -> succeeded.contains(number) || !answered.contains(next(number)));
                assertThat(seen).containsAll(ask("SELECT n FROM numbers WHERE n / 1000000 = " + round));
                System.out.printf(
                        "%s round %d: %d answered, %d seen by the source, %d recorded, %d of them interrupted%n",
                        store,
                        round - FIRST_ROUND + 1,
                        answered.size(),
                        seen.size(),
                        recorded.size(),
                        recorded.size() - succeeded.size());
            }
        }
    }

    /** The outcome of a client's last answer may be lost; the intent of its next statement is not durable before that outcome. */
    private static String next(String number) {
        return "" + (Integer.parseInt(number) + 1);
    }

    /** The numbers of the statements whose answer came before the end. */
    private Set<String> killedUnderLoad(ChildNicol child, int round) throws Exception {
        Set<String> answered = ConcurrentHashMap.newKeySet();
        List<Future<?>> clients = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
            int base = round * 1_000_000 + client * 100_000;
            String serialization = client % 2 == 0 ? "json" : "protobuf";
            clients.add(threads.submit(() -> {
                try (Connection connection = child.connect("steve", serialization);
                        Statement statement = connection.createStatement()) {
                    for (int number = base; ; number++) {
                        if (number % 3 == 0) {
                            statement.executeUpdate("INSERT INTO pg.public.numbers VALUES (" + number + ")");
                        } else {
                            statement
                                    .executeQuery("SELECT n FROM pg.public.numbers WHERE n = " + number)
                                    .close();
                        }
                        answered.add("" + number);
                    }
                }
            }));
        }
        int moment = random.nextInt(MOST_ANSWERS);
        await().pollInterval(Duration.ofMillis(1))
                .atMost(Duration.ofSeconds(120))
                .until(() -> answered.size() >= moment);
        child.kill();
        for (Future<?> client : clients) {
            assertThatThrownBy(client::get).isInstanceOf(ExecutionException.class);
        }
        return answered;
    }

    private static List<String> trail(ChildNicol child, int round) throws SQLException {
        try (Connection connection = child.connect("audra", "json");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT outcome || ' ' || sql_text FROM nicol.audit.statements WHERE user_name = 'steve'"
                                + " AND (sql_text LIKE '% = " + round + "______' OR sql_text LIKE '%(" + round
                                + "______)')")) {
            return TestNicol.rows(rows);
        }
    }

    private Set<String> seenBySource(int round) throws IOException {
        Pattern number = Pattern.compile("\\b" + round + "\\d{6}\\b");
        byte[] log = Files.readAllBytes(TestPostgres.running().log());
        String fresh = new String(log, (int) logRead, log.length - (int) logRead, StandardCharsets.UTF_8);
        logRead = log.length;
        Set<String> seen = new HashSet<>();
        // in the statement's text, or in the line of its parameters
        Matcher found = number.matcher(fresh);
        while (found.find()) {
            seen.add(found.group());
        }
        return seen;
    }

    private List<String> ask(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(postgres.url(), "postgres", "");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return TestNicol.rows(rows);
        }
    }
}
