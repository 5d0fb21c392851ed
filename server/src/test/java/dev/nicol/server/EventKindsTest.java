package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the trail says of clients and of the server itself. */
class EventKindsTest {
    @Test
    void whoComesAndGoesIsAnEventAndSoIsTheServersStop() throws Exception {
        SourceDefinition h2 = TestDatabases.h2("h2");
        TestDatabases.execute(h2.url(), "sa", "", "CREATE TABLE t (id INTEGER)");
        TestNicol nicol = TestNicol.start(
                List.of(h2),
                """
                users:
                  ann: {password: "$HASH"}
                  audra: {password: "$HASH", roles: [auditor]}
                """,
                "grants:\n  - {name: all, tables: [\"h2.**\"], actions: [select], to: {users: [ann]}}\n");
        try {
            nicol.connect("ann").close();
            assertThatThrownBy(() -> nicol.connect("ann", "avatica_password", "not it"))
                    .hasMessageContaining("credentials are not valid");
        } finally {
            nicol.close();
        }
        try (TestNicol again = TestNicol.startAgain(nicol.directory());
                Connection auditor = again.connect("audra");
                Statement statement = auditor.createStatement()) {
            assertThat(TestNicol.rows(statement.executeQuery("SELECT kind, user_name FROM nicol.audit.events WHERE kind"
                            + " LIKE 'log%' OR kind LIKE 'server%' ORDER BY event_id")))
                    .containsExactly(
                            "server_start|nicol",
                            "login|ann",
                            "logout|ann",
                            "login_failed|ann",
                            "server_stop|nicol",
                            "server_start|nicol",
                            "login|audra");
        }
    }
}
