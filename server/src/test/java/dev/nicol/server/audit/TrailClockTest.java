package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.server.testing.SetClock;
import dev.nicol.server.testing.TestStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestStore.class)
class TrailClockTest {
    @Parameter
    TestStore kind;

    @TempDir
    Path directory;

    @Test
    void aClockThatGoesBackChangesNothingAboutTheOrder() throws Exception {
        SetClock clock = new SetClock();
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock)) {
            trail.event("login", "alice", "");
            String id = StatementIds.next();
            trail.begin(TrailFixture.select(id));
            clock.move(Duration.ofDays(-1));
            trail.complete(id, TrailFixture.succeeded(1));
            trail.event("logout", "alice", "");
            assertThat(StoreAuditTrailTest.rows(
                            store,
                            "SELECT event_id, kind, occurred_at < TIMESTAMP WITH TIME ZONE '2026-01-01 00:00:00+00'"
                                    + " FROM audit.events ORDER BY event_id"))
                    .containsExactly(
                            List.of("1", "login", "FALSE"),
                            List.of("2", "intent", "FALSE"),
                            List.of("3", "outcome", "TRUE"),
                            List.of("4", "logout", "TRUE"));
            assertThat(StoreAuditTrailTest.rows(
                            store, "SELECT finished_at < started_at, duration_ms FROM audit.statements"))
                    .containsExactly(List.of("TRUE", "7"));
            assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(4));
        }
    }
}
