package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.server.testing.SetClock;
import dev.nicol.server.testing.TestStore;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What is old is dropped, and the chain is verified over it. */
@ParameterizedClass
@EnumSource(TestStore.class)
class RetentionTest {
    private static final RetentionRules YEAR = new RetentionRules(Duration.ofDays(365), List.of());

    @Parameter
    TestStore kind;

    @TempDir
    Path directory;

    private final SetClock clock = new SetClock();

    private StoreAuditTrail open(Store store) {
        return StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock);
    }

    private Retention retention(Store store, StoreAuditTrail trail, RetentionRules rules) {
        return new Retention(store, trail, rules, Undelivered.NOTHING, clock, Retention.SEGMENT_EVENTS);
    }

    private static void statement(StoreAuditTrail trail) {
        String id = StatementIds.next();
        trail.begin(TrailFixture.select(id));
        complete(trail, id);
    }

    /** Outcomes are queued: what is written after them shows that they are. */
    private static void complete(StoreAuditTrail trail, String id) {
        trail.complete(id, TrailFixture.touching(1));
        trail.record(transaction -> null);
    }

    private static List<String> events(Store store) throws Exception {
        return StoreAuditTrailTest.rows(store, "SELECT event_id, kind FROM audit.events ORDER BY event_id").stream()
                .map(row -> String.join(" ", row))
                .toList();
    }

    private static List<String> segments(Store store) throws Exception {
        return StoreAuditTrailTest.rows(
                        store, "SELECT first_id, last_id, dropped_by FROM internal.dropped_segments ORDER BY first_id")
                .stream()
                .map(row -> String.join(" ", row))
                .toList();
    }

    private static AuditVerifier.Report whole(long events, long dropped) {
        return new AuditVerifier.Report(
                List.of(new AuditVerifier.Chain(StoreSettings.DEFAULT_SERVER, events, dropped, null, null)), null);
    }

    @Test
    void whatIsOldIsDroppedWithItsRowsAndTheChainGoesOnOverIt() throws Exception {
        StoreSettings settings = kind.settings(directory);
        try (Store store = Store.open(settings);
                StoreAuditTrail trail = open(store)) {
            Retention retention = retention(store, trail, YEAR);
            trail.event("login", "alice", "");
            statement(trail);
            trail.refused(TrailFixture.select("0190-refused"), TrailFixture.denied());
            clock.move(Duration.ofDays(365));
            assertThat(retention.run()).isZero();
            trail.begin(TrailFixture.select("0190-new"));
            clock.move(Duration.ofMillis(1));

            assertThat(retention.run()).isEqualTo(4);
            assertThat(events(store)).containsExactly("5 intent", "6 segment_dropped");
            assertThat(segments(store)).containsExactly("1 4 6");
            for (String table : List.of(
                    "audit.statements", "audit.column_access", "lineage.statements", "lineage.edges", "audit.events")) {
                assertThat(StoreAuditTrailTest.rows(
                                store,
                                "SELECT count(*) FROM " + table + " WHERE COALESCE(statement_id, '') <> '0190-new'"))
                        .as(table)
                        .containsExactly(List.of(table.equals("audit.events") ? "1" : "0"));
            }
            assertThat(StoreAuditTrailTest.rows(store, "SELECT count(*) FROM audit.source_queries"))
                    .containsExactly(List.of("0"));
            assertThat(StoreAuditTrailTest.rows(
                            store, "SELECT user_name, detail FROM audit.events WHERE kind = 'segment_dropped'"))
                    .singleElement()
                    .asString()
                    .matches("\\[nicol, events 1 to 4, all before 2026-01-01T00:00:00.001Z; digest [0-9a-f]{64}]");
            assertThat(AuditVerifier.verify(store)).isEqualTo(whole(2, 4));
            assertThat(retention.run()).isZero();
            complete(trail, "0190-new");
        }
        assertThat(AuditVerifier.verify(settings)).isEqualTo(whole(3, 4));
        try (Store store = Store.open(settings)) {
            assertThat(ChainAtStart.problem(store, null, 1)).isNull();
            assertThat(ChainAtStart.problem(store, null, 1_000)).isNull();
            try (StoreAuditTrail trail = open(store)) {
                trail.event("login", "alice", "");
            }
            assertThat(AuditVerifier.verify(store)).isEqualTo(whole(4, 4));
        }
    }

    @Test
    void whatRunsStaysAndGoesOnceItsTimeHasComeAfterItsEnd() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = open(store)) {
            Retention retention = retention(store, trail, YEAR);
            statement(trail);
            trail.begin(TrailFixture.select("0190-long"));
            statement(trail);
            clock.move(Duration.ofDays(366));
            assertThat(retention.run()).isEqualTo(4);
            assertThat(events(store)).containsExactly("3 intent", "6 segment_dropped", "7 segment_dropped");
            assertThat(AuditVerifier.verify(store)).isEqualTo(whole(3, 4));

            complete(trail, "0190-long");
            assertThat(retention.run()).isZero();
            clock.move(Duration.ofDays(366));
            assertThat(retention.run()).isEqualTo(2);
            // what dropped something is never dropped
            assertThat(events(store))
                    .containsExactly(
                            "6 segment_dropped", "7 segment_dropped", "9 segment_dropped", "10 segment_dropped");
            assertThat(segments(store)).containsExactly("1 2 6", "3 3 9", "4 5 7", "8 8 10");
            assertThat(AuditVerifier.verify(store)).isEqualTo(whole(4, 6));
        }
    }

    @Test
    void classesAreKeptLonger() throws Exception {
        RetentionRules rules = new RetentionRules(
                Duration.ofDays(100),
                List.of(
                        new RetentionRules.KeptLonger(
                                Set.of("policy_load", "approval_*"), Set.of(), Duration.ofDays(1_000)),
                        new RetentionRules.KeptLonger(
                                Set.of("approval_approved"), Set.of("INSERT"), Duration.ofDays(2_000))));
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = open(store)) {
            Retention retention = retention(store, trail, rules);
            trail.event("login", "alice", "");
            trail.event("policy_load", "server", "");
            trail.event("policy_load_failed", "server", "");
            trail.event("approval_pending", "alice", "");
            trail.event("approval_approved", "bob", "");
            statement(trail);
            trail.refused(insert("0190-insert"), TrailFixture.denied());
            clock.move(Duration.ofDays(101));
            retention.run();
            assertThat(events(store).subList(0, 4))
                    .containsExactly("2 policy_load", "4 approval_pending", "5 approval_approved", "8 refused");
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
            clock.move(Duration.ofDays(900));
            retention.run();
            assertThat(events(store).subList(0, 2)).containsExactly("5 approval_approved", "8 refused");
            assertThat(StoreAuditTrailTest.rows(store, "SELECT statement_kind FROM audit.statements"))
                    .containsExactly(List.of("INSERT"));
            clock.move(Duration.ofDays(1_000));
            retention.run();
            assertThat(events(store)).allMatch(event -> event.endsWith(" segment_dropped"));
            assertThat(AuditVerifier.verify(store).problems()).isEmpty();
        }
    }

    private static AuditTrail.Intent insert(String id) {
        AuditTrail.Intent select = TrailFixture.select(id);
        return new AuditTrail.Intent(
                id,
                select.subject(),
                select.connectionId(),
                "INSERT INTO t VALUES (1)",
                List.of(),
                "INSERT",
                "denied",
                select.rules(),
                null,
                "v1",
                AuditTrail.Flow.UNKNOWN,
                List.of());
    }

    /** The chain verifies after each, though the outcome of one statement may be in another segment than its intent. */
    @Test
    void segmentsAreBounded() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = open(store)) {
            Random random = new Random(7);
            List<String> running = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String id = StatementIds.next();
                trail.begin(TrailFixture.select(id));
                running.add(id);
                Collections.shuffle(running, random);
                while (running.size() > random.nextInt(6)) {
                    trail.complete(running.remove(0), TrailFixture.succeeded(1));
                }
            }
            running.forEach(id -> trail.complete(id, TrailFixture.succeeded(1)));
            trail.event("end", "test", "");
            clock.move(Duration.ofDays(366));
            Retention retention = new Retention(store, trail, YEAR, Undelivered.NOTHING, clock, 7);
            long dropped = 0;
            for (long more = retention.dropNext(); more > 0; more = retention.dropNext()) {
                dropped += more;
                assertThat(AuditVerifier.verify(store))
                        .isEqualTo(whole(81 - dropped + segments(store).size(), dropped));
            }
            assertThat(dropped).isEqualTo(81);
            assertThat(segments(store)).hasSize(12).first().isEqualTo("1 7 82");
        }
    }

    @Test
    void whatWasChangedByHandIsNotDropped() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = open(store)) {
            for (int i = 0; i < 3; i++) {
                statement(trail);
            }
            clock.move(Duration.ofDays(366));
            StoreAuditTrailTest.sql(store, "UPDATE audit.source_queries SET sql_sent = 'SELECT 1'");
            Retention retention = new Retention(store, trail, YEAR, Undelivered.NOTHING, clock, 1);
            assertThat(retention.run()).isEqualTo(1);
            assertThat(retention.run()).isZero();
            assertThat(StoreAuditTrailTest.rows(
                            store, "SELECT detail FROM audit.events WHERE kind = 'retention_stopped'"))
                    .containsExactly(List.of("event 2: the rows in audit.source_queries do not say what it says"));
            assertThat(AuditVerifier.verify(store).chains().get(0).brokenId()).isEqualTo(2);
        }
    }

    @Test
    void afterABreakThatWasAcceptedDroppingGoesOn() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = open(store)) {
            trail.event("login", "alice", "1");
            trail.event("policy_load", "alice", "2");
            trail.event("login", "alice", "3");
            StoreAuditTrailTest.sql(store, "UPDATE audit.events SET user_name = 'bob' WHERE event_id = 3");
            ChainAtStart.record(trail, "nicol", "event 3: …");
            trail.event("login", "alice", "5");
            clock.move(Duration.ofDays(366));
            RetentionRules rules = new RetentionRules(
                    Duration.ofDays(365),
                    List.of(new RetentionRules.KeptLonger(Set.of("policy_load"), Set.of(), Duration.ofDays(3_650))));
            assertThat(retention(store, trail, rules).run()).isEqualTo(2);
            assertThat(events(store))
                    .containsExactly(
                            "2 policy_load",
                            "3 login",
                            "4 broken_chain_accepted",
                            "6 segment_dropped",
                            "7 retention_stopped",
                            "8 segment_dropped");
            assertThat(ChainAtStart.problem(store, null, 1_000)).isNull();
            assertThat(AuditVerifier.verify(store).chains().get(0).brokenId()).isEqualTo(3);
        }
    }

    @Test
    void aForgedRootIsFound() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = open(store)) {
            trail.event("login", "alice", "1");
            trail.event("login", "alice", "2");
            clock.move(Duration.ofDays(366));
            trail.event("login", "alice", "3");
            retention(store, trail, YEAR).run();
            trail.event("login", "alice", "5");
            assertThat(segments(store)).containsExactly("1 2 4");
            String other = "'" + "ab".repeat(32) + "'";
            for (String[] forged : new String[][] {
                {"DELETE FROM internal.dropped_segments", "event 1: it is missing"},
                {"UPDATE internal.dropped_segments SET previous_hash = " + other, "event 1: what is left"},
                {"UPDATE internal.dropped_segments SET last_hash = " + other, "event 3: it does not follow"},
                {"UPDATE internal.dropped_segments SET digest = " + other, "event 4: what is left"},
                {"UPDATE internal.dropped_segments SET last_id = 1", "event 2: it is missing"},
                {"UPDATE internal.dropped_segments SET last_id = 3", "event 1: it is missing"},
                {"UPDATE internal.dropped_segments SET first_id = 2", "event 1: it is missing"},
                {"UPDATE internal.dropped_segments SET server = 'other'", "event 1: it is missing"},
                {"UPDATE internal.dropped_segments SET dropped_by = 5", "event 4: what is left"},
                {
                    "INSERT INTO internal.dropped_segments VALUES ('nicol', 9, 10, " + other + ", " + other + ", "
                            + other + ", 4)",
                    "event 6: internal.dropped_segments has rows"
                },
                {
                    "INSERT INTO internal.dropped_segments VALUES ('nicol', 9, 10, " + other + ", " + other + ", "
                            + other + ", 99)",
                    "event 6: internal.dropped_segments has rows"
                },
                // events that nobody dropped
                {"DELETE FROM audit.events WHERE event_id = 3", "event 3: it is missing"},
                {"DELETE FROM audit.events WHERE kind = 'segment_dropped'", "event 4: it is missing"}
            }) {
                assertThat(problemAfter(store, forged[0])).as(forged[0]).startsWith(forged[1]);
            }
            assertThat(AuditVerifier.verify(store)).isEqualTo(whole(3, 2));
        }
    }

    /** Changes are taken back. */
    private static String problemAfter(Store store, String change) throws Exception {
        try (Connection connection = store.connection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            try {
                assertThat(statement.executeUpdate(change)).isEqualTo(1);
                AuditVerifier.Chain chain = AuditVerifier.walkAll(connection, store.server(), Map.of())
                        .chains()
                        .get(0);
                return "event " + chain.brokenId() + ": " + chain.problem();
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    @Test
    void checkpointsAreMetOverWhatWasDropped() throws Exception {
        StoreSettings settings = kind.settings(directory);
        Path signed = directory.resolve("signed/nicol");
        try (Store store = Store.open(settings);
                StoreAuditTrail trail = open(store);
                Checkpoints checkpoints =
                        Checkpoints.open(signed, directory.resolve("key"), 3_600_000, trail, clock, problem -> {})) {
            trail.event("login", "alice", "1");
            checkpoints.write();
            trail.event("login", "alice", "2");
            checkpoints.write();
            clock.move(Duration.ofDays(366));
            retention(store, trail, YEAR).run();
            assertThat(ChainAtStart.problem(store, signed, 1)).isNull();
        }
        assertThat(AuditVerifier.verify(settings, signed.getParent())).isEqualTo(whole(1, 2));
    }

    @Test
    void aClockThatGoesBackDropsNothing() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = open(store)) {
            trail.event("login", "alice", "");
            clock.move(Duration.ofDays(-400));
            trail.event("login", "alice", "");
            statement(trail);
            assertThat(retention(store, trail, YEAR).run()).isZero();
            clock.move(Duration.ofDays(401));
            // these are old by their date, the first is not
            assertThat(retention(store, trail, YEAR).run()).isEqualTo(3);
            assertThat(events(store)).containsExactly("1 login", "5 segment_dropped");
            assertThat(AuditVerifier.verify(store)).isEqualTo(whole(2, 3));
        }
    }
}
