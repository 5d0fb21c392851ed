package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.apache.calcite.avatica.ConnectionPropertiesImpl;
import org.apache.calcite.avatica.Meta;
import org.apache.calcite.avatica.QueryState;
import org.apache.calcite.avatica.remote.MetaDataOperation;
import org.apache.calcite.avatica.remote.ProtobufTranslationImpl;
import org.apache.calcite.avatica.remote.Service;
import org.apache.calcite.avatica.remote.Service.CommitRequest;
import org.apache.calcite.avatica.remote.Service.ConnectionSyncRequest;
import org.apache.calcite.avatica.remote.Service.ConnectionSyncResponse;
import org.apache.calcite.avatica.remote.Service.ExecuteRequest;
import org.apache.calcite.avatica.remote.Service.ExecuteResponse;
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

            SyncResultsResponse keys = (SyncResultsResponse) send(
                    wire,
                    new SyncResultsRequest(
                            "py",
                            prepared.statement.id,
                            new QueryState(MetaDataOperation.GET_PRIMARY_KEYS, "crm", "public", "customers"),
                            0));
            assertThat(keys.moreResults).isFalse();
            assertThat(keys.missingStatement).isFalse();
            assertThat(send(wire, new CommitRequest("py"))).isInstanceOf(Service.CommitResponse.class);
            assertThat(send(wire, new RollbackRequest("py"))).isInstanceOf(Service.RollbackResponse.class);
        }
    }
}
