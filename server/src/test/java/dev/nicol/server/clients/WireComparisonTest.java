package dev.nicol.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.calcite.avatica.ColumnMetaData.Rep;
import org.apache.calcite.avatica.ConnectionPropertiesImpl;
import org.apache.calcite.avatica.Meta;
import org.apache.calcite.avatica.QueryState;
import org.apache.calcite.avatica.jdbc.JdbcMeta;
import org.apache.calcite.avatica.metrics.noop.NoopMetricsSystem;
import org.apache.calcite.avatica.remote.Handler;
import org.apache.calcite.avatica.remote.JsonHandler;
import org.apache.calcite.avatica.remote.JsonService;
import org.apache.calcite.avatica.remote.LocalService;
import org.apache.calcite.avatica.remote.ProtobufHandler;
import org.apache.calcite.avatica.remote.ProtobufTranslation;
import org.apache.calcite.avatica.remote.ProtobufTranslationImpl;
import org.apache.calcite.avatica.remote.Service;
import org.apache.calcite.avatica.remote.TypedValue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Each kind of request, sent to Nicol and to avatica-server's service over the same PostgreSQL: the answers are equal but for
 * what {@link WireDifferences} lists, and all of that is still so.
 */
@Timeout(60)
class WireComparisonTest {
    private static final String ID = "compared";

    private final Set<String> differing = new TreeSet<>();
    private final ProtobufTranslation protobufs = new ProtobufTranslationImpl();
    private final HttpClient http = HttpClient.newHttpClient();

    /** One of the two servers, in one format. */
    private interface Peer {
        Answer send(Service.Request request) throws Exception;
    }

    private record Answer(Service.Response response, int status) {}

    @Test
    void everyKindOfRequestIsAnsweredAsAvaticaServerDoes() throws Exception {
        SourceDefinition source = TestDatabases.postgres("crm");
        TestDatabases.execute(
                source.url(),
                "postgres",
                "",
                "CREATE TABLE compared (id INTEGER PRIMARY KEY, name VARCHAR(20), amount NUMERIC(10,2), born DATE,"
                        + " seen TIMESTAMP(3), ok BOOLEAN, ratio DOUBLE PRECISION)",
                "INSERT INTO compared VALUES (1, 'Ann', 1.50, '2000-02-29', '2026-01-01 10:00:00.5', TRUE, 0.1),"
                        + " (2, NULL, NULL, NULL, NULL, NULL, NULL)",
                "CREATE TABLE many (id INTEGER PRIMARY KEY, body VARCHAR(2000))",
                "INSERT INTO many SELECT n, repeat('x', 2000) FROM generate_series(1, 400) n");
        Properties login = new Properties();
        login.setProperty("user", "postgres");
        Service reference = new LocalService(new JdbcMeta(source.url(), login));
        JsonHandler json = new JsonHandler(reference, NoopMetricsSystem.getInstance());
        ProtobufHandler protobuf = new ProtobufHandler(reference, protobufs, NoopMetricsSystem.getInstance());
        try (TestNicol nicol = TestNicol.start(
                List.of(source),
                "users: {sam: {password: \"$HASH\", groups: [all]}}\n",
                "grants:\n  - {name: all, tables: [\"crm.**\"], actions: [select, insert, update, delete],"
                        + " raw: [\"*\"], to: {groups: [all]}}\n")) {
            new Conversation(request -> json(nicol, request), "crm", request -> json(json, request), null).all();
            Conversation inProtobuf = new Conversation(
                    request -> protobuf(nicol, request), "crm", request -> protobuf(protobuf, request), null);
            inProtobuf.all();
            // not in JSON: Avatica's own writer fails on its request where assertions are on
            inProtobuf.lostResults();
        }
        assertThat(differing)
                .allMatch(path -> WireDifferences.JUSTIFIED.stream().anyMatch(known -> path.matches(known.paths())));
        assertThat(WireDifferences.JUSTIFIED)
                .allMatch(known -> differing.stream().anyMatch(path -> path.matches(known.paths())));
    }

