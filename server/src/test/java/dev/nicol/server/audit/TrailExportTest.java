package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nicol.server.testing.ExportedChain;
import dev.nicol.server.testing.SetClock;
import dev.nicol.server.testing.TestStore;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What is exported can be verified by whoever has nothing else. */
@ParameterizedClass
@EnumSource(TestStore.class)
class TrailExportTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Parameter
    TestStore kind;

    @TempDir
    Path directory;

    private final SetClock clock = new SetClock();

    private static TrailExport.Part all() {
        return part(0, null, null);
    }

    private static TrailExport.Part part(long after, @Nullable Instant from, @Nullable Instant to) {
        return new TrailExport.Part(StoreSettings.DEFAULT_SERVER, after, from, to);
    }

    private String export(TrailExport.Part part, ExportFormat format) throws Exception {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        TrailExport.write(kind.settings(directory), part, format, out);
        return text.toString();
    }

    private List<JsonNode> jsonLines(TrailExport.Part part) throws Exception {
        List<JsonNode> rows = new ArrayList<>();
        for (String line : export(part, ExportFormat.JSONL).split("\n", -1)) {
            if (!line.isEmpty()) {
                rows.add(JSON.readTree(line));
            }
        }
        return rows;
    }

    @Test
    void theRowsAreTheChain() throws Exception {
        try (Store store = Store.open(kind.settings(directory))) {
            AuditVerifierTest.fill(store);
            try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
                // more than are read at once
                for (int i = 0; i < 250; i++) {
                    trail.event("login", "zoë", "line\nend \"" + i + "\"");
                }
            }
        }
        List<JsonNode> rows = jsonLines(all());
        assertThat(rows).hasSize(257);
        for (int i = 0; i < rows.size(); i++) {
            assertThat(rows.get(i).get("event_id").asLong()).isEqualTo(i + 1);
        }
        ExportedChain.verify(rows);
        assertThat(rows.get(0).get("previous_hash").asText()).isEqualTo("0".repeat(64));
        assertThat(rows.get(0).get("kind").asText()).isEqualTo("login");
        assertThat(rows.get(0).has("statement_id")).isFalse();
        assertThat(rows.get(1).get("statement_id").asText()).isEqualTo(AuditVerifierTest.FIRST);
        assertThat(rows.get(256).get("detail").asText()).isEqualTo("line\nend \"249\"");
        assertThat(JSON.readTree(rows.get(1).get("payload").asText())
                        .at("/intent/sql")
                        .asText())
                .isEqualTo("SELECT email FROM crm.public.customers WHERE region = 'EU'");

        List<JsonNode> rest = jsonLines(part(255, null, null));
        ExportedChain.verify(rest);
        assertThat(rest).hasSize(2).isEqualTo(rows.subList(255, 257));
    }

    @Test
    void csvIsQuotedAndNoFormula() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock)) {
            trail.event("login_failed", "=HYPERLINK(\"http://x\")", "a,b\r\n\"c\"");
            trail.event("login", "-1+1", "");
        }
        String text = export(all(), ExportFormat.CSV);
        List<JsonNode> rows = jsonLines(all());
        StringBuilder expected = new StringBuilder(
                "server,event_id,occurred_at,kind,user_name,detail,statement_id,format_version,previous_hash,hash,payload\r\n");
        expected.append("\"nicol\",\"1\",\"2026-01-01T00:00:00Z\",\"login_failed\",")
                .append("\"'=HYPERLINK(\"\"http://x\"\")\",\"a,b\r\n\"\"c\"\"\",,\"2\",\"")
                .append("0".repeat(64))
                .append("\",\"")
                .append(rows.get(0).get("hash").asText())
                .append("\",\"{\"\"kind\"\":\"\"login_failed\"\",\"\"occurred_at\"\":\"\"2026-01-01T00:00:00Z\"\",")
                .append("\"\"user_name\"\":\"\"=HYPERLINK(\\\"\"http://x\\\"\")\"\",")
                .append("\"\"detail\"\":\"\"a,b\\r\\n\\\"\"c\\\"\"\"\"}\"\r\n");
        expected.append("\"nicol\",\"2\",\"2026-01-01T00:00:00Z\",\"login\",\"'-1+1\",\"\",,\"2\",\"")
                .append(rows.get(0).get("hash").asText())
                .append("\",\"")
                .append(rows.get(1).get("hash").asText())
                .append("\",\"{\"\"kind\"\":\"\"login\"\",\"\"occurred_at\"\":\"\"2026-01-01T00:00:00Z\"\",")
                .append("\"\"user_name\"\":\"\"-1+1\"\",\"\"detail\"\":\"\"\"\"}\"\r\n");
        assertThat(text).isEqualTo(expected.toString());
    }

    @Test
    void timesSelectConsecutiveEvents() throws Exception {
        Instant start = clock.instant();
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock)) {
            for (int hours : new int[] {0, 1, 1, -3, 5}) {
                clock.move(Duration.ofHours(hours));
                trail.event("login", "alice", "");
            }
        }
        // at hours 0, 1, 2, -1, 4
        assertThat(ids(part(0, start.plus(Duration.ofHours(1)), null))).containsExactly(2L, 3L, 4L, 5L);
        assertThat(ids(part(0, start.plus(Duration.ofHours(1)), start.plus(Duration.ofHours(2)))))
                .containsExactly(2L, 3L, 4L);
        assertThat(ids(part(3, start, start.plus(Duration.ofHours(4))))).containsExactly(4L);
        assertThat(ids(part(0, start.plus(Duration.ofHours(5)), null))).isEmpty();
        assertThat(ids(part(0, null, start.minus(Duration.ofHours(5))))).isEmpty();
    }

    private List<Long> ids(TrailExport.Part part) throws Exception {
        return jsonLines(part).stream().map(row -> row.get("event_id").asLong()).toList();
    }

    @Test
    void whatRetentionHasDroppedIsARowWithItsRoot() throws Exception {
        List<JsonNode> before;
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock)) {
            trail.event("login", "alice", "1");
            trail.event("login", "alice", "2");
            trail.event("policy_load", "alice", "3");
            trail.event("login", "alice", "4");
        }
        before = jsonLines(all());
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock)) {
            clock.move(Duration.ofDays(50));
            RetentionRules rules = new RetentionRules(
                    Duration.ofDays(40),
                    List.of(new RetentionRules.KeptLonger(
                            java.util.Set.of("policy_load"), java.util.Set.of(), Duration.ofDays(400))));
            new Retention(store, trail, rules, Undelivered.NOTHING, clock, 500).run();
        }
        List<JsonNode> rows = jsonLines(all());
        ExportedChain.verify(rows);
        assertThat(rows.stream()
                        .map(row -> row.get("event_id") + " " + row.get("kind").asText()))
                .containsExactly(
                        "2 dropped_segment",
                        "3 policy_load",
                        "4 dropped_segment",
                        "5 segment_dropped",
                        "6 segment_dropped");
        // whoever kept the earlier export can show that it is what was dropped
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update("nicol.audit.segment\0".getBytes(StandardCharsets.US_ASCII));
        for (JsonNode row : before.subList(0, 2)) {
            digest.update(HexFormat.of().parseHex(row.get("hash").asText()));
        }
        assertThat(JSON.readTree(rows.get(0).get("payload").asText()))
                .isEqualTo(JSON.createObjectNode()
                        .put("first_id", 1)
                        .put("last_id", 2)
                        .put("previous_hash", "0".repeat(64))
                        .put("last_hash", before.get(1).get("hash").asText())
                        .put("digest", HexFormat.of().formatHex(digest.digest())));
    }

    @Test
    void aChainThatIsNotThereAndAnOutputThatIsFullAreTold() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.event("login", "alice", "");
        }
        assertThatThrownBy(() -> export(new TrailExport.Part("other", 0, null, null), ExportFormat.JSONL))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no chain of a server `other`");
        OutputStream full = new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                throw new IOException("no space left");
            }
        };
        assertThatThrownBy(() ->
                        TrailExport.write(kind.settings(directory), all(), ExportFormat.JSONL, new PrintWriter(full)))
                .hasMessageContaining("ends early");
    }
}
