package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.calcite.avatica.AvaticaClientRuntimeException;
import org.apache.calcite.avatica.proto.Common;
import org.apache.calcite.avatica.proto.Requests;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client must not get away with. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileClientsTest {
    private static final String ALICE = WireFixture.basic("alice", "wonderland");
    private static final String BOB = WireFixture.basic("bob", "builder");
    private static final AtomicBoolean LOADED = new AtomicBoolean();

    private final HttpClient http = HttpClient.newHttpClient();
    /** One of every kind that names a connection; closing a statement looks for it twice. */
    private static final List<String> REQUESTS = List.of(
            "{\"request\":\"fetch\",\"connectionId\":\"%s\",\"statementId\":1,\"offset\":0,\"fetchMaxRowCount\":10}",
            "{\"request\":\"syncResults\",\"connectionId\":\"%s\",\"statementId\":1,\"offset\":0}",
            "{\"request\":\"createStatement\",\"connectionId\":\"%s\"}",
            "{\"request\":\"prepare\",\"connectionId\":\"%s\",\"sql\":\"select many\",\"maxRowCount\":-1}",
            "{\"request\":\"prepareAndExecute\",\"connectionId\":\"%s\",\"statementId\":1,\"sql\":\"select many\"}",
            "{\"request\":\"execute\",\"statementHandle\":{\"connectionId\":\"%s\",\"id\":1},\"parameterValues\":[]}",
            "{\"request\":\"prepareAndExecuteBatch\",\"connectionId\":\"%s\",\"statementId\":1,\"sqlCommands\":[]}",
            "{\"request\":\"executeBatch\",\"connectionId\":\"%s\",\"statementId\":1,\"parameterValues\":[]}",
            "{\"request\":\"closeStatement\",\"connectionId\":\"%s\",\"statementId\":1}",
            "{\"request\":\"closeConnection\",\"connectionId\":\"%s\"}",
            "{\"request\":\"connectionSync\",\"connectionId\":\"%s\",\"connProps\":{\"connProps\":\"connPropsImpl\",\"dirty\":false}}",
            "{\"request\":\"commit\",\"connectionId\":\"%s\"}",
            "{\"request\":\"rollback\",\"connectionId\":\"%s\"}",
            "{\"request\":\"getCatalogs\",\"connectionId\":\"%s\"}",
            "{\"request\":\"getSchemas\",\"connectionId\":\"%s\"}",
            "{\"request\":\"getTables\",\"connectionId\":\"%s\"}",
            "{\"request\":\"getColumns\",\"connectionId\":\"%s\"}",
            "{\"request\":\"getTableTypes\",\"connectionId\":\"%s\"}",
            "{\"request\":\"getTypeInfo\",\"connectionId\":\"%s\"}",
            "{\"request\":\"databaseProperties\",\"connectionId\":\"%s\"}");

    private WireFixture wire;

    @BeforeAll
    void start() {
        wire = new WireFixture(WireLimits.DEFAULT.withMaxRequestBytes(1024 * 1024));
        wire.statements.rows("select many", Rows.row("n", Rows.type(SqlTypeName.BIGINT)), Rows.generated(100_000, n ->
                new Object[] {n}));
    }

    @AfterAll
    void stop() {
        wire.close();
    }

    /** Loading it leaves a mark. */
    @SuppressWarnings("unused")
    private static final class Payload {
        static {
            LOADED.set(true);
        }
    }

    private HttpResponse<String> post(String authorization, byte[] body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + wire.endpoint.port() + "/"))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        if (authorization != null) {
            request.header("Authorization", authorization);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
    }

    private HttpResponse<String> post(String authorization, String json) throws Exception {
        return post(authorization, json.getBytes(StandardCharsets.UTF_8));
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + wire.endpoint.port() + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void wrongCredentialsAreAnErrorThatClientsCanReadAndTellsNothing(String format) {
        for (String[] login : new String[][] {{"alice", "wrong"}, {"nobody", "wonderland"}}) {
            assertThatThrownBy(() -> wire.connect(format, login[0], login[1], Map.of()))
                    .isInstanceOfSatisfying(
                            // the driver wraps failures of statements, not of logins
                            AvaticaClientRuntimeException.class,
                            failure -> assertThat(failure.getSqlState()).isEqualTo("28000"))
                    .hasStackTraceContaining("The user name or the credentials are not valid.")
                    .satisfies(failure -> assertThat(failure.getMessage()).doesNotContain("password of"));
        }
    }

    @Test
    void noCredentialsAreChallenged() throws Exception {
        HttpResponse<String> response = post(null, "{\"request\":\"openConnection\",\"connectionId\":\"c\"}");
        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(response.headers().firstValue("WWW-Authenticate").orElseThrow())
                .startsWith("Basic realm=");
        assertThat(response.headers().firstValue("Server")).isEmpty();
    }

    @Test
    void everyRequestIsAuthenticatedNotOnlyTheFirst() throws Exception {
        try (Connection connection = wire.connect("json")) {
            assertThat(connection.isClosed()).isFalse();
            String response = post(WireFixture.basic("alice", "no"), "{\"request\":\"getCatalogs\"}")
                    .body();
            assertThat(response).contains("28000");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void aForeignConnectionDoesNotExist(String format) throws Exception {
        String id = "11111111-2222-3333-4444-" + format;
        assertThat(post(ALICE, "{\"request\":\"openConnection\",\"connectionId\":\"" + id + "\"}")
                        .statusCode())
                .isEqualTo(200);
        post(ALICE, "{\"request\":\"createStatement\",\"connectionId\":\"" + id + "\"}");
        String opened = post(
                        ALICE,
                        "{\"request\":\"prepareAndExecute\",\"connectionId\":\"" + id
                                + "\",\"statementId\":1,\"sql\":\"select many\",\"maxRowCount\":-1}")
                .body();
        assertThat(opened).contains("\"done\":false");
        for (String attempt : REQUESTS) {
            String foreign = post(BOB, attempt.formatted(id)).body();
            assertThat(foreign)
                    .as(attempt)
                    .isEqualTo(post(BOB, attempt.formatted("no-such")).body());
            assertThat(foreign).as(attempt).containsAnyOf("08003", "\"response\":\"closeConnection\"");
        }
        // one of his own under her id tells him nothing either
        assertThat(post(BOB, "{\"request\":\"openConnection\",\"connectionId\":\"" + id + "\"}")
                        .body())
                .contains("openConnection");
        post(BOB, "{\"request\":\"closeConnection\",\"connectionId\":\"" + id + "\"}");
        String hers = wire.events.stream()
                .filter(event -> event.startsWith("login alice connection `"))
                .reduce("", (earlier, later) -> later)
                .replace("login alice connection ", "");
        assertThat(hers).matches("`[0-9a-f]{32}`");
        await().untilAsserted(() -> assertThat(wire.events.stream()
                        .filter(event -> event.equals("foreign_connection bob presented the id of connection " + hers
                                + " of user alice by password")))
                .hasSize(REQUESTS.size() + 1));
        assertThat(wire.events).noneMatch(event -> event.contains(id) || event.contains("no-such"));
        // hers is whole
        assertThat(wire.statements.openCursors).hasValue(1);
        String mine = post(ALICE, "{\"request\":\"closeConnection\",\"connectionId\":\"" + id + "\"}")
                .body();
        assertThat(mine).contains("closeConnection");
        assertThat(wire.statements.openCursors).hasValue(0);
    }

    @Test
    void statementsOfTwoConnectionsOfOneUserStayApart() throws Exception {
        try (Connection one = wire.connect("json");
                Connection other = wire.connect("json");
                Statement first = one.createStatement();
                ResultSet rows = first.executeQuery("select many")) {
            // both connections number their statements from 1
            Statement second = other.createStatement();
            assertThat(second.executeQuery("select many").next()).isTrue();
            assertThat(wire.statements.openCursors).hasValue(2);
            second.close();
            assertThat(wire.statements.openCursors).hasValue(1);
            long count = 0;
            while (rows.next()) {
                count++;
            }
            assertThat(count).isEqualTo(100_000);
        }
    }

    @Test
    void aClassNamedByAClientIsNotLoadedOverProtobuf() throws Exception {
        // looking for a class that is not there would fail the decoding: the name is not even looked at
        for (String name : List.of(payload(), "no.such.Thing")) {
            Requests.ExecuteRequest request = Requests.ExecuteRequest.newBuilder()
                    .setStatementHandle(Common.StatementHandle.newBuilder()
                            .setConnectionId("c")
                            .setId(1)
                            .setSignature(Common.Signature.newBuilder()
                                    .setCursorFactory(Common.CursorFactory.newBuilder()
                                            .setStyle(Common.CursorFactory.Style.RECORD)
                                            .setClassName(name))))
                    .build();
            byte[] body = Common.WireMessage.newBuilder()
                    .setName(Requests.ExecuteRequest.class.getName())
                    .setWrappedMessage(request.toByteString())
                    .build()
                    .toByteArray();
            assertThat(post(ALICE, body).body()).contains("08003");
        }
        assertThat(LOADED).isFalse();
    }

    @Test
    void aClassNamedByAClientIsNotLoadedOverJson() throws Exception {
        for (String name : List.of(payload(), "no.such.Thing")) {
            String json =
                    "{\"request\":\"execute\",\"statementHandle\":{\"connectionId\":\"c\",\"id\":1,\"signature\":{"
                            + "\"columns\":[],\"cursorFactory\":{\"style\":\"RECORD\",\"clazz\":\"" + name
                            + "\",\"fieldNames\":[]}}},\"parameterValues\":[]}";
            assertThat(post(ALICE, json).body()).contains("08003");
        }
        assertThat(LOADED).isFalse();
    }

    /** The binary name, without loading the class. */
    private static String payload() {
        return HostileClientsTest.class.getName() + "$Payload";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{}",
                "{\"request\":\"nonsense\"}",
                "{\"request\":\"prepareAndExecute\",\"connectionId\":7,\"statementId\":\"x\"}",
                "[1,2]",
                "\u0000\u0001\u0002\u0003",
                "\n\u0005hello",
                "GET / HTTP/1.1",
                "{\"request\":\"response\"}",
                "{\"request\":\"createStatement\"}",
                "{\"request\":\"execute\"}"
            })
    void garbageIsAnsweredAndNamesNoClass(String garbage) throws Exception {
        HttpResponse<String> response = post(ALICE, garbage);
        assertThat(response.statusCode()).isEqualTo(500);
        assertThat(response.body())
                .containsAnyOf("08P01", "08003")
                .doesNotContain("Exception:")
                .doesNotContain("com.fasterxml")
                .doesNotContain("\tat ");
    }

    @Test
    void anEmptyBodyAndARequestInAHeaderAreRefused() throws Exception {
        assertThat(post(ALICE, "").body()).contains("The request is empty.");
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + wire.endpoint.port() + "/"))
                .header("Authorization", ALICE)
                .header("request", "{\"request\":\"getCatalogs\",\"connectionId\":\"c\"}")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
        assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).body())
                .contains("A request in a header is not accepted");
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void anOversizedRequestIsRefusedInWords(String format) throws Exception {
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.executeQuery("select '" + "x".repeat(3 * 1024 * 1024) + "'"))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("53200"))
                    .hasStackTraceContaining("The request is larger than `1048576` bytes");
            assertThat(statement.executeQuery("select many").next()).isTrue();
        }
    }

    @Test
    void garbledHttpIsAnsweredWithoutAVersionOrATrace() throws IOException {
        try (Socket socket = new Socket("127.0.0.1", wire.endpoint.port())) {
            OutputStream out = socket.getOutputStream();
            out.write("NONSENSE\u0001 / HTTP/9\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            InputStream in = socket.getInputStream();
            String answer = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
            assertThat(answer)
                    .startsWith("HTTP/1.1 4")
                    .doesNotContain("etty")
                    .doesNotContain("\tat ")
                    .doesNotContain("Exception");
        }
    }

    @Test
    void healthAndMetricsNeedNoCredentialsAndNameNobody() throws Exception {
        try (Connection connection = wire.connect("json")) {
            assertThat(connection.getMetaData().getTableTypes().next()).isTrue();
            assertThat(get("/health/live").statusCode()).isEqualTo(200);
            assertThat(get("/health/ready").statusCode()).isEqualTo(200);
            wire.unready.set("the store is down");
            assertThat(get("/health/ready").statusCode()).isEqualTo(503);
            assertThat(get("/health/ready").body()).contains("the store is down");
            wire.unready.set(null);
            assertThat(get("/metrics").body())
                    .contains("nicol_wire_connections")
                    .contains("nicol_wire_requests_seconds_count{request=\"TableTypesRequest\",sqlstate=\"00000\"")
                    .doesNotContain("alice");
            assertThat(get("/").statusCode()).isEqualTo(404);
            assertThat(get("/nowhere").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void theServerNamesItself() throws Exception {
        post(ALICE, "{\"request\":\"openConnection\",\"connectionId\":\"named\"}");
        assertThat(post(ALICE, "{\"request\":\"databaseProperties\",\"connectionId\":\"named\"}")
                        .body())
                .contains("\"GET_DATABASE_PRODUCT_NAME\":\"Nicol\"")
                .contains("\"GET_DATABASE_PRODUCT_VERSION\":\"0.1.0\"");
        post(ALICE, "{\"request\":\"closeConnection\",\"connectionId\":\"named\"}");
    }
}