    private static Answer json(JsonHandler reference, Service.Request request) throws Exception {
        Handler.HandlerResponse<String> answer = reference.apply(JsonService.MAPPER.writeValueAsString(request));
        return new Answer(
                JsonService.MAPPER.readValue(answer.getResponse(), Service.Response.class), answer.getStatusCode());
    }

    private Answer protobuf(ProtobufHandler reference, Service.Request request) throws Exception {
        Handler.HandlerResponse<byte[]> answer = reference.apply(protobufs.serializeRequest(request));
        return new Answer(protobufs.parseResponse(answer.getResponse()), answer.getStatusCode());
    }

    private Answer json(TestNicol nicol, Service.Request request) throws Exception {
        HttpResponse<byte[]> answer = post(nicol, "application/json", JsonService.MAPPER.writeValueAsBytes(request));
        return new Answer(JsonService.MAPPER.readValue(answer.body(), Service.Response.class), answer.statusCode());
    }

    private Answer protobuf(TestNicol nicol, Service.Request request) throws Exception {
        HttpResponse<byte[]> answer = post(nicol, "application/x-google-protobuf", protobufs.serializeRequest(request));
        return new Answer(protobufs.parseResponse(answer.body()), answer.statusCode());
    }

    private HttpResponse<byte[]> post(TestNicol nicol, String format, byte[] body) throws Exception {
        String credentials =
                Base64.getEncoder().encodeToString(("sam:" + TestNicol.PASSWORD).getBytes(StandardCharsets.UTF_8));
        HttpRequest post = HttpRequest.newBuilder(URI.create(nicol.url()))
                .header("Authorization", "Basic " + credentials)
                .header("Content-Type", format)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        return http.send(post, HttpResponse.BodyHandlers.ofByteArray());
    }

    /** What a client says from its first request to its last, to both. */
    private final class Conversation {
        private final Peer ours;
        private final @Nullable String ourCatalog;
        private final Peer theirs;
        private final @Nullable String theirCatalog;

        Conversation(Peer ours, @Nullable String ourCatalog, Peer theirs, @Nullable String theirCatalog) {
            this.ours = ours;
            this.ourCatalog = ourCatalog;
            this.theirs = theirs;
            this.theirCatalog = theirCatalog;
        }

        void all() throws Exception {
            both("openConnection", new Service.OpenConnectionRequest(ID, Map.of()));
            compare("connectionSync", sync(ours, ourCatalog), sync(theirs, theirCatalog));
            statements();
            prepared();
            batches();
            fetch();
            metadata();
            errors();
            both("commit", new Service.CommitRequest(ID));
            both("rollback", new Service.RollbackRequest(ID));
            both("closeConnection", new Service.CloseConnectionRequest(ID));
        }

        private Answer sync(Peer peer, @Nullable String catalog) throws Exception {
            return peer.send(new Service.ConnectionSyncRequest(
                    ID, new ConnectionPropertiesImpl(false, false, null, catalog, "public")));
        }

        private void statements() throws Exception {
            int our = statement(ours);
            int their = statement(theirs);
            String select = "SELECT * FROM compared ORDER BY id";
            compare(
                    "prepareAndExecute",
                    ours.send(new Service.PrepareAndExecuteRequest(ID, our, select, -1)),
                    theirs.send(new Service.PrepareAndExecuteRequest(ID, their, select, -1)));
            String update = "UPDATE compared SET ratio = 2.5 WHERE id = 1";
            compare(
                    "prepareAndExecute of an update",
                    undone(ours, new Service.PrepareAndExecuteRequest(ID, our, update, -1)),
                    undone(theirs, new Service.PrepareAndExecuteRequest(ID, their, update, -1)));
            compare(
                    "closeStatement",
                    ours.send(new Service.CloseStatementRequest(ID, our)),
                    theirs.send(new Service.CloseStatementRequest(ID, their)));
        }

