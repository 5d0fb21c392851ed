package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.h2.tools.Server;
import org.junit.jupiter.api.Test;

/** A source that is down when the server starts: its tables say so, the rest works, and it comes by itself. */
class SourceDownTest {
    @Test
    void aSourceMayComeLater() throws SQLException, IOException {
        int port = freePort();
        Path directory = TestDatabases.directory();
        SourceDefinition late = new SourceDefinition(
                "late",
                "h2",
                "jdbc:h2:tcp://127.0.0.1:" + port + "/" + directory.resolve("late"),
                "sa",
                "",
                "production",
                Map.of(),
                4);
        SourceDefinition crm = TestDatabases.h2("crm");
        TestDatabases.execute(crm.url(), "sa", "", "CREATE TABLE t (id INTEGER)", "INSERT INTO t VALUES (7)");
        try (TestNicol nicol = TestNicol.start(List.of(crm, late), """
                users:
                  ann: {password: "$HASH", groups: [analysts]}
                  nora: {password: "$HASH", groups: [others]}
                """, """
                grants:
                  - {name: analysts, tables: ["crm.**", "late.**"], actions: [select], to: {groups: [analysts]}}
                  - {name: others, tables: ["crm.**"], actions: [select], to: {groups: [others]}}
                """)) {
            assertThat(nicol.rows("ann", "SELECT id FROM crm.public.t")).containsExactly("7");
            assertCode(nicol, "ann", "NS001");
            assertCode(nicol, "nora", "42P01");

            Server server = Server.createTcpServer(
                            "-tcpPort", String.valueOf(port), "-ifNotExists", "-baseDir", directory.toString())
                    .start();
            try {
                TestDatabases.execute(late.url(), "sa", "", "CREATE TABLE t (id INTEGER)", "INSERT INTO t VALUES (8)");
                await().atMost(Duration.ofSeconds(60)).ignoreExceptions().untilAsserted(() -> assertThat(
                                nicol.rows("ann", "SELECT id FROM late.public.t"))
                        .containsExactly("8"));
            } finally {
                server.stop();
            }
        }
    }

    private static void assertCode(TestNicol nicol, String user, String sqlState) {
        assertThatThrownBy(() -> nicol.rows(user, "SELECT id FROM late.public.t"))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .as(failure.getMessage())
                        .isEqualTo(sqlState));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
