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
import org.apache.calcite.avatica.jdbc.JdbcMeta;
import org.apache.calcite.avatica.remote.JsonService;
import org.apache.calcite.avatica.remote.LocalJsonService;
import org.apache.calcite.avatica.remote.LocalService;
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
    private final HttpClient http = HttpClient.newHttpClient();

    /** One of the two servers. */
    private interface Peer {
        Service.Response send(Service.Request request) throws Exception;
    }

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
                        + " (2, NULL, NULL, NULL, NULL, NULL, NULL)");
        Properties login = new Properties();
        login.setProperty("user", "postgres");
        LocalJsonService reference = new LocalJsonService(new LocalService(new JdbcMeta(source.url(), login)));
        try (TestNicol nicol = TestNicol.start(
                List.of(source),
                "users: {sam: {password: \"$HASH\", groups: [all]}}\n",
                "grants:\n  - {name: all, tables: [\"crm.**\"], actions: [select, insert, update, delete],"
                        + " raw: [\"*\"], to: {groups: [all]}}\n")) {
            Peer ours = request -> post(nicol, request);
            Peer theirs = request -> JsonService.MAPPER.readValue(
                    reference.apply(JsonService.MAPPER.writeValueAsString(request)), Service.Response.class);
            new Conversation(ours, "crm", theirs, null).all();
        }
        assertThat(differing)
                .allMatch(path -> WireDifferences.JUSTIFIED.stream().anyMatch(known -> path.matches(known.paths())));
        assertThat(WireDifferences.JUSTIFIED)
                .allMatch(known -> differing.stream().anyMatch(path -> path.matches(known.paths())));
    }

    private Service.Response post(TestNicol nicol, Service.Request request) throws Exception {
        String credentials =
                Base64.getEncoder().encodeToString(("sam:" + TestNicol.PASSWORD).getBytes(StandardCharsets.UTF_8));
        HttpRequest post = HttpRequest.newBuilder(URI.create(nicol.url()))
                .header("Authorization", "Basic " + credentials)
                .POST(HttpRequest.BodyPublishers.ofString(JsonService.MAPPER.writeValueAsString(request)))
                .build();
        return JsonService.MAPPER.readValue(
                http.send(post, HttpResponse.BodyHandlers.ofString()).body(), Service.Response.class);
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
            metadata();
            both("commit", new Service.CommitRequest(ID));
            both("rollback", new Service.RollbackRequest(ID));
            both("closeConnection", new Service.CloseConnectionRequest(ID));
        }

        private Service.Response sync(Peer peer, @Nullable String catalog) throws Exception {
            return peer.send(new Service.ConnectionSyncRequest(
                    ID, new ConnectionPropertiesImpl(false, false, null, catalog, "public")));
        }

        private void statements() throws Exception {
            Service.CreateStatementRequest create = new Service.CreateStatementRequest(ID);
            int our = ((Service.CreateStatementResponse) ours.send(create)).statementId;
            int their = ((Service.CreateStatementResponse) theirs.send(create)).statementId;
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
            Service.PrepareResponse our = (Service.PrepareResponse) ours.send(prepare);
            Service.PrepareResponse their = (Service.PrepareResponse) theirs.send(prepare);
            compare("prepare", our, their);
            List<TypedValue> one = List.of(TypedValue.ofLocal(Rep.INTEGER, 1));
            compare(
                    "execute",
                    ours.send(new Service.ExecuteRequest(our.statement, one, 100)),
                    theirs.send(new Service.ExecuteRequest(their.statement, one, 100)));
        }

        private void batches() throws Exception {
            Service.CreateStatementRequest create = new Service.CreateStatementRequest(ID);
            int our = ((Service.CreateStatementResponse) ours.send(create)).statementId;
            int their = ((Service.CreateStatementResponse) theirs.send(create)).statementId;
            List<String> commands =
                    List.of("INSERT INTO compared (id) VALUES (8)", "DELETE FROM compared WHERE id = 9");
            compare(
                    "prepareAndExecuteBatch",
                    undone(ours, new Service.PrepareAndExecuteBatchRequest(ID, our, commands)),
                    undone(theirs, new Service.PrepareAndExecuteBatchRequest(ID, their, commands)));
            Service.PrepareRequest prepare = new Service.PrepareRequest(ID, "INSERT INTO compared (id) VALUES (?)", -1);
            int ourInsert = ((Service.PrepareResponse) ours.send(prepare)).statement.id;
            int theirInsert = ((Service.PrepareResponse) theirs.send(prepare)).statement.id;
            List<List<TypedValue>> values =
                    List.of(List.of(TypedValue.ofLocal(Rep.INTEGER, 11)), List.of(TypedValue.ofLocal(Rep.INTEGER, 12)));
            compare(
                    "executeBatch",
                    undone(ours, new Service.ExecuteBatchRequest(ID, ourInsert, values)),
                    undone(theirs, new Service.ExecuteBatchRequest(ID, theirInsert, values)));
        }

        /** Before the other one writes: it would wait for the rows of this one. */
        private Service.Response undone(Peer peer, Service.Request request) throws Exception {
            Service.Response answer = peer.send(request);
            peer.send(new Service.RollbackRequest(ID));
            return answer;
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
    private void compare(String name, Service.Response ours, Service.Response theirs) {
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

    private static Map<String, List<String>> flat(Service.Response response) {
        Map<String, List<String>> flat = new TreeMap<>();
        flatten("", JsonService.MAPPER.valueToTree(response), flat);
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
