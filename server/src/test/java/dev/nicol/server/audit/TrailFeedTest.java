package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.nicol.server.testing.TestStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestStore.class)
class TrailFeedTest {
    private static final String STATEMENT = "01900000-0000-7000-8000-000000000001";

    @Parameter
    TestStore kind;

    @TempDir
    Path directory;

    @Test
    void aBatchHasFiveHundredEventsOrAMebibyteOfThem() {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            TrailFeed feed = new TrailFeed(store, trail);
            assertThat(feed.after(0, Set.of()).lines()).isEmpty();
            for (int i = 0; i < 510; i++) {
                trail.event("login", "alice", "");
            }
            for (int i = 0; i < 3; i++) {
                // twice in a line: as it is, and in what was hashed
                trail.event("login", "alice", "x".repeat(300_000));
            }
            assertThat(feed.lastId()).isEqualTo(513);
            assertThat(ids(feed.after(0, Set.of()).lines()))
                    .hasSize(500)
                    .startsWith(1L)
                    .endsWith(500L);
            assertThat(ids(feed.after(500, Set.of()).lines())).startsWith(501L).endsWith(512L);
            assertThat(ids(feed.after(512, Set.of()).lines())).containsExactly(513L);
            assertThat(feed.after(513, Set.of()).lines()).isEmpty();
        }
    }

    /** The last one does not wait for the next act. */
    @Test
    void whatNothingFollowsIsSyncedInItsTime() {
        TrailSettings interval = TrailSettings.DEFAULT.withFsyncIntervalMs(300);
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, interval, Clock.systemUTC())) {
            for (int i = 1; i <= 3; i++) {
                trail.event("login", "alice", "");
                TrailFeed feed = new TrailFeed(store, trail);
                int expected = i;
                await().atMost(Duration.ofSeconds(4)).until(() -> feed.lastId() == expected);
            }
        }
    }

    /** What is between them is behind whoever asked for some kinds only, and is not read again. */
    @Test
    void eventsOfSomeKindsAreReadWithoutTheOthers() {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            for (int i = 1; i <= 12; i++) {
                trail.event(i == 4 || i == 9 ? "approval_pending" : "login", "alice", "");
            }
            TrailFeed feed = new TrailFeed(store, trail);
            await().atMost(Duration.ofSeconds(4)).until(() -> feed.lastId() == 12);
            TrailFeed.Page page = feed.after(0, Set.of("approval_pending", "refused"));
            assertThat(ids(page.lines())).containsExactly(4L, 9L);
            assertThat(page.lastId()).isEqualTo(12);
            assertThat(page.more()).isFalse();
            assertThat(feed.after(9, Set.of("approval_pending"))).isEqualTo(new TrailFeed.Page(List.of(), 12, false));
            assertThat(feed.after(12, Set.of("approval_pending"))).isEqualTo(new TrailFeed.Page(List.of(), 12, false));
        }
    }

    private static List<Long> ids(List<TrailFeed.Line> lines) {
        return new ArrayList<>(lines.stream().map(TrailFeed.Line::eventId).toList());
    }

    @Test
    void whatAStatementWasToDoIsFoundByItsId() {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.begin(TrailFixture.select(STATEMENT));
            trail.complete(STATEMENT, TrailFixture.succeeded(1));
            trail.event("login", "alice", "");
            TrailFeed feed = new TrailFeed(store, trail);
            assertThat(feed.intent(STATEMENT)).contains("SELECT email FROM crm.public.customers");
            assertThat(feed.intent(STATEMENT.replace('1', '2'))).isNull();
            assertThat(trail.forced()).isNotNull();
            assertThat(feed.after(0, Set.of()).lines().stream().filter(TrailFeed.Line::isOutcome))
                    .singleElement()
                    .satisfies(line -> assertThat(line.statementId()).isEqualTo(STATEMENT));
        }
    }

    /** Of those that a power cut may still take, none is handed out. */
    @Test
    void onlyWhatIsSyncedIsHandedOut() {
        TrailSettings unsynced = TrailSettings.DEFAULT.withFsyncIntervalMs(3_600_000);
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, unsynced, Clock.systemUTC())) {
            trail.event("login", "alice", "");
            trail.event("login", "alice", "");
            assertThat(store.<Long, RuntimeException>read(
                            handle -> handle.createQuery("SELECT COUNT(*) FROM audit.events")
                                    .mapTo(Long.class)
                                    .one()))
                    .isEqualTo(2);
            assertThat(new TrailFeed(store, trail).after(0, Set.of()).lines()).hasSizeLessThan(2);
        }
    }
}
