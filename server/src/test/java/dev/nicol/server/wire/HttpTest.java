package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.server.config.NicolConfig;
import dev.nicol.server.config.NicolConfig.Endpoint.Gzip;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.apache.calcite.avatica.AvaticaClientRuntimeException;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What HTTP does around requests: connections that are kept, challenges, compression. */
class HttpTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final int STATEMENTS = 50;

    private static WireFixture wire(Gzip gzip) {
        WireFixture wire = new WireFixture(WireLimits.DEFAULT, gzip);
        wire.statements.rows("select many", Rows.row("n", Rows.type(SqlTypeName.BIGINT)), Rows.generated(100_000, n ->
                new Object[] {n}));
        wire.statements.rows("select one", Rows.row("n", Rows.type(SqlTypeName.BIGINT)), Rows.of(new Object[] {1L}));
        return wire;
    }

    private static double metric(WireFixture wire, String name) throws Exception {
        HttpRequest get = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + wire.endpoint.port() + "/metrics"))
                .build();
        String page = HTTP.send(get, HttpResponse.BodyHandlers.ofString()).body();
        Matcher line = Pattern.compile("(?m)^" + name + " (\\S+)$").matcher(page);
        assertThat(line.find()).as(page).isTrue();
        return Double.parseDouble(line.group(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"BASIC", "BEARER"})
    void theStockDriverKeepsItsHttpConnectionAndLogsInOnce(String authentication) throws Exception {
        try (WireFixture wire = wire(Gzip.REMOTE)) {
            metric(wire, "nicol_wire_http_opened_total"); // this client's own connection is there from here on
            double opened = metric(wire, "nicol_wire_http_opened_total");
            Properties properties = new Properties();
            properties.put("avatica_user", "alice");
            properties.put("avatica_password", "wonderland");
            properties.put("authentication", authentication);
            properties.put("bearer_token", "token-of-alice");
            String url = "jdbc:avatica:remote:url=http://127.0.0.1:" + wire.endpoint.port() + "/";
            try (Connection connection = DriverManager.getConnection(url, properties)) {
                for (int i = 0; i < STATEMENTS; i++) {
                    try (Statement statement = connection.createStatement();
                            ResultSet rows = statement.executeQuery("select one")) {
                        assertThat(rows.next()).isTrue();
                    }
                }
            }
            assertThat(metric(wire, "nicol_wire_http_opened_total") - opened).isEqualTo(1);
            assertThat(metric(wire, "nicol_wire_challenges_total")).isEqualTo(1);
        }
    }

    private static HttpResponse<byte[]> answer(WireFixture wire, String sql, String encoding) throws Exception {
        String id = "raw" + System.nanoTime();
        RawClient.post(wire, "{\"request\":\"openConnection\",\"connectionId\":\"" + id + "\"}");
        RawClient.post(wire, "{\"request\":\"createStatement\",\"connectionId\":\"" + id + "\"}");
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + wire.endpoint.port() + "/"))
                .header("Authorization", WireFixture.basic("alice", "wonderland"))
                .header("Accept-Encoding", encoding)
                .POST(HttpRequest.BodyPublishers.ofString("{\"request\":\"prepareAndExecute\",\"connectionId\":\"" + id
                        + "\",\"statementId\":1,\"sql\":\"" + sql + "\",\"maxRowCount\":-1}"))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofByteArray());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ALWAYS | select many | gzip               | true",
                "ALWAYS | select many | x, GZIP;q=0.5, br  | true",
                "ALWAYS | select many | gzip;q=0           | false",
                "ALWAYS | select many | deflate            | false",
                "ALWAYS | select one  | gzip               | false",
                "NEVER  | select many | gzip               | false",
                "REMOTE | select many | gzip               | false", // this client is on the server's machine
            })
    void largeAnswersAreCompressedWhereAClientAsksAndGains(Gzip gzip, String sql, String encoding, boolean compressed)
            throws Exception {
        try (WireFixture wire = wire(gzip)) {
            HttpResponse<byte[]> response = answer(wire, sql, encoding);
            assertThat(response.headers().firstValue("Content-Encoding").isPresent())
                    .isEqualTo(compressed);
            byte[] body = response.body();
            byte[] plain = compressed ? new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes() : body;
            assertThat(new String(plain, StandardCharsets.UTF_8))
                    .startsWith("{\"response\":\"executeResults\"")
                    .endsWith("}");
            assertThat(body.length <= plain.length / 2).isEqualTo(compressed);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void theStockDriverReadsCompressedAnswers(String format) throws SQLException {
        try (WireFixture wire = wire(Gzip.ALWAYS);
                Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select many")) {
            for (long n = 0; n < 100_000; n++) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getLong(1)).isEqualTo(n);
            }
            assertThat(rows.next()).isFalse();
        }
    }

    @Test
    void aServerThatStartsLivesAndSaysSo() throws Exception {
        PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        NicolConfig.Endpoint free =
                new NicolConfig.Endpoint("nicol", "127.0.0.1", 0, null, false, 10 << 20, Gzip.NEVER, false);
        try (WireFixture other = wire(Gzip.NEVER);
                HttpEndpoint starting =
                        new HttpEndpoint(free, other.trail(), metrics, WireLimits.DEFAULT, other.clock)) {
            starting.start();
            String url = "http://127.0.0.1:" + starting.port() + "/";
            assertThat(get(url + "health/live").statusCode()).isEqualTo(200);
            assertThat(get(url + "health/ready").statusCode()).isEqualTo(503);
            assertThat(get(url + "health/ready").body()).contains("starting");
            for (String format : new String[] {"json", "protobuf"}) {
                assertThatThrownBy(() -> DriverManager.getConnection(
                                "jdbc:avatica:remote:url=" + url + ";serialization=" + format, "alice", "wonderland"))
                        .isInstanceOfSatisfying(
                                AvaticaClientRuntimeException.class,
                                refused -> assertThat(refused.getSqlState()).isEqualTo("53300"))
                        .hasMessageContaining("The server is starting");
            }
        }
    }

    private static HttpResponse<String> get(String url) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void noEncodingIsAskedForIsNoEncoding() throws Exception {
        try (WireFixture wire = wire(Gzip.ALWAYS)) {
            assertThat(answer(wire, "select many", "identity").headers().firstValue("Content-Encoding"))
                    .isEmpty();
        }
    }
}
