package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.calcite.avatica.ConnectionPropertiesImpl;
import org.apache.calcite.avatica.Meta;
import org.apache.calcite.avatica.QueryState;
import org.apache.calcite.avatica.remote.MetaDataOperation;
import org.apache.calcite.avatica.remote.ProtobufTranslationImpl;
import org.apache.calcite.avatica.remote.Service;
import org.apache.calcite.avatica.remote.Service.CommitRequest;
import org.apache.calcite.avatica.remote.Service.ConnectionSyncRequest;
import org.apache.calcite.avatica.remote.Service.ConnectionSyncResponse;
import org.apache.calcite.avatica.remote.Service.CreateStatementRequest;
import org.apache.calcite.avatica.remote.Service.CreateStatementResponse;
import org.apache.calcite.avatica.remote.Service.ExecuteRequest;
import org.apache.calcite.avatica.remote.Service.ExecuteResponse;
import org.apache.calcite.avatica.remote.Service.FetchRequest;
import org.apache.calcite.avatica.remote.Service.FetchResponse;
import org.apache.calcite.avatica.remote.Service.OpenConnectionRequest;
import org.apache.calcite.avatica.remote.Service.PrepareAndExecuteRequest;
import org.apache.calcite.avatica.remote.Service.PrepareRequest;
import org.apache.calcite.avatica.remote.Service.PrepareResponse;
import org.apache.calcite.avatica.remote.Service.RollbackRequest;
import org.apache.calcite.avatica.remote.Service.SyncResultsRequest;
import org.apache.calcite.avatica.remote.Service.SyncResultsResponse;
import org.apache.calcite.avatica.remote.TypedValue;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;

/** What python's phoenixdb and Go's client send, request by request, over protobuf. */
class OtherClientsTest {
    private final HttpClient http = HttpClient.newHttpClient();
    private final ProtobufTranslationImpl translation = new ProtobufTranslationImpl();

    private Service.Response send(WireFixture wire, Service.Request request) throws Exception {
        HttpRequest post = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + wire.endpoint.port() + "/"))
                .header("Authorization", WireFixture.basic("alice", "wonderland"))
                .header("Content-Type", "application/x-google-protobuf")
                .header("X-Extra", "python sends its own")
                .POST(HttpRequest.BodyPublishers.ofByteArray(translation.serializeRequest(request)))
                .build();
        return translation.parseResponse(
                http.send(post, HttpResponse.BodyHandlers.ofByteArray()).body());
    }

    @Test
    void phoenixdb() throws Exception {
        try (WireFixture wire = new WireFixture()) {
            wire.statements.rows(
                    "select ?",
                    Rows.row("n", Rows.type(SqlTypeName.BIGINT)),
                    Rows.row("0", Rows.type(SqlTypeName.BIGINT)),
                    Rows.of(new Object[] {1L}));
            wire.statements.rows("select none", Rows.row("n", Rows.type(SqlTypeName.BIGINT)), Rows.of(new Object[0][]));
            send(wire, new OpenConnectionRequest("py", null)); // an empty map arrives as null
            ConnectionSyncResponse synced = (ConnectionSyncResponse) send(
                    wire, new ConnectionSyncRequest("py", new ConnectionPropertiesImpl(false, false, 0, null, null)));
            assertThat(synced.connProps.isAutoCommit()).isFalse();

            PrepareResponse prepared = (PrepareResponse) send(wire, new PrepareRequest("py", "select ?", -1));
            assertThat(prepared.statement.signature.parameters.get(0).typeName).isEqualTo("BIGINT");
            assertThat(prepared.statement.signature.columns.get(0).type.name).isEqualTo("BIGINT");
            ExecuteResponse executed = (ExecuteResponse) send(
                    wire,
                    new ExecuteRequest(
                            prepared.statement,
                            List.of(TypedValue.ofLocal(org.apache.calcite.avatica.ColumnMetaData.Rep.LONG, 7L)),
                            2000));
            assertThat(executed.results.get(0).firstFrame.done).isTrue();
            assertThat(wire.statements.bound).containsExactly(List.of(7L));

            // plain SQL under the id of the statement that was prepared
            ExecuteResponse plain = (ExecuteResponse)
                    send(wire, new PrepareAndExecuteRequest("py", prepared.statement.id, "select none", -1));
            assertThat(plain.missingStatement).isFalse();
            Meta.Frame frame = plain.results.get(0).firstFrame;
            assertThat(frame.rows).isEmpty();
            assertThat(frame.done).isTrue(); // it refuses an empty first frame that says there is more

            assertThat(send(wire, new CommitRequest("py"))).isInstanceOf(Service.CommitResponse.class);
            assertThat(send(wire, new RollbackRequest("py"))).isInstanceOf(Service.RollbackResponse.class);
        }
    }

    /** It asks with a statement that ran nothing, then fetches, and knows the columns itself. */
    @Test
    void phoenixdbAsksForPrimaryKeys() throws Exception {
        try (WireFixture wire = new WireFixture()) {
            send(wire, new OpenConnectionRequest("py", null));
            int id = ((CreateStatementResponse) send(wire, new CreateStatementRequest("py"))).statementId;

            assertThat(asksForKeys(wire, id, null, null, "customers").moreResults)
                    .isTrue();
            FetchResponse fetched = (FetchResponse) send(wire, new FetchRequest("py", id, 0, 2000));
            assertThat(fetched.missingResults || fetched.missingStatement).isFalse();
            assertThat(fetched.frame.done).isTrue();
            assertThat(rows(fetched.frame))
                    .containsExactly(
                            "crm|public|Customers|id|2|customers_pk|null|-5|BIGINT|19|-5|null",
                            "crm|public|Customers|name|1|customers_pk|null|12|VARCHAR|65535|12|null");

            assertThat(asksForKeys(wire, id, "crm", "public", "Customers").moreResults)
                    .isTrue();
            assertThat(asksForKeys(wire, id, "", "public", "Customers").moreResults)
                    .isFalse();
            assertThat(asksForKeys(wire, id, "crm", "public", "Custom%").moreResults)
                    .isFalse();
            assertThat(asksForKeys(wire, id, "crm", "public", "order_items").moreResults)
                    .isFalse();
            assertThat(asksForKeys(wire, id + 1, null, null, "customers").missingStatement)
                    .isTrue();
        }
    }

    private SyncResultsResponse asksForKeys(WireFixture wire, int statement, String... names) throws Exception {
        QueryState state = new QueryState(MetaDataOperation.GET_PRIMARY_KEYS, (Object[]) names);
        return (SyncResultsResponse) send(wire, new SyncResultsRequest("py", statement, state, 0));
    }

    private static List<String> rows(Meta.Frame frame) {
        List<String> rows = new ArrayList<>();
        for (Object row : frame.rows) {
            rows.add(((List<?>) row).stream().map(String::valueOf).collect(Collectors.joining("|")));
        }
        return rows;
    }
}
