package dev.nicol.server.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.audit.ExportFormat;
import dev.nicol.server.audit.StoreSettings;
import dev.nicol.server.audit.TrailExport;
import dev.nicol.server.testing.ChildNicol;
import dev.nicol.server.testing.ExportedChain;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Statements in, lines out: all of them, in order, whatever the receivers do. */
@ParameterizedClass
@EnumSource(TestStore.class)
class DeliveryTest {
    private static final String USERS = """
            users:
              ann: {password: "$HASH", groups: [analysts]}
              olga: {password: "$HASH", roles: [operator]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICIES = """
            grants:
              - {name: analysts, tables: ["crm.**"], actions: [select], to: {groups: [analysts]}}
            """;

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int DEATHS = 1;
    private static final String SECRET = "hook-secret-of-the-siem";

    @Parameter
    TestStore kind;

    private SourceDefinition crm;
    private StoreSettings store;
    private Path out;

    @BeforeEach
    void prepare() {
        // a server that is killed has a process of its own, which no database in memory is in
        crm = TestDatabases.postgres("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(20))",
                "INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob')");
        store = kind.settings(TestDatabases.directory());
        out = TestDatabases.directory();
    }

    private TestNicol start(String sinks) {
        return TestNicol.start(
                List.of(crm), USERS, POLICIES, TestStore.config(store) + "audit: {sinks: [" + sinks + "]}\n");
    }

    private String toFile() {
        return "{name: siem, kind: file, path: '" + out.resolve("audit.jsonl") + "'}";
    }

    /** Runs a statement that can be told from others. */
    private static void run(TestNicol nicol, String mark) throws SQLException {
        nicol.rows("ann", "SELECT name FROM crm.public.customers WHERE name <> '" + mark + "'");
    }

    private static List<String> linesOf(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Of a server that has ended. */
    private List<JsonNode> exported() throws Exception {
        StringWriter text = new StringWriter();
        TrailExport.write(
                store,
                new TrailExport.Part(StoreSettings.DEFAULT_SERVER, 0, null, null),
                ExportFormat.JSONL,
                new PrintWriter(text));
        return ExportedChain.parsed(text.toString().lines().toList());
    }

    /** The received ones are the beginning of the trail, and verify without it. */
    private void isTrail(List<String> received, int atLeast) throws Exception {
        // at least once
        List<JsonNode> rows = ExportedChain.parsed(received.stream().distinct().toList());
        assertThat(rows).hasSizeGreaterThanOrEqualTo(atLeast);
        assertThat(rows).isEqualTo(exported().subList(0, rows.size()));
        ExportedChain.verify(rows);
    }

    private static boolean has(List<String> lines, String mark) {
        return lines.stream().anyMatch(line -> line.contains(mark));
    }

    @Test
    void everyKindOfSinkGetsTheTrail() throws Exception {
        try (Receivers.Http http = new Receivers.Http();
                Receivers.SyslogTcp tcp = new Receivers.SyslogTcp(0);
                Receivers.SyslogUdp udp = new Receivers.SyslogUdp()) {
            Path file = out.resolve("audit.jsonl");
            try (TestNicol nicol = start(toFile() + ", {name: hook, kind: webhook, url: '" + http.url()
                    + "/in', secret: '" + SECRET + "'}, {name: tcp, kind: syslog, host: 127.0.0.1, port: " + tcp.port()
                    + ", facility: local3}, {name: udp, kind: syslog, host: 127.0.0.1, port: " + udp.port()
                    + ", protocol: udp}")) {
                for (int i = 0; i < 20; i++) {
                    run(nicol, "Zoë\\ \u2028<34>1 forged " + i);
                }
                await().atMost(SOON).untilAsserted(() -> assertThat(List.of(
                                has(linesOf(file), "forged 19"),
                                has(http.lines(), "forged 19"),
                                has(tcp.messages, "forged 19"),
                                has(udp.messages, "forged 19")))
                        .containsOnly(true));
            }
            isTrail(linesOf(file), 40);
            isTrail(http.lines(), 40);
            isTrail(bodies(tcp.messages, 19), 40);
            isTrail(bodies(udp.messages, 13), 40);
            http.posted.forEach(DeliveryTest::isBatch);
        }
    }

    private static final String HEAD =
            "<%d>1 \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,6})?Z \\S+ nicol nicol [a-z_]+ - ";

    private static List<String> bodies(List<String> messages, int facility) {
        String head = String.format(HEAD, facility * 8 + 6);
        assertThat(messages).allMatch(message -> message.matches("(?s)" + head + "\\{[ -~]*\\}"));
        return messages.stream().map(message -> message.replaceFirst(head, "")).toList();
    }

    /** By the independent reckoning of a receiver. */
    static boolean isSigned(Receivers.Posted post, String secret) {
        String signature = post.header("Nicol-Signature");
        assertThat(signature).matches("t=\\d+,v1=[0-9a-f]{64}");
        String moment = signature.substring(2, signature.indexOf(','));
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            byte[] expected = mac.doFinal((moment + "." + post.body()).getBytes(StandardCharsets.UTF_8));
            return signature.endsWith(",v1=" + HexFormat.of().formatHex(expected));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void isBatch(Receivers.Posted post) {
        assertThat(isSigned(post, SECRET)).isTrue();
        List<JsonNode> rows = ExportedChain.parsed(post.body().lines().toList());
        assertThat(post.header("Idempotency-Key"))
                .isEqualTo("nicol:" + rows.get(0).get("event_id") + "-"
                        + rows.get(rows.size() - 1).get("event_id"));
        assertThat(post.path()).isEqualTo("/in");
        assertThat(post.header("Content-Type")).isEqualTo("application/x-ndjson");
    }

    @Test
    void aReceiverThatRefusesOrHangsHoldsUpNobodyAndGetsAllOfItLater() throws Exception {
        Path file = out.resolve("audit.jsonl");
        try (Receivers.Http http = new Receivers.Http()) {
            http.mood = Receivers.Mood.REFUSES;
            try (TestNicol nicol = start(toFile() + ", {kind: webhook, url: '" + http.url() + "/', timeout_s: 1}")) {
                run(nicol, "first");
                await().atMost(SOON).until(() -> http.refused >= 2);
                assertThat(sinks(nicol, "audra", "failures > 1 AND behind > 0 AND last_error = 'http_500'"))
                        .containsExactly("webhook");
                run(nicol, "second");
                await().atMost(SOON).until(() -> has(linesOf(file), "second"));
                int before = http.refused;
                http.mood = Receivers.Mood.HANGS;
                await().atMost(SOON).until(() -> http.refused > before);
                run(nicol, "third");
                await().atMost(SOON).until(() -> sinks(nicol, "audra", "last_error = 'timeout'")
                        .equals(List.of("webhook")));
                assertThat(http.posted).isEmpty();
                http.mood = Receivers.Mood.ACCEPTS;
                await().atMost(SOON).until(() -> has(http.lines(), "third"));
                await().atMost(SOON)
                        .until(() -> sinks(nicol, "audra", "failures > 0").isEmpty());
            }
            isTrail(http.lines(), 8);
        }
        assertThat(has(linesOf(file), "secret of the receiver")).isFalse();
    }

    private static List<String> sinks(TestNicol nicol, String user, String where) throws SQLException {
        return nicol.rows(user, "SELECT name FROM nicol.audit.sinks WHERE " + where + " ORDER BY name");
    }

    @Test
    void aReceiverThatIsNotThereAtFirstGetsAllOfItToo() throws Exception {
        int port = Receivers.freePort();
        TestNicol nicol = start("{name: late, kind: syslog, host: 127.0.0.1, port: " + port + "}");
        try (nicol) {
            run(nicol, "early");
            await().atMost(SOON).until(() -> sinks(nicol, "olga", "last_error = 'not_connected'")
                    .equals(List.of("late")));
            assertThat(sinks(nicol, "ann", "TRUE")).isEmpty();
            assertThat(HttpClient.newHttpClient()
                            .send(
                                    HttpRequest.newBuilder(URI.create(nicol.url() + "metrics"))
                                            .build(),
                                    HttpResponse.BodyHandlers.ofString())
                            .body())
                    .containsPattern("nicol_sink_behind\\{sink=\"late\"\\} [1-9]");
        }
        try (Receivers.SyslogTcp tcp = new Receivers.SyslogTcp(port)) {
            try (TestNicol again = TestNicol.startAgain(nicol.directory())) {
                run(again, "later");
                await().atMost(SOON).until(() -> has(tcp.messages, "later"));
            }
            isTrail(bodies(tcp.messages, 13), 4);
        }
    }

    @Test
    void aFileIsGoneOnWithAfterARestartARotationAndACutLine() throws Exception {
        Path file = out.resolve("audit.jsonl");
        Path moved = out.resolve("audit.jsonl.1");
        TestNicol nicol = start(toFile());
        try (nicol) {
            run(nicol, "first");
            await().atMost(SOON)
                    .until(() -> sinks(nicol, "audra", "last_event_id > 3").size() == 1);
            Files.move(file, moved);
            run(nicol, "second");
            await().atMost(SOON).until(() -> has(linesOf(file), "second"));
        }
        Files.writeString(file, "{\"server\":\"nic", StandardOpenOption.APPEND);
        try (TestNicol again = TestNicol.startAgain(nicol.directory())) {
            run(again, "third");
            await().atMost(SOON).until(() -> has(linesOf(file), "third"));
        }
        List<String> lines = new ArrayList<>(linesOf(moved));
        lines.addAll(linesOf(file));
        assertThat(lines.remove("{\"server\":\"nic")).isTrue();
        isTrail(lines, 8);
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-r-----"));
    }

    @Test
    void aSinkThatIsNewBeginsNowWhereItIsToldAndOneThatIsTakenOutGoesOnLater() throws Exception {
        try (TestNicol nicol = start(toFile())) {
            run(nicol, "first");
            await().atMost(SOON).until(() -> has(linesOf(out.resolve("audit.jsonl")), "first"));
        }
        Path now = out.resolve("now.jsonl");
        try (TestNicol nicol = start("{kind: file, from: now, path: '" + now + "'}")) {
            run(nicol, "second");
            await().atMost(SOON).until(() -> has(linesOf(now), "second"));
            assertThat(has(linesOf(now), "first")).isFalse();
            assertThat(sinks(nicol, "audra", "last_error = 'not_configured' AND behind > 0"))
                    .containsExactly("siem");
            assertThat(nicol.rows(
                            "audra",
                            "SELECT kind, detail FROM nicol.audit.events WHERE kind LIKE 'sink%' ORDER BY event_id"))
                    .containsExactly("sink_added|siem, file", "sink_added|file, file", "sink_removed|siem");
        }
        try (TestNicol nicol = start(toFile())) {
            run(nicol, "third");
            await().atMost(SOON).until(() -> has(linesOf(out.resolve("audit.jsonl")), "third"));
        }
        isTrail(linesOf(out.resolve("audit.jsonl")), 10);
    }

    @Test
    void nothingIsLostWhereTheServerIsKilled() throws Exception {
        Path file = out.resolve("audit.jsonl");
        try (ChildNicol nicol = ChildNicol.start(
                "256m",
                List.of(crm),
                USERS,
                POLICIES,
                TestStore.config(store) + "audit: {sinks: [" + toFile() + "]}\n")) {
            for (int round = 0; round < DEATHS; round++) {
                try (Connection connection = nicol.connect("ann", "json");
                        Statement statement = connection.createStatement()) {
                    for (int i = 0; i < 40; i++) {
                        statement
                                .executeQuery("SELECT name FROM crm.public.customers WHERE id = " + i)
                                .close();
                    }
                }
                nicol.kill();
                nicol.start();
            }
            try (Connection connection = nicol.connect("ann", "json");
                    Statement statement = connection.createStatement()) {
                statement
                        .executeQuery("SELECT name AS the_last FROM crm.public.customers")
                        .close();
            }
            await().atMost(SOON).until(() -> has(linesOf(file), "the_last"));
        }
        List<String> whole =
                linesOf(file).stream().filter(line -> line.endsWith("}")).toList();
        isTrail(whole, 80);
    }
}