        private void prepared() throws Exception {
            Service.PrepareRequest prepare =
                    new Service.PrepareRequest(ID, "SELECT name, amount FROM compared WHERE id = ?", -1);
            Answer ourAnswer = ours.send(prepare);
            Answer theirAnswer = theirs.send(prepare);
            compare("prepare", ourAnswer, theirAnswer);
            Service.PrepareResponse our = (Service.PrepareResponse) ourAnswer.response();
            Service.PrepareResponse their = (Service.PrepareResponse) theirAnswer.response();
            List<TypedValue> one = List.of(TypedValue.ofLocal(Rep.INTEGER, 1));
            compare(
                    "execute",
                    ours.send(new Service.ExecuteRequest(our.statement, one, 100)),
                    theirs.send(new Service.ExecuteRequest(their.statement, one, 100)));
        }

        private void batches() throws Exception {
            int our = statement(ours);
            int their = statement(theirs);
            List<String> commands =
                    List.of("INSERT INTO compared (id) VALUES (8)", "DELETE FROM compared WHERE id = 9");
            compare(
                    "prepareAndExecuteBatch",
                    undone(ours, new Service.PrepareAndExecuteBatchRequest(ID, our, commands)),
                    undone(theirs, new Service.PrepareAndExecuteBatchRequest(ID, their, commands)));
            Service.PrepareRequest prepare = new Service.PrepareRequest(ID, "INSERT INTO compared (id) VALUES (?)", -1);
            int ourInsert = ((Service.PrepareResponse) ours.send(prepare).response()).statement.id;
            int theirInsert = ((Service.PrepareResponse) theirs.send(prepare).response()).statement.id;
            List<List<TypedValue>> values =
                    List.of(List.of(TypedValue.ofLocal(Rep.INTEGER, 11)), List.of(TypedValue.ofLocal(Rep.INTEGER, 12)));
            compare(
                    "executeBatch",
                    undone(ours, new Service.ExecuteBatchRequest(ID, ourInsert, values)),
                    undone(theirs, new Service.ExecuteBatchRequest(ID, theirInsert, values)));
        }

        /** Before the other one writes: it would wait for the rows of this one. */
        private Answer undone(Peer peer, Service.Request request) throws Exception {
            Answer answer = peer.send(request);
            peer.send(new Service.RollbackRequest(ID));
            return answer;
        }

        private int statement(Peer peer) throws Exception {
            return ((Service.CreateStatementResponse)
                            peer.send(new Service.CreateStatementRequest(ID)).response())
                    .statementId;
        }

        /** Frames have sizes of their own; the rows of all of them are the same, and so is the last. */
        private void fetch() throws Exception {
            List<Object> our = new ArrayList<>();
            List<Object> their = new ArrayList<>();
            compare("fetch", last(ours, our), last(theirs, their));
            assertThat(our).hasSize(400).isEqualTo(their);
        }

        private Answer last(Peer peer, List<Object> rows) throws Exception {
            int id = statement(peer);
            Service.ExecuteResponse first = (Service.ExecuteResponse)
                    peer.send(new Service.PrepareAndExecuteRequest(ID, id, "SELECT * FROM many ORDER BY id", -1, 100))
                            .response();
            Meta.Frame frame = first.results.get(0).firstFrame;
            assertThat(frame.done).isFalse();
            rows.addAll(values(frame));
            while (true) {
                Answer answer = peer.send(new Service.FetchRequest(ID, id, rows.size(), 100));
                frame = ((Service.FetchResponse) answer.response()).frame;
                rows.addAll(values(frame));
                if (frame.done) {
                    return answer;
                }
            }
        }

        private List<Object> values(Meta.Frame frame) {
            List<Object> values = new ArrayList<>();
            frame.rows.forEach(row -> values.add(JsonService.MAPPER.valueToTree(row)));
            return values;
        }

