package dev.nicol.server.wire;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import org.apache.calcite.avatica.AvaticaConnection;

/** Alice without a driver. */
final class RawClient {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private RawClient() {}

    static String post(WireFixture wire, String json) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + wire.endpoint.port() + "/"))
                .header("Authorization", WireFixture.basic("alice", "wonderland"))
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    static String closeStatement(WireFixture wire, Connection connection, int statementId) throws Exception {
        String id = connection.unwrap(AvaticaConnection.class).id;
        return post(
                wire,
                "{\"request\":\"closeStatement\",\"connectionId\":\"" + id + "\",\"statementId\":" + statementId + "}");
    }
}
