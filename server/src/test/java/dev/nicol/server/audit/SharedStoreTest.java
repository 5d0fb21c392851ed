package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.testing.KillablePostgres;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.testing.TestStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several servers on one PostgreSQL store. */
class SharedStoreTest {
    @TempDir
    Path directory;

    private StoreSettings server(String name) {
        return TestStore.as(name, TestStore.POSTGRESQL.settings(directory));
    }

    @Test
    void eachServerHasAChainOfItsOwn() throws Exception {
        int statements = 40;
        try (Store one = Store.open(server("one"));
                Store two = Store.open(server("two"));
                StoreAuditTrail first = StoreAuditTrail.open(one);
                StoreAuditTrail second = StoreAuditTrail.open(two)) {
            ExecutorService pool = Executors.newFixedThreadPool(4);
            List<Future<?>> futures = new ArrayList<>();
            for (StoreAuditTrail trail : List.of(first, second, first, second)) {
                futures.add(pool.submit(() -> {
                    for (int i = 0; i < statements; i++) {
                        String id = StatementIds.next();
                        trail.begin(TrailFixture.select(id));
                        trail.complete(id, TrailFixture.succeeded(1));
                    }
                }));
            }
            for (Future<?> future : futures) {
                future.get();
            }
            pool.shutdown();
            first.event("end", "test", "");
            second.event("end", "test", "");
            List<AuditVerifier.Chain> whole = List.of(
                    new AuditVerifier.Chain("one", 161, 0, null, null),
                    new AuditVerifier.Chain("two", 161, 0, null, null));
            assertThat(AuditVerifier.verify(one)).isEqualTo(new AuditVerifier.Report(whole, null));
            // the command reads it while both servers run
            assertThat(AuditVerifier.verify(server("two"))).isEqualTo(new AuditVerifier.Report(whole, null));
            assertThat(StoreAuditTrailTest.rows(
                            one,
                            "SELECT server, min(event_id), max(event_id), count(*) FROM audit.events GROUP BY server"
                                    + " ORDER BY server"))
                    .containsExactly(List.of("one", "1", "161", "161"), List.of("two", "1", "161", "161"));
            assertThat(StoreAuditTrailTest.rows(
                            one, "SELECT server, count(*) FROM audit.statements GROUP BY server ORDER BY server"))
                    .containsExactly(List.of("one", "80"), List.of("two", "80"));
        }
    }

    @Test
    void flowsAreKeptForEachServerAndSummedUpOverAll() throws Exception {
        try (Store one = Store.open(server("one"));
                Store two = Store.open(server("two"));
                StoreAuditTrail first = StoreAuditTrail.open(one);
                StoreAuditTrail second = StoreAuditTrail.open(two)) {
            // ids of one server lie before those of the other, its statements do not
            second.begin(TrailFixture.select("0190-c"));
            first.begin(TrailFixture.select("0190-a"));
            first.begin(TrailFixture.select("0190-b"));

            assertThat(StoreAuditTrailTest.rows(
                            two,
                            "SELECT server, source_column, statements, last_statement_id FROM internal.flows"
                                    + " ORDER BY server, source_column"))
                    .containsExactly(
                            List.of("one", "email", "2", "0190-b"),
                            List.of("one", "region", "2", "0190-b"),
                            List.of("two", "email", "1", "0190-c"),
                            List.of("two", "region", "1", "0190-c"));
            for (Store store : List.of(one, two)) {
                assertThat(new LineageGraph(store, List::of)
                                .search(
                                        LineageGraph.Direction.DOWNSTREAM,
                                        List.of("crm", "public", "customers", "email"),
                                        new LineageGraph.Viewer("alice", false)))
                        .extracting(reached -> reached.flow().statements())
                        .containsExactly(3L);
            }
            assertThat(AuditVerifier.verify(one).problems()).isEmpty();
            StoreAuditTrailTest.sql(two, "UPDATE internal.flows SET statements = 9 WHERE server = 'one' AND direct");
            assertThat(AuditVerifier.verify(two).problems())
                    .containsExactly("server `one` broken at event 3: a row of internal.flows does not say what the"
                            + " events say");
            StoreAuditTrailTest.sql(
                    two,
                    "UPDATE internal.flows SET statements = 2 WHERE server = 'one'",
                    "UPDATE internal.flows SET server = 'three' WHERE server = 'two' AND direct");
            assertThat(AuditVerifier.verify(two).problems())
                    .containsExactly(
                            "server `three` broken at event 1: the chain's head is missing",
                            "server `two` broken at event 2: internal.flows lacks rows that events tell of");
        }
    }