        /** A result that a client has lost and wants again. */
        void lostResults() throws Exception {
            both("openConnection", new Service.OpenConnectionRequest(ID, Map.of()));
            compare("connectionSync", sync(ours, ourCatalog), sync(theirs, theirCatalog));
            compare("syncResults from the first row", lost(ours, 0), lost(theirs, 0));
            compare("syncResults from the second", lost(ours, 1), lost(theirs, 1));
            both("closeConnection", new Service.CloseConnectionRequest(ID));
        }

        private Answer lost(Peer peer, long offset) throws Exception {
            int id = statement(peer);
            return peer.send(new Service.SyncResultsRequest(
                    ID, id, new QueryState("SELECT id FROM compared ORDER BY id"), offset));
        }

        private void errors() throws Exception {
            for (Map.Entry<String, String> wrong : Map.of(
                            "syntax error", "SELECT FROM WHERE",
                            "unknown table", "SELECT * FROM nowhere",
                            "division by zero", "SELECT 1 / (id - id) FROM compared")
                    .entrySet()) {
                compare(
                        wrong.getKey(),
                        undone(ours, new Service.PrepareAndExecuteRequest(ID, statement(ours), wrong.getValue(), -1)),
                        undone(
                                theirs,
                                new Service.PrepareAndExecuteRequest(ID, statement(theirs), wrong.getValue(), -1)));
            }
            both("unknown statement", new Service.PrepareAndExecuteRequest(ID, 987_654, "SELECT 1", -1));
            both("fetch of an unknown statement", new Service.FetchRequest(ID, 987_654, 0, 100));
            both("unknown connection", new Service.CreateStatementRequest("never opened"));
        }

        private void metadata() throws Exception {
            both("getTables", new Service.TablesRequest(ID, null, "public", "comp%", List.of("TABLE")));
            both("getColumns", new Service.ColumnsRequest(ID, null, "public", "compared", "%"));
            both("getSchemas", new Service.SchemasRequest(ID, null, "public"));
            both("getCatalogs", new Service.CatalogsRequest(ID));
            both("getTableTypes", new Service.TableTypesRequest(ID));
            both("getTypeInfo", new Service.TypeInfoRequest(ID));
            both("databaseProperties", new Service.DatabasePropertyRequest(ID));
        }

        private void both(String name, Service.Request request) throws Exception {
            compare(name, ours.send(request), theirs.send(request));
        }
    }

    /** Paths at which the two differ; what each server makes up for itself is none. */
    private void compare(String name, Answer ours, Answer theirs) {
        Map<String, List<String>> our = flat(ours);
        Map<String, List<String>> their = flat(theirs);
        Set<String> paths = new TreeSet<>(our.keySet());
        paths.addAll(their.keySet());
        for (String path : paths) {
            if (!our.getOrDefault(path, List.of()).equals(their.getOrDefault(path, List.of()))) {
                differing.add(name + path);
            }
        }
    }

    private static Map<String, List<String>> flat(Answer answer) {
        Map<String, List<String>> flat = new TreeMap<>();
        flat.put(".status", List.of("" + answer.status()));
        flat.put(".kind", List.of(answer.response().getClass().getSimpleName()));
        flatten("", JsonService.MAPPER.valueToTree(answer.response()), flat);
        return flat;
    }

    private static void flatten(String path, JsonNode node, Map<String, List<String>> into) {
        if (node.isArray()) {
            node.forEach(element -> flatten(path, element, into));
        } else if (node.isObject()) {
            node.properties().forEach(field -> {
                if (!Set.of("connectionId", "statementId", "rpcMetadata", "id").contains(field.getKey())
                        || path.endsWith("type")) {
                    flatten(path + "." + field.getKey(), field.getValue(), into);
                }
            });
        } else if (!node.isNull()) {
            into.computeIfAbsent(path, key -> new ArrayList<>()).add(node.asText());
        }
    }
}
