package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whose a connection is, what the trail calls it, and what is left of it when the credentials end. */
class SessionsOverTheWireTest {
    private static final Duration SWEEP = Duration.ofMillis(20);
    private static final String ALICE = WireFixture.basic("alice", "wonderland");
    private static final String ID = "\"connectionId\":\"6b0c4f6e-5d5c-4a43-9d4b-0d5a3f1f8a11\"";

    private final HttpClient http = HttpClient.newHttpClient();
    private WireFixture wire;

    @BeforeEach
    void start() {
        wire = new WireFixture(WireLimits.DEFAULT.withIdle(Duration.ofMinutes(30), Duration.ofMinutes(10), SWEEP));
        wire.statements.rows(
                "many", Rows.row("n", Rows.type(SqlTypeName.BIGINT)), Rows.generated(100_000, n -> new Object[] {n}));
        wire.statements.count("write", Rows.row(), () -> 1L);
    }

    @AfterEach
    void stop() {
        wire.close();
    }

    private String post(String authorization, String request, String more) throws Exception {
        // an execution names its connection in the statement's handle, and only there
        String id = request.equals("execute") ? "" : "," + ID;
        String body = "{\"request\":\"" + request + "\"" + id + more + "}";
        HttpRequest post = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + wire.endpoint.port() + "/"))
                .header("Authorization", authorization)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.send(post, HttpResponse.BodyHandlers.ofString()).body();
    }

    private List<String> events(String kind) {
        return wire.events.stream()
                .filter(event -> event.startsWith(kind + " "))
                .toList();
    }

    @Test
    void aConnectionIsOfOnePersonOrAgentByOneMeans() throws Exception {
        assertThat(post(ALICE, "openConnection", "")).contains("openConnection");
        for (String other : List.of(
                WireFixture.basic("agent alice", "wonderland"),
                WireFixture.basic("alice", "token"),
                WireFixture.basic("bob", "builder"))) {
            assertThat(post(other, "getCatalogs", "")).contains("08003");
        }
        await().untilAsserted(() -> assertThat(events("foreign_connection"))
                .extracting(event -> event.replaceAll("`.*`", "`…`"))
                .containsExactly(
                        "foreign_connection alice presented the id of connection `…` of user alice by password",
                        "foreign_connection alice presented the id of connection `…` of user alice by password",
                        "foreign_connection bob presented the id of connection `…` of user alice by password"));
        assertThat(post(ALICE, "getCatalogs", "")).contains("crm");
    }

    /** A client that takes an id of last year's must not have its statements look like those. */
    @Test
    void theTrailKnowsConnectionsByIdsThatTheServerMakes() throws Exception {
        for (int i = 0; i < 2; i++) {
            post(ALICE, "openConnection", "");
            post(ALICE, "createStatement", "");
            post(ALICE, "prepareAndExecute", ",\"statementId\":1,\"sql\":\"many\",\"maxRowCount\":-1");
            post(ALICE, "closeConnection", "");
        }
        List<String> ids = wire.statements.sessions.stream()
                .map(session -> session.connectionId())
                .toList();
        assertThat(ids).hasSize(2).doesNotHaveDuplicates().allMatch(id -> id.matches("[0-9a-f]{32}"));
        assertThat(events("login"))
                .containsExactly(
                        "login alice connection `" + ids.get(0) + "`", "login alice connection `" + ids.get(1) + "`");
    }

    @Test
    void credentialsThatExpireStartNothingAndFinishWhatIsOpen() throws Exception {
        wire.validUntil.set(wire.clock.instant().plusSeconds(60));
        try (Connection connection = wire.connect("json");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("many")) {
            rows.next();
            wire.clock.move(Duration.ofSeconds(60));

            long read = 1;
            while (rows.next()) {
                read++;
            }
            assertThat(read).isEqualTo(100_000);
            assertThatThrownBy(() -> statement.executeQuery("many")).hasMessageContaining("credentials have expired");
        }
        assertThat(wire.endpoint.connections()).isZero();
        assertThatThrownBy(() -> wire.connect("json")).hasMessageContaining("credentials have expired");
        assertThat(events("login_refused")).isNotEmpty().allMatch(event -> event.contains("have expired"));
    }

    @Test
    void everyKindOfRequestIsOneOrTheOther() throws Exception {
        wire.validUntil.set(wire.clock.instant().plusSeconds(60));
        post(ALICE, "openConnection", "");
        post(ALICE, "connectionSync", AUTO_COMMIT.formatted("false"));
        post(ALICE, "createStatement", "");
        post(ALICE, "prepare", ",\"sql\":\"write\",\"maxRowCount\":-1");
        post(ALICE, "prepareAndExecute", ",\"statementId\":1,\"sql\":\"many\",\"maxRowCount\":-1");
        wire.clock.move(Duration.ofSeconds(60));
        int before = wire.statements.log.size();
        for (Map.Entry<String, String> start : STARTING.entrySet()) {
            assertThat(post(ALICE, start.getKey(), start.getValue()))
                    .as(start.getKey())
                    .contains("28000", "The credentials have expired.");
        }
        assertThat(wire.statements.log).hasSize(before);
        for (Map.Entry<String, String> finish : FINISHING) {
            assertThat(post(ALICE, finish.getKey(), finish.getValue()))
                    .as(finish.getKey())
                    .contains("\"response\":\"" + finish.getKey());
        }
        assertThat(wire.statements.openCursors).hasValue(0);
        assertThat(wire.endpoint.connections()).isZero();
    }

    private static final String AUTO_COMMIT =
            ",\"connProps\":{\"connProps\":\"connPropsImpl\",\"autoCommit\":%s,\"dirty\":true}";
    private static final Map<String, String> STARTING = Map.ofEntries(
            Map.entry("openConnection", ""),
            Map.entry("createStatement", ""),
            Map.entry("prepare", ",\"sql\":\"many\",\"maxRowCount\":-1"),
            Map.entry("prepareAndExecute", ",\"statementId\":1,\"sql\":\"many\",\"maxRowCount\":-1"),
            Map.entry("execute", ",\"statementHandle\":{" + ID + ",\"id\":2},\"parameterValues\":[]"),
            Map.entry("prepareAndExecuteBatch", ",\"statementId\":1,\"sqlCommands\":[\"write\"]"),
            Map.entry("executeBatch", ",\"statementId\":2,\"parameterValues\":[[]]"),
            Map.entry("commit", ""),
            // turning it on commits
            Map.entry("connectionSync", AUTO_COMMIT.formatted("true")),
            Map.entry("getCatalogs", ""),
            Map.entry("getSchemas", ""),
            Map.entry("getTables", ""),
            Map.entry("getColumns", ""),
            Map.entry("getTableTypes", ""),
            Map.entry("getTypeInfo", ""),
            Map.entry("databaseProperties", ""));
    private static final List<Map.Entry<String, String>> FINISHING = List.of(
            Map.entry("fetch", ",\"statementId\":1,\"offset\":0,\"fetchMaxRowCount\":10"),
            Map.entry("syncResults", ",\"statementId\":1,\"offset\":0"),
            Map.entry("rollback", ""),
            Map.entry("closeStatement", ",\"statementId\":1"),
            Map.entry("closeConnection", ""));

    @Test
    void aFloodOfFailedLoginsIsCountedInTheTrailAndDoesNotFillIt() throws Exception {
        for (int i = 0; i < 3 * LoginFailures.PER_NETWORK; i++) {
            String name = i < LoginFailures.PER_NAME + 5 ? "alice" : "name" + i;
            assertThat(post(WireFixture.basic(name, "no"), "getCatalogs", "")).contains("28000");
        }
        assertThat(events("login_failed"))
                .hasSize(LoginFailures.PER_NETWORK)
                .filteredOn(event -> event.startsWith("login_failed alice from 127.0.0.1: "))
                .hasSize(LoginFailures.PER_NAME);

        // and goes on into the next minute
        wire.clock.move(LoginFailures.INTERVAL);
        post(WireFixture.basic("alice", "no"), "getCatalogs", "");
        await().until(() -> events("login_failed").size() == LoginFailures.PER_NETWORK + 2);
        assertThat(events("login_failed").subList(LoginFailures.PER_NETWORK, LoginFailures.PER_NETWORK + 2))
                .anySatisfy(event -> assertThat(event).startsWith("login_failed alice from 127.0.0.1: "))
                .anySatisfy(event -> assertThat(event)
                        .startsWith("login_failed  60 more from 127.0.0.1 from ")
                        .contains(", as `alice`, `name", "and others"));
    }

    @Test
    void whatIsCountedIsRecordedAtTheEnd() throws Exception {
        for (int i = 0; i < LoginFailures.PER_NAME + 1; i++) {
            post(WireFixture.basic("alice", "no"), "getCatalogs", "");
        }
        wire.close();
        assertThat(events("login_failed").get(LoginFailures.PER_NAME))
                .startsWith("login_failed alice 1 more from 127.0.0.1");
    }
}