    @Test
    void aServerThatLostItsNameWritesNothingUntilItIsRestarted() throws Exception {
        try (Store one = Store.open(server("one"));
                StoreAuditTrail trail = StoreAuditTrail.open(one)) {
            trail.event("login", "alice", "");
            TestDatabases.execute(
                    one.reader().url(),
                    "postgres",
                    "",
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nicol one'");
            try (Store other = Store.open(server("one"))) {
                assertThatThrownBy(() -> trail.event("login", "alice", "")).isInstanceOf(NicolException.class);
                StoreAuditTrail.open(other).close();
                try (StoreAuditTrail takenOver = StoreAuditTrail.open(other)) {
                    takenOver.event("login", "bob", "");
                }
            }
            assertThatThrownBy(() -> trail.event("login", "alice", "")).isInstanceOf(NicolException.class);
            assertThat(trail.broken()).isTrue();
            assertThat(AuditVerifier.verify(server("one")).whole()).isTrue();
        }
    }

    @Test
    void aStartInterruptsItsOwnStatementsOnly() throws Exception {
        String ofOne = StatementIds.next();
        String ofTwo = StatementIds.next();
        try (Store one = Store.open(server("one"));
                Store two = Store.open(server("two"));
                StoreAuditTrail first = StoreAuditTrail.open(one)) {
            first.begin(TrailFixture.select(ofOne));
            StoreAuditTrail ended = StoreAuditTrail.open(two);
            ended.begin(TrailFixture.select(ofTwo));
            ended.close();
            StoreAuditTrail.open(two).close();
            first.event("end", "test", "");
            assertThat(StoreAuditTrailTest.rows(one, "SELECT statement_id, outcome FROM audit.statements ORDER BY 1"))
                    .containsExactlyInAnyOrder(List.of(ofOne, "running"), List.of(ofTwo, "interrupted"));
            assertThat(AuditVerifier.verify(one).whole()).isTrue();
        }
    }

    @Test
    void eventsThatWereMovedToAnotherChainAreFound() throws Exception {
        try (Store one = Store.open(server("one"));
                Store two = Store.open(server("two"))) {
            for (Store store : List.of(one, two)) {
                try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
                    trail.event("login", "user of " + store.server(), "");
                }
            }
            assertThat(AuditVerifier.verify(one).whole()).isTrue();
            for (String table : List.of("audit.events", "internal.event_bytes")) {
                StoreAuditTrailTest.sql(
                        one,
                        "UPDATE " + table + " SET server = 'three' WHERE server = 'one'",
                        "UPDATE " + table + " SET server = 'one' WHERE server = 'two'",
                        "UPDATE " + table + " SET server = 'two' WHERE server = 'three'");
            }
            StoreAuditTrailTest.sql(
                    one,
                    "UPDATE internal.chain_heads SET last_hash = (SELECT hash FROM audit.events e WHERE e.server ="
                            + " chain)");
            assertThat(AuditVerifier.verify(one).problems())
                    .containsExactly(
                            "server `one` broken at event 1: its hash does not fit its bytes",
                            "server `two` broken at event 1: its hash does not fit its bytes");
        }
    }

    @Test
    void everyChainMeetsItsOwnCheckpoints() throws Exception {
        Path signed = directory.resolve("signed");
        for (String name : List.of("one", "two")) {
            try (Store store = Store.open(server(name));
                    StoreAuditTrail trail = StoreAuditTrail.open(store)) {
                trail.event("login", "user of " + name, "");
                Checkpoints.open(
                                signed.resolve(name),
                                store.checkpointKey(),
                                60_000,
                                trail,
                                Clock.systemUTC(),
                                problem -> {})
                        .close();
            }
        }
        assertThat(AuditVerifier.verify(server("one"), signed).problems()).isEmpty();
        try (Store store = Store.open(server("one"))) {
            // all of the other server's chain
            StoreAuditTrailTest.sql(
                    store,
                    "DELETE FROM audit.events WHERE server = 'two'",
                    "DELETE FROM internal.event_bytes WHERE server = 'two'",
                    "DELETE FROM internal.chain_heads WHERE chain = 'two'");
        }
        assertThat(AuditVerifier.verify(server("one")).whole()).isTrue();
        assertThat(AuditVerifier.verify(server("one"), signed).problems())
                .containsExactly("server `two` broken at event 1: the chain's head is missing");
    }

