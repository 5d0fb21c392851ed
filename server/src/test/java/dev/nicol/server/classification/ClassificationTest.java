package dev.nicol.server.classification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.h2.tools.Server;
import org.junit.jupiter.api.Test;

/** When columns are looked at, who may ask for it, what is kept, and what is recorded. */
class ClassificationTest {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [analysts]}
              raya: {password: "$HASH", groups: [raw]}
              steve: {password: "$HASH", groups: [raw], roles: [steward]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String GRANTS = """
            grants:
              - {name: analysts, tables: ["crm.**"], actions: [select, insert, update], to: {groups: [analysts]}}
              - {name: raw, tables: ["crm.**"], actions: [select, insert, update, delete, ddl], raw: ["*"], to: {groups: [raw]}}
            """;

    private static void fill(SourceDefinition source, String... more) {
        TestDatabases.execute(
                source.url(),
                "sa",
                "",
                "CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, c3 VARCHAR(80))",
                "INSERT INTO people SELECT x, 'secret' || x || '@mail.example' FROM SYSTEM_RANGE(1, 40)");
        if (more.length > 0) {
            TestDatabases.execute(source.url(), "sa", "", more);
        }
    }

    private static List<String> tags(TestNicol nicol) throws SQLException {
        return nicol.rows(
                "audra",
                "SELECT table_name, column_name, entity FROM nicol.policy.classifications ORDER BY table_name, column_name");
    }

    private static List<String> events(TestNicol nicol) throws SQLException {
        return nicol.rows(
                "audra", "SELECT user_name, detail FROM nicol.audit.events WHERE kind = 'classify' ORDER BY event_id");
    }

    private static void assertState(String sqlState, org.assertj.core.api.ThrowableAssert.ThrowingCallable statement) {
        assertThatThrownBy(statement)
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .as(failure.getMessage())
                        .isEqualTo(sqlState));
    }

    @Test
    void everyLookIsRecordedBeforeItHappensAndHoldsNoValue() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        fill(crm);
        try (TestNicol nicol = TestNicol.start(List.of(crm), USERS, GRANTS)) {
            assertThat(events(nicol))
                    .containsExactly(
                            "nicol|source `crm`: reads up to 1000 rows each of [crm.PUBLIC.PEOPLE]",
                            "nicol|source `crm`: 1 tables, 2 columns looked at, 1 tagged");
            assertThat(nicol.rows("audra", "SELECT detail FROM nicol.audit.events")
                            .toString())
                    .doesNotContain("secret1");
            assertThat(nicol.rows("audra", "SELECT evidence FROM nicol.policy.classifications")
                            .toString())
                    .doesNotContain("secret1");
        }
    }

    @Test
    void classificationsAreForAuditorsAndStewards() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        fill(crm);
        try (TestNicol nicol = TestNicol.start(List.of(crm), USERS, GRANTS)) {
            String sql = "SELECT entity FROM nicol.policy.classifications";
            assertThat(nicol.rows("alice", sql)).isEmpty();
            assertThat(nicol.rows("steve", sql)).containsExactly("EMAIL");
        }
    }

    @Test
    void aStewardAsksForAFreshLookAndNobodyElseMay() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        fill(crm);
        try (TestNicol nicol = TestNicol.start(List.of(crm), USERS, GRANTS)) {
            assertState("42501", () -> nicol.rows("raya", "CALL nicol.classify('crm')"));
            assertState("42P01", () -> nicol.rows("steve", "CALL nicol.classify('nowhere')"));
            assertState("42P01", () -> nicol.rows("steve", "CALL nicol.classify('nicol')"));
            assertState("42601", () -> nicol.rows("steve", "CALL nicol.classify()"));

            TestDatabases.execute(crm.url(), "sa", "", "UPDATE people SET c3 = 'none'");
            assertThat(nicol.rows("alice", "SELECT c3 FROM crm.PUBLIC.people WHERE id = 1"))
                    .containsExactly("***");
            assertThat(nicol.rows("steve", "CALL nicol.classify('crm')"))
                    .containsExactly("classified crm: 1 tables, 2 columns looked at, 0 tagged");
            assertThat(nicol.rows("alice", "SELECT c3 FROM crm.PUBLIC.people WHERE id = 1"))
                    .containsExactly("none");
            assertThat(events(nicol)).contains("steve|source `crm`: 1 tables, 2 columns looked at, 0 tagged");
        }
    }

    @Test
    void aRestartKeepsWhatIsKnown() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        fill(crm);
        TestNicol first = TestNicol.start(List.of(crm), USERS, GRANTS);
        first.update("raya", "CREATE TABLE crm.PUBLIC.copied AS SELECT 'x' || c3 AS m FROM crm.PUBLIC.people");
        List<String> before = tags(first);
        List<String> looks = events(first);
        TestDatabases.execute(crm.url(), "sa", "", "UPDATE people SET c3 = 'none'");
        try (TestNicol second = first.restart()) {
            assertThat(before).contains("PEOPLE|C3|EMAIL", "copied|m|EMAIL");
            assertThat(tags(second)).isEqualTo(before);
            assertThat(events(second)).isEqualTo(looks);
            assertThat(second.rows("alice", "SELECT c3 FROM crm.PUBLIC.people WHERE id = 1"))
                    .containsExactly("***");
            assertThat(second.rows("alice", "SELECT DISTINCT SUBSTRING(m FROM 1 FOR 1) FROM crm.PUBLIC.copied"))
                    .containsExactly("*");
        }
    }

    @Test
    void aChangedTypeIsAnotherColumn() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        fill(
                crm,
                "CREATE TABLE codes (id INTEGER, c INTEGER)",
                "INSERT INTO codes SELECT x, x FROM SYSTEM_RANGE(1, 40)");
        try (TestNicol nicol = TestNicol.start(List.of(crm), USERS, GRANTS)) {
            assertThat(nicol.rows("alice", "SELECT c FROM crm.PUBLIC.codes WHERE id = 7"))
                    .containsExactly("7");
            TestDatabases.execute(
                    crm.url(),
                    "sa",
                    "",
                    "ALTER TABLE codes ALTER COLUMN c VARCHAR(80)",
                    "UPDATE codes SET c = 'c' || id || '@mail.example'");
            nicol.rows("steve", "CALL nicol.reload()");
            assertThat(nicol.rows("alice", "SELECT c FROM crm.PUBLIC.codes WHERE id = 7"))
                    .containsExactly("***");
        }
    }

    @Test
    void withoutMasksByDefaultTagsStillBindRules() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        fill(
                crm,
                "CREATE TABLE more (id INTEGER, m VARCHAR(80))",
                "INSERT INTO more SELECT x, 'm' || x || '@mail.example' FROM SYSTEM_RANGE(1, 40)");
        String masks = GRANTS + """
                column_masks:
                  - {name: mails, tags: [EMAIL], except: {groups: [raw]}, mask: {kind: partial, last: 7, with: "#"}}
                """;
        String more = "classification: {mask_by_default: false}";
        try (TestNicol nicol = TestNicol.start(List.of(crm), USERS, GRANTS, more)) {
            assertThat(tags(nicol)).contains("PEOPLE|C3|EMAIL");
            assertThat(nicol.rows("alice", "SELECT c3 FROM crm.PUBLIC.people WHERE id = 1"))
                    .containsExactly("secret1@mail.example");
        }
        try (TestNicol nicol = TestNicol.start(List.of(crm), USERS, masks, more)) {
            assertThat(nicol.rows("alice", "SELECT m FROM crm.PUBLIC.more WHERE id = 1"))
                    .containsExactly("########example");
            assertThat(nicol.rows("raya", "SELECT m FROM crm.PUBLIC.more WHERE id = 1"))
                    .containsExactly("m1@mail.example");
        }
    }

    @Test
    void withoutSampleRowsNoTableIsRead() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        fill(crm);
        try (TestNicol nicol = TestNicol.start(List.of(crm), USERS, GRANTS, "classification: {sample_rows: 0}")) {
            assertThat(tags(nicol)).isEmpty();
            assertThat(events(nicol)).containsExactly("nicol|source `crm`: 1 tables, 2 columns looked at, 0 tagged");
        }
    }

    /** A view that fails when it is read cannot be looked at: it stays hidden, and keeps nothing else from being looked at. */
    @Test
    void whatCannotBeReadStaysHidden() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        fill(
                crm,
                "CREATE TABLE codes (id INTEGER, c VARCHAR(10))",
                "INSERT INTO codes VALUES (1, 'x')",
                "CREATE VIEW broken AS SELECT id, c, CAST(c AS INTEGER) AS n FROM codes");
        try (TestNicol nicol = TestNicol.start(List.of(crm), USERS, GRANTS)) {
            TestDatabases.execute(crm.url(), "sa", "", "UPDATE codes SET c = '5'");
            assertThat(nicol.rows("alice", "SELECT c, n FROM crm.PUBLIC.broken"))
                    .containsExactly("***|null");
            assertThat(nicol.rows("alice", "SELECT c FROM crm.PUBLIC.codes")).containsExactly("5");
            assertThat(nicol.rows("raya", "SELECT c, n FROM crm.PUBLIC.broken")).containsExactly("5|5");
            assertThat(events(nicol).get(1)).contains("could not be read and stay hidden: [crm.PUBLIC.BROKEN]");
        }
    }

    @Test
    void rowsOfATransactionCountWhenItIsCommitted() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        fill(crm, "CREATE TABLE inbox (id INTEGER, m VARCHAR(80))");
        try (TestNicol nicol = TestNicol.start(List.of(crm), USERS, GRANTS);
                Connection connection = nicol.connect("alice");
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (int i = 0; i < 20; i++) {
                statement.executeUpdate("INSERT INTO crm.PUBLIC.inbox VALUES (" + i + ", 'i" + i + "@mail.example')");
            }
            assertThat(tags(nicol)).doesNotContain("INBOX|M|EMAIL");
            connection.commit();
            assertThat(tags(nicol)).contains("INBOX|M|EMAIL");
        }
    }

    /** A tag must not go because somebody who may write fills a table with other things. */
    @Test
    void rowsThatComeLaterTakeNoTagAway() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        TestDatabases.execute(
                crm.url(),
                "sa",
                "",
                "CREATE TABLE inbox (id INTEGER, m VARCHAR(80))",
                "INSERT INTO inbox SELECT x, 'm' || x || '@mail.example' FROM SYSTEM_RANGE(1, 20)");
        try (TestNicol nicol = TestNicol.start(List.of(crm), USERS, GRANTS)) {
            StringBuilder values = new StringBuilder("(100, 'junk')");
            IntStream.range(101, 200)
                    .forEach(i -> values.append(", (").append(i).append(", 'junk')"));
            nicol.update("alice", "INSERT INTO crm.PUBLIC.inbox VALUES " + values);
            assertThat(nicol.rows("alice", "SELECT m FROM crm.PUBLIC.inbox WHERE id = 1"))
                    .containsExactly("***");
        }
    }

    @Test
    void aSourceThatComesLaterIsClassifiedThen() throws SQLException, IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        Path directory = TestDatabases.directory();
        String path = directory.resolve("late").toString();
        SourceDefinition late = new SourceDefinition(
                "crm", "h2", "jdbc:h2:tcp://127.0.0.1:" + port + "/" + path, "sa", "", "production", Map.of(), 4);
        TestDatabases.execute(
                "jdbc:h2:" + path,
                "sa",
                "",
                "CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, c3 VARCHAR(80))",
                "INSERT INTO people SELECT x, 'p' || x || '@mail.example' FROM SYSTEM_RANGE(1, 40)");
        try (TestNicol nicol = TestNicol.start(List.of(late), USERS, GRANTS)) {
            assertState("NS001", () -> nicol.rows("alice", "SELECT c3 FROM crm.PUBLIC.people WHERE id = 1"));
            Server server = Server.createTcpServer("-tcpPort", String.valueOf(port), "-baseDir", directory.toString())
                    .start();
            try {
                // from the first answer on it is masked
                await().atMost(Duration.ofSeconds(60)).ignoreExceptions().untilAsserted(() -> assertThat(
                                nicol.rows("alice", "SELECT c3 FROM crm.PUBLIC.people WHERE id = 1"))
                        .isNotEmpty());
                assertThat(nicol.rows("alice", "SELECT c3 FROM crm.PUBLIC.people WHERE id = 1"))
                        .containsExactly("***");
                await().atMost(Duration.ofSeconds(60))
                        .untilAsserted(() -> assertThat(tags(nicol)).containsExactly("PEOPLE|C3|EMAIL"));
            } finally {
                server.stop();
            }
        }
    }
}
