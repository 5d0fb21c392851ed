package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.nicol.server.delivery.Deliveries;
import dev.nicol.server.delivery.SinkSettings;
import dev.nicol.server.testing.ExportedChain;
import dev.nicol.server.testing.SetClock;
import dev.nicol.server.testing.TestStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Retention and a sink that takes nothing: a directory that is not there yet. */
@ParameterizedClass
@EnumSource(TestStore.class)
class UndeliveredTest {
    private static final RetentionRules KEPT = new RetentionRules(Duration.ofDays(40), List.of());

    @Parameter
    TestStore kind;

    @TempDir
    Path directory;

    private final SetClock clock = new SetClock();

    private Deliveries deliveries(Store store, StoreAuditTrail trail) {
        SinkSettings sink = new SinkSettings(
                "siem",
                new SinkSettings.ToFile(directory.resolve("later/audit.jsonl")),
                false,
                Duration.ofDays(10),
                Duration.ofSeconds(1));
        return Deliveries.start(store, trail, List.of(sink), List.of(), new SimpleMeterRegistry(), clock);
    }

    private List<JsonNode> received() throws IOException {
        Path file = directory.resolve("later/audit.jsonl");
        return Files.exists(file) ? ExportedChain.parsed(Files.readAllLines(file)) : List.of();
    }

    @Test
    void retentionWaitsForATimeThenDropsAndSaysSo() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock)) {
            try (Deliveries deliveries = deliveries(store, trail)) {
                trail.event("login", "alice", "1");
                trail.event("login", "alice", "2");
                clock.move(Duration.ofDays(45));
                assertThat(retention(store, trail, deliveries).run()).isZero();
                clock.move(Duration.ofDays(6));
                assertThat(retention(store, trail, deliveries).run()).isEqualTo(3);
                assertThat(StoreAuditTrailTest.rows(
                                store, "SELECT detail FROM audit.events WHERE kind = 'undelivered_dropped'"))
                        .containsExactly(List.of("events 1 to 3 were dropped before they were delivered to siem"));
            }
            Files.createDirectory(directory.resolve("later"));
            try (Deliveries deliveries = deliveries(store, trail)) {
                await().atMost(Duration.ofSeconds(20)).until(() -> received().size() == 3);
                ExportedChain.verify(received());
                assertThat(received().stream()
                                .map(row -> row.get("event_id") + " "
                                        + row.get("kind").asText()))
                        .containsExactly("3 dropped_segment", "4 segment_dropped", "5 undelivered_dropped");

                // what was delivered is dropped as soon as it is due
                trail.event("login", "alice", "6");
                await().atMost(Duration.ofSeconds(20)).until(() -> received().size() == 4);
                clock.move(Duration.ofDays(41));
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> retention(store, trail, deliveries).run() == 2);
                assertThat(StoreAuditTrailTest.rows(
                                store, "SELECT COUNT(*) FROM audit.events WHERE kind = 'undelivered_dropped'"))
                        .containsExactly(List.of("0"));
            }
        }
    }

    private Retention retention(Store store, StoreAuditTrail trail, Deliveries deliveries) {
        return new Retention(store, trail, KEPT, deliveries, clock, Retention.SEGMENT_EVENTS);
    }
}
