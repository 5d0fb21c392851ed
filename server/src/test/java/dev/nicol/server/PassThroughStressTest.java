package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceCredentials.PassThrough;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Many sessions of many users at once, each with a login of its own: nobody gets another's connection. */
final class PassThroughStressTest {
    private static final int USERS = 50;
    private static final int SESSIONS = 200;
    private static final int STATEMENTS = 2;
    private static final int MOST = 30;
    private static final int ENDING = 10;

    @Test
    void sessionsOfManyUsersDoNotMix() throws Exception {
        SourceDefinition postgres = TestDatabases.postgres("pg");
        String prefix = postgres.url().replaceFirst(".*/", "") + "_u";
        Path logins = prepare(postgres, prefix);
        SourceDefinition own = new SourceDefinition(
                        "pg", "postgresql", postgres.url(), "postgres", "", "development", postgres.properties(), MOST)
                .with(new PassThrough(logins, 2));
        int most;
        try (TestNicol nicol = TestNicol.start(List.of(own), users(), """
                        grants:
                          - {name: all, tables: ["pg.**"], actions: [select, insert], raw: ["*"], to: {groups: [readers]}}
                        """, "classification: {mask_by_default: false}");
                Connection watching = DriverManager.getConnection(postgres.url(), "postgres", "")) {
            most = run(nicol, watching, prefix);
            await().untilAsserted(() -> assertThat(
                            counted(watching, prefix, "AND (state <> 'idle' OR xact_start IS NOT NULL)"))
                    .isZero());
            await().untilAsserted(
                            () -> assertThat(counted(watching, prefix, "")).isBetween(1, MOST));
        }
        // a closed connection is still counted until its process has ended
        assertThat(most).isBetween(2, MOST + ENDING);
        try (Connection watching = DriverManager.getConnection(postgres.url(), "postgres", "")) {
            await().untilAsserted(
                            () -> assertThat(counted(watching, prefix, "")).isZero());
        }
    }

    private static Path prepare(SourceDefinition postgres, String prefix) throws IOException {
        List<String> sql = new ArrayList<>(List.of(
                "CREATE TABLE owned (id INTEGER PRIMARY KEY, owner TEXT)",
                "ALTER TABLE owned ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY own ON owned USING (owner = session_user)",
                "CREATE TABLE marks (session TEXT, made_by TEXT DEFAULT session_user,"
                        + " made_for TEXT DEFAULT current_setting('nicol.user', true))",
                "CREATE VIEW session AS SELECT session_user::text AS login, current_setting('nicol.user', true) AS who,"
                        + " current_setting('nicol.connection', true) AS connection FROM pg_sleep(0.002)",
                "GRANT SELECT ON owned, session TO PUBLIC",
                "GRANT INSERT ON marks TO PUBLIC"));
        StringBuilder logins = new StringBuilder();
        for (int user = 0; user < USERS; user++) {
            sql.add("CREATE ROLE " + prefix + user + " LOGIN");
            sql.add("INSERT INTO owned VALUES (" + user + ", '" + prefix + user + "')");
            logins.append("u%d: {user: %s%d, password: any}%n".formatted(user, prefix, user));
        }
        TestDatabases.execute(postgres.url(), "postgres", "", sql.toArray(String[]::new));
        Path file = TestDatabases.directory().resolve("logins.yaml");
        Files.writeString(file, logins);
        return file;
    }

    private static String users() {
        StringBuilder users = new StringBuilder("users:\n");
        for (int user = 0; user < USERS; user++) {
            users.append("  u").append(user).append(": {password: \"$HASH\", groups: [readers]}\n");
        }
        return users.toString();
    }

    /** The most connections of these users that the database had at once. */
    private static int run(TestNicol nicol, Connection watching, String prefix) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(SESSIONS + 1);
        AtomicBoolean done = new AtomicBoolean();
        try {
            Future<Integer> most = threads.submit(() -> {
                int seen = 0;
                while (!done.get()) {
                    seen = Math.max(seen, counted(watching, prefix, ""));
                }
                return seen;
            });
            List<Future<Void>> sessions = new ArrayList<>();
            for (int session = 0; session < SESSIONS; session++) {
                int user = session % USERS;
                sessions.add(threads.submit(() -> session(nicol, prefix, user)));
            }
            for (Future<Void> session : sessions) {
                session.get();
            }
            done.set(true);
            return most.get();
        } finally {
            done.set(true);
            threads.shutdownNow();
        }
    }

    private static Void session(TestNicol nicol, String prefix, int user) throws SQLException {
        try (Connection connection = nicol.connect("u" + user);
                Statement statement = connection.createStatement()) {
            String id = "";
            for (int i = 0; i < STATEMENTS; i++) {
                try (ResultSet rows = statement.executeQuery("SELECT login, who, connection FROM pg.public.session")) {
                    String row = TestNicol.rows(rows).get(0);
                    String seen = row.substring(row.lastIndexOf('|') + 1);
                    assertThat(seen).matches("[0-9a-f]{32}");
                    id = id.isEmpty() ? seen : id;
                    assertThat(row).isEqualTo(prefix + user + "|u" + user + "|" + id);
                }
                try (ResultSet rows = statement.executeQuery("SELECT id, owner FROM pg.public.owned")) {
                    assertThat(TestNicol.rows(rows)).containsExactly(user + "|" + prefix + user);
                }
            }
            assertThat(statement.executeUpdate("INSERT INTO pg.public.marks (session) VALUES ('" + id + "')"))
                    .isEqualTo(1);
        }
        return null;
    }

    private static int counted(Connection watching, String prefix, String condition) throws SQLException {
        try (PreparedStatement count = watching.prepareStatement(
                "SELECT count(*) FROM pg_stat_activity WHERE usename ~ ('^' || ? || '[0-9]+$') " + condition)) {
            count.setString(1, prefix);
            try (ResultSet rows = count.executeQuery()) {
                rows.next();
                return rows.getInt(1);
            }
        }
    }
}
