package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.testing.TestStore;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestStore.class)
class StoreAuditTrailTest {
    @Parameter
    TestStore kind;

    @TempDir
    Path directory;

    @Test
    void anIntentIsRunningAndAnOutcomeEndsIt() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            String id = StatementIds.next();
            trail.begin(TrailFixture.select(id));
            assertThat(rows(
                            store,
                            "SELECT outcome, user_name, purpose, client, verdict, rules, statement_kind,"
                                    + " policy_version, finished_at, sql_text, connection_id FROM audit.statements"))
                    .containsExactly(List.of(
                            "running",
                            "alice",
                            "churn",
                            "dbeaver",
                            "allowed",
                            "analysts-read-crm,own-region",
                            "SELECT",
                            "v1",
                            "null",
                            "SELECT email FROM crm.public.customers WHERE region = 'EU'",
                            "connection-1"));

            trail.complete(id, TrailFixture.succeeded(3));
            trail.event("login", "bob", "from 127.0.0.1");

            assertThat(rows(
                            store,
                            "SELECT outcome, row_count, byte_count, duration_ms, sqlstate FROM audit.statements"))
                    .containsExactly(List.of("succeeded", "3", "30", "7", "null"));
            assertThat(rows(store, "SELECT source, environment, sql_sent, row_count FROM audit.source_queries"))
                    .containsExactly(List.of("crm", "production", "SELECT '***' FROM customers", "3"));
            assertThat(rows(store, "SELECT column_name, tags, access, mask, rule FROM audit.column_access ORDER BY 1"))
                    .containsExactly(
                            List.of("email", "EMAIL", "read", "redact", "emails"),
                            List.of("region", "", "read", "null", "null"));
            assertThat(rows(
                            store,
                            "SELECT phase, target, target_column, source_table, source_column, kind, direct,"
                                    + " masked FROM lineage.edges ORDER BY target_ordinal"))
                    .containsExactly(
                            List.of("asked", "result", "null", "customers", "region", "FILTER", "FALSE", "FALSE"),
                            List.of("asked", "result", "email", "customers", "email", "IDENTITY", "TRUE", "TRUE"));
            assertThat(rows(
                            store,
                            "SELECT source_column, tags, user_name, purpose, statements, row_count"
                                    + " FROM lineage.consumers"))
                    .containsExactly(List.of("email", "EMAIL", "alice", "churn", "1", "3"));
            assertThat(rows(store, "SELECT event_id, kind, user_name, detail FROM audit.events ORDER BY event_id"))
                    .containsExactly(
                            List.of("1", "intent", "alice", "null"),
                            List.of("2", "outcome", "alice", "null"),
                            List.of("3", "login", "bob", "from 127.0.0.1"));
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
        }
    }

    @Test
    void aRefusalIsIntentAndOutcomeInOne() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.refused(TrailFixture.select(StatementIds.next()), TrailFixture.denied());
            assertThat(rows(store, "SELECT outcome, sqlstate, finished_at = started_at FROM audit.statements"))
                    .containsExactly(List.of("denied", "42501", "TRUE"));
            assertThat(rows(store, "SELECT kind, detail FROM audit.events"))
                    .containsExactly(List.of("refused", "no grant"));
            assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(1));
        }
    }

    @Test
    void whatNoStoreCanKeepDoesNotStopTheTrail() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.refused(TrailFixture.select(StatementIds.next(), "SELECT '\uD800\0😀'"), TrailFixture.denied());
            trail.refused(TrailFixture.select(StatementIds.next(), "x".repeat(3_000_000)), TrailFixture.denied());
            assertThat(rows(store, "SELECT sql_text FROM audit.statements WHERE length(sql_text) < 100"))
                    .containsExactly(List.of("SELECT '\uFFFD\uFFFD😀'"));
            assertThat(rows(store, "SELECT max(length(sql_text)) FROM audit.statements"))
                    .containsExactly(List.of("3000000"));
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
        }
    }

    @Test
    void concurrentStatementsShareFlushesAndTheChainHasNoGap() throws Exception {
        int threads = 8;
        int statementsPerThread = 200;
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            long flushesBefore = trail.flushes();
            ExecutorService pool = Executors.newFixedThreadPool(threads);
            List<Future<?>> futures = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                futures.add(pool.submit(() -> {
                    for (int i = 0; i < statementsPerThread; i++) {
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
            trail.event("end", "test", "every outcome before this is written");
            long events = 2L * threads * statementsPerThread + 1;
            assertThat(rows(store, "SELECT min(event_id), max(event_id), count(*) FROM audit.events"))
                    .containsExactly(List.of("1", "" + events, "" + events));
            assertThat(rows(store, "SELECT outcome, count(*) FROM audit.statements GROUP BY outcome"))
                    .containsExactly(List.of("succeeded", "1600"));
            assertThat(trail.flushes() - flushesBefore).isLessThan(events / 3);
            assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(events));
        }
    }

    @Test
    void nothingBeginsWhileTheStoreIsBrokenAndServiceResumesWithNothingLost() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            String before = StatementIds.next();
            trail.begin(TrailFixture.select(before));

            sql(store, "ALTER TABLE internal.event_bytes RENAME TO gone");
            trail.complete(before, TrailFixture.succeeded(5));
            await().atMost(Duration.ofSeconds(5)).until(trail::broken);
            assertThatThrownBy(() -> trail.begin(TrailFixture.select(StatementIds.next())))
                    .isInstanceOfSatisfying(NicolException.class, e -> {
                        assertThat(e.error()).isEqualTo(NicolError.TRAIL_UNAVAILABLE);
                        assertThat(e.getMessage()).contains("nothing ran").doesNotContain("event_bytes");
                    });
            assertThatThrownBy(() -> trail.event("login", "bob", "")).isInstanceOf(NicolException.class);
            try (Connection mending = store.pool().getConnection();
                    Statement statement = mending.createStatement()) {
                statement.execute("ALTER TABLE internal.gone RENAME TO event_bytes");
            }

            await().atMost(Duration.ofSeconds(5)).until(() -> !trail.broken());
            assertThat(rows(store, "SELECT outcome, row_count FROM audit.statements"))
                    .containsExactly(List.of("succeeded", "5"));
            String after = StatementIds.next();
            trail.begin(TrailFixture.select(after));
            trail.complete(after, TrailFixture.succeeded(1));
            trail.event("end", "test", "");
            assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(5));
        }
    }

    @Test
    void aDatabaseClosedUnderneathIsOpenedAgain() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            String running = StatementIds.next();
            trail.begin(TrailFixture.select(running));
            // it says so itself, by an exception
            assertThatThrownBy(
                            () -> sql(
                                    store,
                                    kind == TestStore.EMBEDDED
                                            ? "SHUTDOWN IMMEDIATELY"
                                            : "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user"))
                    .isInstanceOf(SQLException.class);
            trail.complete(running, TrailFixture.succeeded(2));
            await().atMost(Duration.ofSeconds(10)).until(() -> {
                try {
                    trail.event("probe", "test", "");
                    return true;
                } catch (NicolException e) {
                    assertThat(e.error()).isEqualTo(NicolError.TRAIL_UNAVAILABLE);
                    return false;
                }
            });
            // a connection that died a moment ago may be handed out once more
            await().atMost(Duration.ofSeconds(10)).ignoreExceptions().untilAsserted(() -> assertThat(
                            rows(store, "SELECT outcome, row_count FROM audit.statements"))
                    .containsExactly(List.of("succeeded", "2")));
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
        }
    }

    @Test
    void aReaderThatIsInterruptedDoesNotBreakTheStore() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            for (int i = 0; i < 200; i++) {
                trail.refused(TrailFixture.select(StatementIds.next(), "x".repeat(50_000)), TrailFixture.denied());
            }
            Thread reader = new Thread(() -> {
                Thread.currentThread().interrupt();
                try {
                    rows(store, "SELECT sum(length(sql_text)) FROM audit.statements");
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            reader.start();
            reader.join();
            trail.begin(TrailFixture.select(StatementIds.next()));
            assertThat(trail.broken()).isFalse();
        }
    }

    @Test
    void anInterruptedCallerIsRefusedAndWhatBecameDurableSaysThatNothingRan() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            for (int i = 0; i < 50; i++) {
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> trail.begin(TrailFixture.select(StatementIds.next())))
                        .isInstanceOf(NicolException.class);
                assertThat(Thread.interrupted()).isTrue();
            }
            trail.event("end", "test", "");
            trail.event("end", "test", "");
            assertThat(rows(store, "SELECT count(*) FROM audit.statements WHERE outcome = 'running'"))
                    .containsExactly(List.of("0"));
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
        }
    }

    @Test
    void completingTwiceOrWithoutABeginIsIgnored() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            String id = StatementIds.next();
            trail.begin(TrailFixture.select(id));
            trail.complete(id, TrailFixture.succeeded(1));
            trail.complete(id, TrailFixture.succeeded(2));
            trail.complete("never begun", TrailFixture.succeeded(3));
            trail.event("end", "test", "");
            assertThat(rows(store, "SELECT row_count FROM audit.statements")).containsExactly(List.of("1"));
            assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(3));
        }
    }

    @Test
    void anOrderlyStopWritesEveryOutcomeAndTheNextStartContinuesTheChain() throws Exception {
        StoreSettings settings = kind.settings(directory);
        String orderly = StatementIds.next();
        String left = StatementIds.next();
        try (Store store = Store.open(settings);
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.begin(TrailFixture.select(orderly));
            trail.begin(TrailFixture.select(left));
            trail.complete(orderly, TrailFixture.succeeded(1));
        }
        try (Store store = Store.open(settings);
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.event("login", "bob", "");
            assertThat(rows(store, "SELECT statement_id, outcome FROM audit.statements ORDER BY started_at"))
                    .containsExactly(List.of(orderly, "succeeded"), List.of(left, "interrupted"));
            assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(5));
        }
        assertThat(AuditVerifier.verify(settings)).isEqualTo(TrailFixture.whole(5));
    }

    @Test
    void aStoreHasOneServer() throws Exception {
        StoreSettings settings = kind.settings(directory);
        try (Store store = Store.open(settings)) {
            assertThatThrownBy(() -> Store.open(settings))
                    .isInstanceOf(NicolException.class)
                    .hasMessageContaining("in use by another server")
                    .hasMessageContaining(kind == TestStore.EMBEDDED ? "`store.url`" : "of the name `nicol`");
            assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(0));
        }
        Store.open(settings).close();
    }

    @Test
    void theReaderSeesTheExposedSchemasOnlyAndChangesNothing() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.event("login", "bob", "");
            Store.Reader reader = store.reader();
            assertThat(reader.toString()).doesNotContain(reader.password());
            try (Connection connection = DriverManager.getConnection(reader.url(), reader.user(), reader.password());
                    Statement statement = connection.createStatement()) {
                for (String table : List.of(
                        "audit.statements",
                        "audit.source_queries",
                        "audit.column_access",
                        "Audit.EVENTS",
                        "lineage.statements",
                        "lineage.edges",
                        "lineage.consumers",
                        "lineage.usage",
                        "audit.usage",
                        "audit.column_usage",
                        "policy.rules",
                        "policy.classifications",
                        "approval.requests")) {
                    statement.executeQuery("SELECT * FROM " + table).close();
                }
                for (String forbidden : List.of(
                        "SELECT * FROM internal.event_bytes",
                        "SELECT * FROM internal.usages",
                        "SELECT * FROM internal.shape_columns",
                        "SELECT * FROM internal.approval_bindings",
                        "SELECT * FROM internal.chain_heads",
                        "INSERT INTO policy.rules VALUES ('a', 'b', 'c', 'd', 'e')",
                        "DELETE FROM audit.events",
                        "DROP TABLE audit.events",
                        "CREATE TABLE audit.more (a INTEGER)",
                        kind == TestStore.EMBEDDED
                                ? "SHUTDOWN"
                                : "SET ROLE " + kind.settings(directory).user())) {
                    assertThatThrownBy(() -> statement.execute(forbidden))
                            .as(forbidden)
                            .isInstanceOf(SQLException.class);
                }
            }
        }
    }

    @Test
    void policyRulesShowTheSetInForce() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            PolicyRecords records = new PolicyRecords(trail);
            records.publish("v1", List.of(new PolicyRecords.PublishedRule("a", "grant", "{name: a}")), "server");
            records.publish(
                    "v2",
                    List.of(
                            new PolicyRecords.PublishedRule("b", "grant", "{name: b}"),
                            new PolicyRecords.PublishedRule("c", "column_mask", "{name: c}")),
                    "carol");
            assertThat(rows(store, "SELECT name, kind, definition, policy_version FROM policy.rules ORDER BY name"))
                    .containsExactly(
                            List.of("b", "grant", "{name: b}", "v2"), List.of("c", "column_mask", "{name: c}", "v2"));
            assertThat(rows(store, "SELECT kind, user_name, detail FROM audit.events ORDER BY event_id"))
                    .containsExactly(
                            List.of("policy_load", "server", "policy version v1, 1 rules"),
                            List.of("policy_load", "carol", "policy version v2, 2 rules"));
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
        }
    }

    static List<List<String>> rows(Store store, String sql) throws SQLException {
        return store.jdbi().withHandle(handle -> handle.createQuery(sql)
                .map((result, context) -> {
                    List<String> row = new ArrayList<>();
                    for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                        Object value = result.getObject(i);
                        row.add(value instanceof Boolean ? value.toString().toUpperCase(Locale.ROOT) : "" + value);
                    }
                    return row;
                })
                .list());
    }

    static void sql(Store store, String... statements) throws SQLException {
        try (Connection connection = store.connection();
                Statement statement = connection.createStatement()) {
            for (String one : statements) {
                statement.execute(one);
            }
        }
    }
}
