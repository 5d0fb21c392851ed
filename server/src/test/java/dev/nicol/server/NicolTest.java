package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.policy.ProblemsException;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.StoreSettings;
import dev.nicol.server.config.ConfigReader;
import dev.nicol.server.identity.UsersReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NicolTest {
    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void helpAndVersionAreEverywhere() {
        for (String command : new String[] {
            "",
            "serve",
            "check",
            "demo",
            "hash-password",
            "policy",
            "policy test",
            "audit",
            "audit verify",
            "audit export"
        }) {
            assertThat(run((command + " --help").trim().split(" "))).isZero();
            assertThat(run((command + " --version").trim().split(" "))).isZero();
        }
        assertThat(out.toString()).contains("Usage: nicol serve", "Usage: nicol audit verify", "nicol (");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void aStoreThatIsNotThereIsToldInALine() throws IOException {
        Path config = directory.resolve("nicol.yaml");
        Files.createDirectory(directory.resolve("policies"));
        Files.writeString(directory.resolve("users.yaml"), "users: {}\n");
        Files.writeString(
                config,
                "server: {host: 127.0.0.1, port: 0}\nidentity: {users: users.yaml}\nstore: {url: 'jdbc:h2:file:./none'}\n"
                        + "sources: {}\npolicies: policies/\n");
        for (String[] command : new String[][] {{"audit", "verify"}, {"audit", "export", "--format", "jsonl"}}) {
            err.getBuffer().setLength(0);
            assertThat(run(Stream.concat(Stream.of(command), Stream.of("--config", config.toString()))
                            .toArray(String[]::new)))
                    .isEqualTo(1);
            assertThat(err.toString().lines()).singleElement().asString().contains("none", "Start a server on it once");
        }
    }

    @Test
    void wrongUsageIsTwoAndSaysSo() {
        assertThat(run()).isEqualTo(2);
        assertThat(run("swim")).isEqualTo(2);
        assertThat(run("serve")).isEqualTo(2);
        assertThat(run("audit")).isEqualTo(2);
        assertThat(run("demo", "--kep")).isEqualTo(2);
        assertThat(err.toString())
                .contains("name a command", "swim", "--config", "name one of its commands: verify, export", "--kep");
    }

    @Test
    void checkPrintsEveryProblemOfEveryFile() throws IOException {
        Files.createDirectory(directory.resolve("policies"));
        write("nicol.yaml", "identity: {users: users.yaml}\n");
        write("users.yaml", "users: {a: {password: plain}}\n");
        write("policies/p.yaml", "grants: [{name: g}]\n");

        assertThat(run("check", "--config", path("nicol.yaml"))).isEqualTo(1);
        assertThat(err.toString().lines().map(line -> line.replace(directory + "/", "")))
                .containsExactlyInAnyOrder(
                        "policies/p.yaml:1: `tables` is missing — add it",
                        "policies/p.yaml:1: `actions` is missing — add it",
                        "policies/p.yaml:1: `to` is missing — add it",
                        "users.yaml:1: the `password` of `a` is not an Argon2id hash (`$argon2id$v=19$…`) — make one"
                                + " with `nicol hash-password`");
    }

    @Test
    void checkTellsOfPlacesForRowsThatAreNotThere() throws IOException {
        Files.createDirectory(directory.resolve("policies"));
        write("users.yaml", "users: {}\n");
        write("nicol.yaml", """
                identity: {users: users.yaml}
                sources: {lake: {kind: h2, url: "jdbc:h2:mem:places", environment: development}}
                materialized_views: {lake: NOWHERE}
                """);
        assertThat(run("check", "--config", path("nicol.yaml"))).isEqualTo(1);
        assertThat(err.toString()).contains("materialized_views: source `lake` has no schema `NOWHERE`");
    }

    @Test
    void checkTellsOfSinksThatCannotBeReached() throws IOException {
        Files.createDirectory(directory.resolve("policies"));
        write("users.yaml", "users: {}\n");
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            write("nicol.yaml", """
                    identity: {users: users.yaml}
                    audit:
                      sinks:
                        - {name: there, kind: file, path: audit.jsonl}
                        - {name: nowhere, kind: file, path: no/audit.jsonl}
                        - {name: open, kind: syslog, host: 127.0.0.1, port: LISTENING}
                        - {name: shut, kind: webhook, url: "http://127.0.0.1:CLOSED/token"}
                    lineage: {openlineage: {url: "http://127.0.0.1:CLOSED"}}
                    webhooks: [{url: "http://127.0.0.1:CLOSED/bot", events: [approval.requested]}]
                    """.replace("LISTENING", "" + listening.getLocalPort())
                    .replace("CLOSED", "" + closed));
            assertThat(run("check", "--config", path("nicol.yaml"))).isEqualTo(1);
        }
        assertThat(err.toString().lines().filter(line -> line.contains("sink")))
                .containsExactly(
                        path("nicol.yaml") + ": sink `nowhere` cannot be reached (not_writable) — start it, or correct"
                                + " where it is",
                        path("nicol.yaml") + ": sink `shut` cannot be reached (not_connected) — start it, or correct"
                                + " where it is",
                        path("nicol.yaml")
                                + ": sink `webhook-1` cannot be reached (not_connected) — start it, or correct"
                                + " where it is",
                        path("nicol.yaml") + ": sink `openlineage` cannot be reached (not_connected) — start it, or"
                                + " correct where it is");
        assertThat(directory.resolve("audit.jsonl")).doesNotExist();
    }

    @Test
    void aBrokenConfigurationStartsNothing() throws IOException {
        write("nicol.yaml", "idntity: 1\nserver: 2\n");

        assertThat(run("serve", "--config", path("nicol.yaml"))).isEqualTo(1);
        assertThat(err.toString().lines()).hasSize(4).allSatisfy(line -> assertThat(line)
                .startsWith(path("nicol.yaml") + ":"));
    }

    @Test
    void hashPasswordPrintsWhatTheUsersFileTakes() throws IOException, ProblemsException {
        InputStream before = System.in;
        try {
            System.setIn(new ByteArrayInputStream("wönderland\n".getBytes(StandardCharsets.UTF_8)));
            assertThat(run("hash-password")).isZero();
            System.setIn(new ByteArrayInputStream(new byte[0]));
            assertThat(run("hash-password")).isEqualTo(1);
        } finally {
            System.setIn(before);
        }

        assertThat(err.toString()).contains("a password has from 1 to 1024 characters");
        write("users.yaml", "users: {a: {password: \"" + out.toString().trim() + "\"}}\n");
        UsersReader.check(directory.resolve("users.yaml"));
    }

    private int run(String... arguments) {
        String[] given = arguments.length == 1 && arguments[0].isEmpty() ? new String[0] : arguments;
        return Nicol.run(new PrintWriter(out, true), new PrintWriter(err, true), given);
    }

    private void write(String name, String content) throws IOException {
        Files.writeString(directory.resolve(name), content);
    }

    @Test
    void auditExportWritesTheTrailAndNothingElseToStandardOutput() throws IOException {
        Files.createDirectory(directory.resolve("policies"));
        write("nicol.yaml", "identity: {users: users.yaml}\n");
        write("users.yaml", "users: {}\n");
        StoreSettings settings =
                ConfigReader.read(directory.resolve("nicol.yaml")).storeSettings();
        try (Store store = Store.open(settings);
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.event("login", "alice", "first");
            trail.event("login", "alice", "second");
        }
        assertThat(run("audit", "export", "--config", path("nicol.yaml"), "--format", "jsonl", "--after", "1"))
                .isZero();
        assertThat(out.toString().lines())
                .singleElement()
                .asString()
                .startsWith("{\"server\":\"nicol\",\"event_id\":2,")
                .endsWith("}");
        assertThat(run("audit", "export", "--config", path("nicol.yaml"), "--format", "xml"))
                .isEqualTo(2);
        assertThat(run("audit", "export", "--config", path("nicol.yaml"), "--format", "csv", "--server", "eu-9"))
                .isEqualTo(1);
        assertThat(err.toString()).contains("no chain of a server `eu-9`");
    }

    private String path(String name) {
        return directory.resolve(name).toString();
    }
}
