package dev.nicol.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.policy.ProblemsException;
import dev.nicol.server.delivery.HookEvent;
import dev.nicol.server.delivery.SinkSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SinksReaderTest {
    private static final Map<String, String> ENVIRONMENT = Map.of("SECRET", "s3cret", "BROKEN", "s3cret\nX-Header: 1");

    @TempDir
    Path directory;

    @BeforeEach
    void filesThatTheConfigurationNames() throws IOException {
        Files.createDirectory(directory.resolve("policies"));
        Files.createFile(directory.resolve("users.yaml"));
    }

    private NicolConfig read(String content) throws IOException {
        Path file = directory.resolve("nicol.yaml");
        Files.writeString(file, "identity: {users: users.yaml}\n" + content);
        return ConfigReader.read(file, ENVIRONMENT::get);
    }

    private List<String> problems(String content) throws IOException {
        try {
            read(content);
            return List.of();
        } catch (ProblemsException e) {
            return e.problems().stream()
                    .map(problem -> problem.toString().replace(directory + "/", ""))
                    .toList();
        }
    }

    @Test
    void readsEveryKey() throws IOException {
        NicolConfig config = read("""
                audit:
                  sinks:
                    - {name: siem, kind: file, path: out/audit.jsonl, from: now, hold_back: 90d, timeout_s: 3}
                    - {kind: syslog, host: logs, port: 601, protocol: udp, facility: local7}
                    - {kind: webhook, url: "https://siem/in?token=s3cret", secret: "${SECRET}"}
                lineage:
                  openlineage: {url: "http://marquez:5000", namespace: eu, api_key: "${SECRET}", sql: true, from: start}
                """);
        Duration month = Duration.ofDays(30);
        Duration ten = Duration.ofSeconds(10);
        assertThat(config.sinks())
                .containsExactly(
                        new SinkSettings(
                                "siem",
                                new SinkSettings.ToFile(directory.resolve("out/audit.jsonl")),
                                true,
                                Duration.ofDays(90),
                                Duration.ofSeconds(3)),
                        new SinkSettings(
                                "syslog",
                                new SinkSettings.ToSyslog("logs", 601, SinkSettings.Protocol.UDP, 23),
                                false,
                                month,
                                ten),
                        new SinkSettings(
                                "webhook",
                                new SinkSettings.ToWebhook(URI.create("https://siem/in?token=s3cret"), "s3cret"),
                                false,
                                month,
                                ten),
                        new SinkSettings(
                                "openlineage",
                                new SinkSettings.ToOpenLineage(
                                        URI.create("http://marquez:5000"), null, "eu", "s3cret", true),
                                false,
                                month,
                                ten));
        assertThat(config.toString()).doesNotContain("s3cret");
        assertThat(read("audit: {sinks: [{kind: syslog, host: logs}]}").sinks())
                .extracting(SinkSettings::target)
                .containsExactly(new SinkSettings.ToSyslog("logs", 514, SinkSettings.Protocol.TCP, 13));
    }

    @Test
    void tellsAllProblemsAtOnceWithTheirLines() throws IOException {
        assertThat(problems("""
                        audit:
                          sinks:
                            - {kind: files, path: x}
                            - {kind: file, pth: x}
                            - {kind: syslog, host: h, port: 0, protocol: tls, facility: local8}
                            - {kind: syslog, host: i}
                            - {name: "Not A Name", kind: webhook, url: "http://u:s3cret@h/x"}
                            - {name: openlineage, kind: webhook, url: "http://h/x", secret: "${BROKEN}"}
                            - file
                            - {name: a, kind: file, path: x, hold_back: ever, timeout_s: 601, from: middle}
                            - {name: b, kind: syslog, host: j}
                            - {name: c, kind: syslog, host: j, protocol: tcp, port: 514}
                        lineage:
                          openlineag: {}
                          openlineage: {url: "ftp://s3cret", file: x, api_key: "${BROKEN}", sql: maybe}
                        """))
                .containsExactly(
                        "nicol.yaml:4: `kind` cannot be `files` — use one of file, syslog, webhook",
                        "nicol.yaml:5: unknown key `pth` — did you mean `path`?",
                        "nicol.yaml:5: `path` is missing — add it",
                        "nicol.yaml:6: `protocol` cannot be `tls` — use one of tcp, udp",
                        "nicol.yaml:6: `facility` cannot be `local8` — use one of kern, user, mail, daemon, auth, syslog,"
                                + " lpr, news, uucp, cron, authpriv, ftp, ntp, audit, alert, clock, local0, local1,"
                                + " local2, local3, local4, local5, local6, local7",
                        "nicol.yaml:6: `port` must be a whole number from 1 to 65535, not `0`",
                        "nicol.yaml:7: there is another sink of the name `syslog` — give each a `name` of its own",
                        "nicol.yaml:8: `url` must be a URL that begins with http:// or https://, without a user",
                        "nicol.yaml:8: `name` must have at most 63 lower-case letters, digits, `_` and `-`, and begin with"
                                + " a letter or digit — correct it",
                        "nicol.yaml:9: `secret` must have printable ASCII characters only, and at least one",
                        "nicol.yaml:9: there is another sink of the name `openlineage` — give each a `name` of its own",
                        "nicol.yaml:10: an entry of `sinks` must be a map such as `{kind: file, path: audit.jsonl}`",
                        "nicol.yaml:11: `from` cannot be `middle` — use one of start, now",
                        "nicol.yaml:11: `hold_back` must be a time span such as `30s`, `4h` or `400d`, not `ever`",
                        "nicol.yaml:11: `timeout_s` must be a whole number from 1 to 600, not `601`",
                        "nicol.yaml:13: there is another sink to the same place — remove one of them",
                        "nicol.yaml:15: unknown key `openlineag` — did you mean `openlineage`?",
                        "nicol.yaml:16: `url` must be a URL that begins with http:// or https://, without a user",
                        "nicol.yaml:16: events go to `url` or to `file` — name one of them");
    }

    @Test
    void webhooksAreSinksThatBeginNowAndHoldNothingBack() throws IOException {
        NicolConfig config = read("""
                webhooks:
                  - {url: "https://bot/in?token=s3cret", secret: "${SECRET}", events: [approval.requested, statement.denied]}
                  - {name: ops, url: "http://ops/", events: [approval.break_glass], hold_back: 7d, timeout_s: 3}
                  - {url: "http://ops/", events: [approval.expired]}
                """);
        assertThat(config.sinks())
                .containsExactly(
                        new SinkSettings(
                                "webhook-1",
                                new SinkSettings.ToHook(
                                        URI.create("https://bot/in?token=s3cret"),
                                        "s3cret",
                                        Set.of(HookEvent.APPROVAL_REQUESTED, HookEvent.STATEMENT_DENIED)),
                                true,
                                Duration.ZERO,
                                Duration.ofSeconds(10)),
                        new SinkSettings(
                                "ops",
                                new SinkSettings.ToHook(
                                        URI.create("http://ops/"), null, Set.of(HookEvent.APPROVAL_BREAK_GLASS)),
                                true,
                                Duration.ofDays(7),
                                Duration.ofSeconds(3)),
                        new SinkSettings(
                                "webhook-3",
                                new SinkSettings.ToHook(
                                        URI.create("http://ops/"), null, Set.of(HookEvent.APPROVAL_EXPIRED)),
                                true,
                                Duration.ZERO,
                                Duration.ofSeconds(10)));
        assertThat(config.toString()).doesNotContain("s3cret").contains("approval.requested");
    }

    @Test
    void tellsAllProblemsOfWebhooks() throws IOException {
        assertThat(problems("""
                        audit: {sinks: [{name: webhook-2, kind: file, path: x}]}
                        webhooks:
                          - {url: "http://h/s3cret", event: [approval.requested]}
                          - {url: "http://h/s3cret", secret: "${BROKEN}", events: [approval.requested]}
                          - {name: Bot, url: "http://i/", events: [], from: start}
                        """))
                .containsExactly(
                        "nicol.yaml:4: unknown key `event` — did you mean `events`?",
                        "nicol.yaml:4: `events` is missing — add it",
                        "nicol.yaml:5: `secret` must have printable ASCII characters only, and at least one",
                        "nicol.yaml:5: there is another sink of the name `webhook-2` — give each a `name` of its own",
                        "nicol.yaml:6: unknown key `from` — known here: url, secret, events, name, hold_back,"
                                + " timeout_s",
                        "nicol.yaml:6: `events` is an empty list — name at least one, or remove the key",
                        "nicol.yaml:6: `name` must have at most 63 lower-case letters, digits, `_` and `-`, and begin with"
                                + " a letter or digit — correct it");
    }
}
