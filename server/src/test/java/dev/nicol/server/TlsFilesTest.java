package dev.nicol.server;

import static dev.nicol.server.testing.TestCertificates.PASSWORD;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.config.ConfigReader;
import dev.nicol.server.config.NicolConfig;
import dev.nicol.server.testing.TestCertificates;
import dev.nicol.server.testing.TestNicol;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code nicol check} and a start say of the files for TLS, and of doing without. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TlsFilesTest {
    private static final SourceDefinition SOURCE = TestDatabases.h2("h2");

    private final TestCertificates made = new TestCertificates();
    private final Path directory = TestDatabases.directory();

    @BeforeAll
    void filesAndATable() throws Exception {
        TestDatabases.execute(SOURCE.url(), "sa", "", "CREATE TABLE t (id INTEGER)");
        made.authority("ca");
        made.signed("expired", "ca", "CN=expired", "-startdate", "-10d", "-validity", "5");
        made.signed("future", "ca", "CN=future", "-startdate", "+10d");
        made.signed("soon", "ca", "CN=soon", "-validity", "10");
        made.make();
    }

    private static Path file(String server) {
        return TestNicol.files(
                        List.of(SOURCE),
                        "users: {ann: {password: \"$HASH\"}}\n",
                        "grants:\n  - {name: all, tables: [\"h2.**\"], actions: [select], to: {users: [ann]}}\n",
                        "server: " + server)
                .resolve("nicol.yaml");
    }

    private static NicolConfig config(String server) {
        return ConfigReader.read(file(server));
    }

    private static List<String> problems(Path keystore, String password) {
        return ConfigurationCheck.problems(
                config("{port: 0, tls: {keystore: '" + keystore + "', password: '" + password + "'}}"));
    }

    @Test
    void everyFaultOfAKeystoreIsToldWithItsRemedy() throws Exception {
        Path expired = made.key("expired");
        assertThat(problems(expired, PASSWORD))
                .singleElement()
                .asString()
                .startsWith(expired + ": the certificate of `CN=expired` expired 20")
                .endsWith(" — renew it");
        Path future = made.key("future");
        assertThat(problems(future, PASSWORD))
                .singleElement()
                .asString()
                .startsWith(future + ": the certificate of `CN=future` is not valid before 20")
                .endsWith(" — wait, or correct the clock");
        assertThat(problems(future, "other"))
                .containsExactly(future + ": cannot be opened with this password — correct the password");
        Path trust = made.trust("ca");
        assertThat(problems(trust, PASSWORD))
                .containsExactly(trust + ": has no private key with its certificate — put both into it");
        Path text = Files.writeString(directory.resolve("text"), "-----BEGIN CERTIFICATE-----");
        assertThat(problems(text, PASSWORD)).containsExactly(text + ": is no key store — it must be PKCS#12 or JKS");
        Path other = directory.resolve("other");
        KeyStore store = KeyStore.getInstance("JKS");
        store.load(null, null);
        KeyStore from = KeyStore.getInstance(made.key("soon").toFile(), PASSWORD.toCharArray());
        store.setKeyEntry(
                "soon",
                from.getKey("soon", PASSWORD.toCharArray()),
                "another".toCharArray(),
                from.getCertificateChain("soon"));
        try (OutputStream out = Files.newOutputStream(other)) {
            store.store(out, PASSWORD.toCharArray());
        }
        assertThat(problems(other, PASSWORD))
                .containsExactly(other + ": has a key under another password — give the key the store's own");
    }

    @Test
    void aTruststoreWithoutATrustedCertificateIsRefused() throws Exception {
        Path soon = made.key("soon");
        String tls = "{port: 0, tls: {keystore: '" + soon + "', password: '" + PASSWORD + "', truststore: '" + soon
                + "', truststore_password: '" + PASSWORD + "'}}";
        assertThat(ConfigurationCheck.problems(config(tls)))
                .singleElement()
                .asString()
                .startsWith(soon + ": has no trusted certificate — bring the CA's in with `keytool -importcert`");
        assertThatThrownBy(() -> Server.start(config(tls)).close()).hasMessageContaining("has no trusted certificate");
    }

    @Test
    void aServerThatNeedsCertificatesAnswersNobodyWithout() throws Exception {
        Path soon = made.key("soon");
        String settings = "{port: 0, tls: {keystore: '" + soon + "', password: '" + PASSWORD + "', truststore: '"
                + made.trust("ca") + "', truststore_password: '" + PASSWORD + "', client_auth: need}}";
        try (Server server = Server.start(config(settings))) {
            TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
            trust.init(KeyStore.getInstance(made.trust("ca").toFile(), PASSWORD.toCharArray()));
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            try (SSLSocket socket = (SSLSocket)
                    context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), server.port())) {
                // the server may have hung up before the request is written
                assertThatThrownBy(() -> {
                            socket.getOutputStream()
                                    .write("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
                            socket.getInputStream().read();
                        })
                        .isInstanceOfAny(SSLException.class, SocketException.class);
            }
        }
    }

    @Test
    void aCertificateThatEndsSoonIsAWarningAndNoProblem() throws Exception {
        Path soon = made.key("soon");
        Path file = file("{port: 0, tls: {keystore: '" + soon + "', password: '" + PASSWORD + "'}}");
        StringWriter errors = new StringWriter();
        int code = Nicol.run(
                new PrintWriter(new StringWriter()), new PrintWriter(errors), "check", "--config", file.toString());
        assertThat(code).isZero();
        assertThat(errors.toString())
                .startsWith("warning: " + soon + ": the certificate of `CN=soon` is valid until 20")
                .contains(" only — renew it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "'::'", "192.0.2.1", "no-such-host.invalid"})
    void plainHttpBeyondThisMachineIsRefusedUnlessToldSo(String host) {
        NicolConfig refused = config("{port: 0, host: " + host + "}");
        assertThat(ConfigurationCheck.unsupported(refused))
                .singleElement()
                .asString()
                .contains("`server.host` is `" + host.replace("'", "") + "`", "say `server.plain_http: allow`");
        assertThatThrownBy(() -> Server.start(refused).close()).hasMessageContaining("travel in the clear");

        NicolConfig allowed = config("{port: 0, host: " + host + ", plain_http: allow}");
        assertThat(ConfigurationCheck.unsupported(allowed)).isEmpty();
        assertThat(ConfigurationCheck.warnings(allowed))
                .singleElement()
                .asString()
                .contains("passwords and rows travel in the clear");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.9.9.9", "'::1'", "localhost"})
    void plainHttpOnThisMachineIsServed(String host) {
        NicolConfig config = config("{port: 0, host: " + host + "}");
        assertThat(ConfigurationCheck.unsupported(config)).isEmpty();
        assertThat(ConfigurationCheck.warnings(config)).isEmpty();
    }
}
