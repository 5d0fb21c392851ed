package dev.nicol.server;

import static dev.nicol.server.testing.TestCertificates.PASSWORD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.InsistingKeys;
import dev.nicol.server.testing.TestCertificates;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Properties;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A server that speaks TLS and knows clients by their certificates, and what the stock driver makes of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TlsTest {
    private static final String WHO = "SELECT CURRENT_USER FROM h2.public.t";

    private final TestCertificates made = new TestCertificates();
    private Path keystore = Path.of("");
    private Path truststore = Path.of("");
    private Path clientTrust = Path.of("");
    private TestNicol nicol;

    @BeforeAll
    void start() throws Exception {
        made.authority("ca").authority("stranger");
        made.signed("server", "ca", "CN=localhost", "-ext", "san=dns:localhost,ip:127.0.0.1");
        made.signed("renewed", "ca", "CN=localhost, OU=renewed", "-ext", "san=dns:localhost,ip:127.0.0.1");
        made.signed("ann", "ca", "CN=ann, OU=people");
        made.signed("scorer", "ca", "CN=scorer");
        made.signed("nobody", "ca", "CN=nobody");
        made.signed("two", "ca", "CN=ann, CN=audra");
        made.signed("expired", "ca", "CN=ann", "-startdate", "-10d", "-validity", "5");
        made.signed("forged", "stranger", "CN=ann");
        made.make();
        Path served = TestDatabases.directory();
        keystore = made.key("server", served.resolve("keys"), "PKCS12");
        truststore = made.trust("ca", served.resolve("trust"));
        clientTrust = made.trust("ca");
        SourceDefinition h2 = TestDatabases.h2("h2");
        TestDatabases.execute(
                h2.url(),
                "sa",
                "",
                "CREATE TABLE t (id INTEGER)",
                "INSERT INTO t VALUES (1)",
                "CREATE TABLE many AS SELECT x FROM SYSTEM_RANGE(1, 2000)");
        nicol = TestNicol.start(
                List.of(h2),
                """
                users:
                  ann: {password: "$HASH"}
                  audra: {password: "$HASH", roles: [auditor]}
                agents:
                  scorer: {password: "$HASH", purposes: [scoring]}
                """,
                """
                grants:
                  - {name: all, tables: ["h2.**"], actions: [select], to: {users: [ann]}}
                  - {name: agents, tables: ["h2.**"], actions: [select], to: {agents: [scorer]}}
                """,
                "server: {port: 0, tls: {keystore: '" + keystore + "', password: '" + PASSWORD + "', truststore: '"
                        + truststore + "', truststore_password: '" + PASSWORD + "'}}");
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    private URI address() {
        return URI.create(nicol.url().replace("http://127.0.0.1", "https://localhost"));
    }

    private Connection connect(@Nullable String user, @Nullable Path key) throws Exception {
        Properties info = new Properties();
        info.setProperty("authentication", user == null ? "NONE" : "BASIC");
        if (user != null) {
            info.setProperty("avatica_user", user);
            info.setProperty("avatica_password", TestNicol.PASSWORD);
        }
        info.setProperty("purpose", "scoring");
        info.setProperty("truststore", clientTrust.toString());
        info.setProperty("truststore_password", PASSWORD);
        if (key != null) {
            info.setProperty("keystore", key.toString());
            info.setProperty("keystore_password", PASSWORD);
            info.setProperty("key_password", PASSWORD);
        }
        return DriverManager.getConnection("jdbc:avatica:remote:url=" + address(), info);
    }

    private static List<String> rows(Connection connection, String sql) throws SQLException {
        try (connection;
                Statement statement = connection.createStatement()) {
            return TestNicol.rows(statement.executeQuery(sql));
        }
    }

    /** What the trail has of the kind from now on. */
    private List<String> events(String kind) throws Exception {
        return rows(
                connect("audra", null),
                "SELECT user_name, detail FROM nicol.audit.events WHERE kind = '" + kind + "' ORDER BY event_id");
    }

    @Test
    void theStockDriverConnectsWithPasswordsAndWithCertificates() throws Exception {
        assertThat(rows(connect("ann", null), WHO)).containsExactly("ann");
        assertThat(rows(connect(null, made.key("ann")), WHO)).containsExactly("ann");
        assertThat(rows(connect("ann", made.key("ann")), WHO)).containsExactly("ann");
        assertThat(rows(connect(null, made.key("scorer")), WHO)).containsExactly("scorer");
        assertThat(rows(
                        connect("audra", null),
                        "SELECT DISTINCT agent FROM nicol.audit.statements WHERE user_name = 'scorer'"))
                .containsExactly("scorer");
    }

    @Test
    void aCertificateThatNamesNobodyOrAnotherIsRefusedAndRecorded() throws Exception {
        for (String alias : List.of("nobody", "two")) {
            assertThatThrownBy(() -> connect(null, made.key(alias)).close())
                    .as(alias)
                    .hasMessageContaining("credentials are not valid");
        }
        // not by the driver, which may have a connection without the certificate from another test
        assertThat(post(context(made.key("ann")), basic("audra")).body()).contains("credentials are not valid");

        assertThat(events("login_failed"))
                .contains(
                        "|from 127.0.0.1 with the certificate of `CN=nobody`: the certificate names nobody who is known here",
                        "|from 127.0.0.1 with the certificate of `CN=ann,CN=audra`: the certificate names nobody, or several",
                        "audra|from 127.0.0.1 with the certificate of `CN=ann,OU=people`: the certificate names another than the credentials do");
    }

    @Test
    void aCertificateOfAnotherAuthorityOrThatExpiredEndsTheHandshakeAndIsRecorded() throws Exception {
        for (String alias : List.of("forged", "expired")) {
            int before = events("login_failed").size();
            // not by the driver, which tries again and again
            assertThatThrownBy(() -> post(context(made.key(alias)), null))
                    .as(alias)
                    .isInstanceOf(IOException.class);
            await().untilAsserted(() -> assertThat(events("login_failed").subList(before, before + 1))
                    .containsExactly("|from 127.0.0.1: a certificate that is not accepted"));
        }
    }

    @Test
    void withoutCredentialsThereIsAChallengeAndHealthIsOpen() throws Exception {
        assertThat(post(context(null), null).statusCode()).isEqualTo(401);
        HttpClient client = HttpClient.newBuilder().sslContext(context(null)).build();
        HttpRequest health =
                HttpRequest.newBuilder(address().resolve("/health/ready")).build();
        assertThat(client.send(health, HttpResponse.BodyHandlers.ofString()).body())
                .isEqualTo("ready\n");
    }

    @Test
    void nobodyBelievesAnAddressThatAClientWrites() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(address())
                .header("Authorization", basic("eve"))
                .header("X-Forwarded-For", "10.9.8.7")
                .header("Forwarded", "for=10.9.8.7")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
        HttpClient client = HttpClient.newBuilder().sslContext(context(null)).build();
        assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).body())
                .contains("28000");
        assertThat(events("login_failed")).contains("eve|from 127.0.0.1: wrong user name or password");
    }

    @Test
    void oldProtocolsAndWeakCiphersAreNotSpoken() throws Exception {
        for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
            assertThat(handshake(protocol)).as(protocol).startsWith("TLS_").matches(".*(GCM|CHACHA20).*");
        }
        assertThat(opening(0x0302)).as("a hello of TLS 1.1").isEqualTo(ALERT_PROTOCOL_VERSION);
        assertThat(opening(0x0301)).as("a hello of TLS 1.0").isEqualTo(ALERT_PROTOCOL_VERSION);
    }

    @Test
    void plainHttpToThePortIsToldToUseTls() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(nicol.url()))
                .header("Authorization", basic("ann"))
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).isEqualTo("This port speaks TLS. Connect with https://.\n");
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), address().getPort())) {
            socket.getOutputStream()
                    .write("GET https://localhost/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 400");
        }
        assertThatThrownBy(() -> nicol.connect("ann")).hasMessageContaining("400");
    }

    @Test
    void aNewKeyIsTakenAndABrokenOneIsNotWhileConnectionsStayOpen() throws Exception {
        try (Connection open = connect("ann", null);
                Statement statement = open.createStatement()) {
            assertThat(certificate()).isEqualTo("CN=localhost");
            made.key("renewed", keystore, "JKS");
            await().untilAsserted(() -> assertThat(certificate()).isEqualTo("CN=localhost,OU=renewed"));

            Files.writeString(keystore, "no key store");
            await().untilAsserted(() -> assertThat(events("tls_load_failed"))
                    .anyMatch(event -> event.startsWith("nicol|[" + keystore + ": is no key store")
                            || event.startsWith("nicol|[" + keystore + ": cannot be read")));
            assertThat(certificate()).isEqualTo("CN=localhost,OU=renewed");
            assertThat(events("tls_load")).contains("nicol|in force for new connections");
            assertThat(TestNicol.rows(statement.executeQuery(WHO))).containsExactly("ann");

            made.key("server", keystore, "PKCS12");
            await().untilAsserted(() -> assertThat(certificate()).isEqualTo("CN=localhost"));
        }
    }

    @Test
    void whomTheServerTrustsNoMoreIsRefusedOnOpenConnectionsToo() throws Exception {
        try (SSLSocket open = socket(context(made.key("ann")))) {
            assertThat(exchange(open)).contains("closeConnection");
            int before = events("tls_load").size();
            made.trust("stranger", truststore);
            await().until(() -> events("tls_load").size() > before);
            assertThat(exchange(open)).contains("28000");
            assertThat(rows(connect("ann", null), WHO)).containsExactly("ann");
        } finally {
            made.trust("ca", truststore);
            await().until(() -> accepts(made.key("ann")));
        }
    }

    private boolean accepts(Path key) throws Exception {
        try (SSLSocket socket = socket(context(key))) {
            return exchange(socket).contains("closeConnection");
        } catch (IOException refused) {
            return false;
        }
    }

    @Test
    void aClientThatGoesAwayEndsWhatItAsked() throws Exception {
        String endless =
                "SELECT COUNT(*) FROM h2.PUBLIC.many a, h2.PUBLIC.many b, h2.PUBLIC.many c WHERE a.x + b.x + c.x = -1";
        String recorded = "SELECT outcome FROM nicol.audit.statements WHERE sql_text = '" + endless + "'";
        String connection = ",\"connectionId\":\"goes\"";
        try (SSLSocket socket = socket(context(made.key("ann")))) {
            exchange(socket, "{\"request\":\"openConnection\"" + connection + "}");
            exchange(socket, "{\"request\":\"createStatement\"" + connection + "}");
            send(
                    socket,
                    "{\"request\":\"prepareAndExecute\",\"statementId\":1,\"maxRowCount\":-1,\"sql\":\"" + endless
                            + "\"" + connection + "}");
            await().until(() -> rows(connect("audra", null), recorded).equals(List.of("running")));
        }
        await().atMost(Duration.ofSeconds(20))
                .until(() -> rows(connect("audra", null), recorded).equals(List.of("cancelled")));
    }

    /** One request without credentials but the certificate, on this very connection. */
    private static String exchange(SSLSocket socket) throws IOException {
        return exchange(socket, "{\"request\":\"closeConnection\",\"connectionId\":\"none\"}");
    }

    private static void send(SSLSocket socket, String body) throws IOException {
        String request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    }

    private static String exchange(SSLSocket socket, String body) throws IOException {
        send(socket, body);
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int read = socket.getInputStream().read();
            if (read < 0) {
                throw new IOException("closed after " + head);
            }
            head.append((char) read);
        }
        String length = head.toString().replaceAll("(?is).*content-length: (\\d+).*", "$1");
        byte[] answer = socket.getInputStream().readNBytes(Integer.parseInt(length));
        return new String(answer, StandardCharsets.UTF_8);
    }

    private static String basic(String user) {
        String plain = user + ":" + TestNicol.PASSWORD;
        return "Basic " + Base64.getEncoder().encodeToString(plain.getBytes(StandardCharsets.UTF_8));
    }

    private HttpResponse<String> post(SSLContext context, @Nullable String authorization) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(address()).POST(HttpRequest.BodyPublishers.ofString("{}"));
        if (authorization != null) {
            request.header("Authorization", authorization);
        }
        return HttpClient.newBuilder()
                .sslContext(context)
                .build()
                .send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** A client that trusts the authority and has that key, or none. */
    private SSLContext context(@Nullable Path key) throws Exception {
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(KeyStore.getInstance(clientTrust.toFile(), PASSWORD.toCharArray()));
        KeyManager @Nullable [] keys = null;
        if (key != null) {
            KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
            factory.init(KeyStore.getInstance(key.toFile(), PASSWORD.toCharArray()), PASSWORD.toCharArray());
            keys = new KeyManager[] {new InsistingKeys((X509ExtendedKeyManager) factory.getKeyManagers()[0])};
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, trust.getTrustManagers(), null);
        return context;
    }

    private SSLSocket socket(SSLContext context) throws Exception {
        return (SSLSocket) context.getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), address().getPort());
    }

    private String handshake(String protocol) throws Exception {
        try (SSLSocket socket = socket(context(null))) {
            socket.setEnabledProtocols(new String[] {protocol});
            socket.startHandshake();
            assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
            return socket.getSession().getCipherSuite();
        }
    }

    /** The subject of what the server shows to new connections. */
    private String certificate() throws Exception {
        try (SSLSocket socket = socket(context(null))) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
                    .getSubjectX500Principal()
                    .getName();
        } catch (SSLException failure) {
            return String.valueOf(failure.getMessage());
        }
    }

    private static final String ALERT_PROTOCOL_VERSION = "15 02 46";

    /** What the server answers to a hello of that version, which this JDK would not send any more. */
    private String opening(int version) throws Exception {
        byte high = (byte) (version >> 8);
        byte low = (byte) version;
        byte[] hello = new byte[5 + 4 + 41];
        // a record with a handshake message, a client's hello: version, 32 bytes of chance, no session, one cipher,
        // null
        byte[] head = {22, high, low, 0, 45, 1, 0, 0, 41, high, low};
        System.arraycopy(head, 0, hello, 0, head.length);
        byte[] tail = {0, 0, 2, (byte) 0xC0, 0x09, 1, 0};
        System.arraycopy(tail, 0, hello, hello.length - tail.length, tail.length);
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), address().getPort())) {
            socket.getOutputStream().write(hello);
            byte[] alert = socket.getInputStream().readNBytes(7);
            return String.format("%02x %02x %02x", alert[0], alert[5], alert[6]);
        }
    }
}