    @Test
    void aReaderThatMayDoMoreIsRefused() throws Exception {
        StoreSettings store = server("one");
        Store.open(store).close();
        String database = store.url().substring(store.url().lastIndexOf('/') + 1);
        String role = "reads_" + database;
        StoreSettings withRole = new StoreSettings(
                store.url(), store.user(), store.password(), role, "its own", store.keys(), store.server());
        assertThatThrownBy(() -> Store.open(withRole)).hasMessageContaining("has no role `" + role + "`");
        TestDatabases.execute(store.url(), "postgres", "", "CREATE ROLE " + role + " LOGIN PASSWORD 'its own'");
        Store.open(withRole).close();
        for (String more : List.of(
                "GRANT USAGE ON SCHEMA internal TO " + role,
                "GRANT INSERT ON policy.rules TO " + role,
                "GRANT CREATE ON SCHEMA audit TO " + role,
                "GRANT " + store.user() + " TO " + role,
                "ALTER ROLE " + role + " CREATEROLE")) {
            TestDatabases.execute(store.url(), "postgres", "", more);
            assertThatThrownBy(() -> Store.open(withRole))
                    .as(more)
                    .hasMessageContaining("gives `" + role + "` more than SELECT");
            TestDatabases.execute(
                    store.url(),
                    "postgres",
                    "",
                    more.startsWith("ALTER")
                            ? more.replace(" CREATEROLE", " NOCREATEROLE")
                            : more.replace("GRANT ", "REVOKE ").replace(" TO ", " FROM "));
        }
        Store.open(withRole).close();
    }

    @Test
    void anOwnerThatMayNotCreateRolesIsToldWhatToDo() {
        StoreSettings store = server("one");
        TestDatabases.execute(store.url(), "postgres", "", "ALTER ROLE " + store.user() + " NOCREATEROLE");
        assertThatThrownBy(() -> Store.open(store))
                .hasMessageContaining("may not create roles")
                .hasMessageContaining("`store.reader_user`");
        StoreSettings inUrl =
                new StoreSettings(store.url() + "?user=a&password=s3cret", "a", "b", null, null, directory, "one");
        assertThatThrownBy(() -> Store.open(inUrl))
                .hasMessageContaining("outside the URL")
                .satisfies(e -> assertThat(e.toString()).doesNotContain("s3cret"));
    }

    @Test
    void whileTheStoreIsDownNothingBeginsAndServiceResumesByItself() throws Exception {
        try (KillablePostgres postgres = KillablePostgres.started()) {
            TestDatabases.execute(postgres.url("postgres"), "postgres", "", "CREATE DATABASE trail");
            StoreSettings settings = TestStore.as("one", TestStore.owned(postgres.url("trail"), directory));
            try (Store store = Store.open(settings);
                    StoreAuditTrail trail = StoreAuditTrail.open(
                            store, TrailSettings.DEFAULT.withBeginTimeoutMs(500), Clock.systemUTC())) {
                String before = StatementIds.next();
                trail.begin(TrailFixture.select(before));
                postgres.kill();
                trail.complete(before, TrailFixture.succeeded(5));
                assertThatThrownBy(() -> trail.begin(TrailFixture.select(StatementIds.next())))
                        .isInstanceOfSatisfying(NicolException.class, e -> assertThat(e.error())
                                .isEqualTo(NicolError.TRAIL_UNAVAILABLE));
                assertThat(trail.broken()).isTrue();
                postgres.startAgain();
                await().atMost(Duration.ofSeconds(10)).until(() -> !trail.broken());
                String after = StatementIds.next();
                trail.begin(TrailFixture.select(after));
                trail.complete(after, TrailFixture.succeeded(1));
                trail.event("end", "test", "");
                assertThat(StoreAuditTrailTest.rows(
                                store, "SELECT statement_id, outcome, row_count FROM audit.statements ORDER BY 1"))
                        .containsExactly(List.of(before, "succeeded", "5"), List.of(after, "succeeded", "1"));
                assertThat(AuditVerifier.verify(store).problems()).isEmpty();
            }
        }
    }

    @Test
    void keysAreMadePrivateWhereTheConfigurationSays() throws Exception {
        try (Store store = Store.open(server("one"))) {
            assertThat(store.maskKey()).isEqualTo(directory.resolve("keys/nicol.mask-key"));
            assertThat(store.checkpointKey()).isEqualTo(directory.resolve("keys/one.checkpoint-key"));
            SecretFile.create(store.maskKey(), new byte[] {1});
            assertThat(Files.getPosixFilePermissions(store.maskKey())).hasSize(2);
        }
    }
}
