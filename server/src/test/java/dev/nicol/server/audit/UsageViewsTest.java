package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.lineage.LineageEdge.Kind;
import dev.nicol.policy.Subject;
import dev.nicol.server.testing.SetClock;
import dev.nicol.server.testing.TestStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What is summed up says what the statements say, one by one. */
@ParameterizedClass
@EnumSource(TestStore.class)
class UsageViewsTest {
    private static final String CONTEXT =
            "s.user_name, s.agent, s.on_behalf_of, s.purpose, s.job, s.model, s.statement_kind, s.verdict, s.outcome";
    private static final String SUMMED = ", SUM(s.statements), SUM(s.row_count), MIN(s.first_at), MAX(s.last_at) FROM ";
    private static final String COUNTED =
            ", COUNT(*), SUM(COALESCE(s.row_count, 0)), MIN(s.started_at), MAX(s.started_at) FROM ";
    private static final String COLUMN = "a.column_name, a.tags, a.access, a.mask, a.rule, ";
    private static final String EDGE =
            "a.phase, a.target, a.target_column, a.target_ordinal, a.source_column, a.kind, a.direct, a.masked, ";
    private static final List<String> OUTCOMES =
            List.of("succeeded", "succeeded", "succeeded", "failed", "cancelled", "timed_out", "interrupted");

    @Parameter
    TestStore kind;

    @TempDir
    Path directory;

    private final SetClock clock = new SetClock();
    private final Random random = new Random(20);
    private final List<String> running = new ArrayList<>();

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private AuditTrail.Intent intent(String id, String verdict) {
        Subject subject = Subject.human(one(List.of("alice", "bob")), Set.of(), Set.of(), Map.of());
        subject = random.nextBoolean() ? subject.withPurpose("churn") : subject;
        boolean masked = random.nextBoolean();
        List<LineageEdge> edges = List.of(
                new LineageEdge("mail", 1, TrailFixture.CUSTOMERS, "email", Kind.IDENTITY, masked),
                new LineageEdge("mails", 2, TrailFixture.CUSTOMERS, "email", Kind.AGGREGATION, masked),
                new LineageEdge(null, 0, TrailFixture.CUSTOMERS, "region", Kind.FILTER, false));
        Lineage lineage = random.nextInt(4) == 0 ? Lineage.UNKNOWN : new Lineage(true, edges);
        return new AuditTrail.Intent(
                id,
                subject,
                "connection",
                "…",
                List.of(),
                one(List.of("SELECT", "SELECT", "SELECT", "SELECT", "SELECT", "SELECT", "EXPLAIN_PLAN", "CREATE_VIEW")),
                verdict,
                List.of(),
                null,
                "v1",
                new AuditTrail.Flow(null, lineage, masked ? lineage : null),
                List.of(
                        new AuditTrail.ColumnAccess(
                                TrailFixture.CUSTOMERS,
                                "email",
                                List.of("EMAIL"),
                                "read",
                                masked ? "redact" : null,
                                masked ? "mails" : null),
                        new AuditTrail.ColumnAccess(
                                TrailFixture.CUSTOMERS, "region", List.of(), masked ? "policy" : "read", null, null)));
    }

    /** Statements that run at once and end in any order, by a clock that goes back at times. */
    private void statements(StoreAuditTrail trail, int count) {
        for (int i = 0; i < count; i++) {
            clock.move(Duration.ofMillis(random.nextInt(2_000) - 300));
            String id = StatementIds.next();
            if (random.nextInt(8) == 0) {
                trail.refused(intent(id, "denied"), TrailFixture.denied());
            } else {
                trail.begin(intent(id, one(List.of("allowed", "allowed", "allowed", "warned"))));
                running.add(id);
            }
            while (running.size() > random.nextInt(6)) {
                end(trail);
            }
        }
    }

    private void end(StoreAuditTrail trail) {
        String id = running.remove(random.nextInt(running.size()));
        AuditTrail.Outcome of = TrailFixture.succeeded(random.nextInt(3));
        trail.complete(
                id,
                new AuditTrail.Outcome(
                        one(OUTCOMES), null, null, of.rows(), of.bytes(), of.durationMs(), of.sourceQueries()));
    }

    private void requireSums(Store store) throws Exception {
        requireSame(
                store,
                "SELECT " + CONTEXT + SUMMED + "audit.usage s GROUP BY " + CONTEXT,
                "SELECT " + CONTEXT + COUNTED + "audit.statements s WHERE s.outcome <> 'running' GROUP BY " + CONTEXT);
        String ofColumns = COLUMN + CONTEXT;
        requireSame(
                store,
                ("SELECT " + ofColumns + SUMMED + "audit.column_usage s GROUP BY " + ofColumns).replace("a.", "s."),
                "SELECT " + ofColumns + COUNTED + "audit.statements s JOIN audit.column_access a"
                        + " ON a.statement_id = s.statement_id WHERE s.outcome <> 'running' GROUP BY " + ofColumns);
        String ofEdges = EDGE + CONTEXT;
        requireSame(
                store,
                ("SELECT " + ofEdges + SUMMED + "lineage.usage s GROUP BY " + ofEdges).replace("a.", "s."),
                "SELECT " + ofEdges + COUNTED + "audit.statements s JOIN lineage.edges a"
                        + " ON a.statement_id = s.statement_id WHERE s.outcome <> 'running' GROUP BY " + ofEdges);
        requireSame(store, "SELECT * FROM lineage.consumers", consumersOfStatements());
        assertThat(AuditVerifier.verify(store).problems()).isEmpty();
    }

    private static void requireSame(Store store, String summed, String counted) throws Exception {
        List<List<String>> expected = StoreAuditTrailTest.rows(store, counted);
        assertThat(expected).isNotEmpty();
        assertThat(StoreAuditTrailTest.rows(store, summed)).as(summed).containsExactlyInAnyOrderElementsOf(expected);
    }

    /** The view as it was over statements. */
    private static String consumersOfStatements() throws Exception {
        try (java.io.InputStream migration = Store.class.getResourceAsStream("migration/V5__flows.sql")) {
            String sql = new String(migration.readAllBytes(), StandardCharsets.UTF_8);
            String view = "CREATE OR REPLACE VIEW lineage.consumers AS";
            return sql.substring(sql.indexOf(view) + view.length(), sql.lastIndexOf(';'));
        }
    }

    @Test
    void sumsSayWhatTheStatementsSay() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock)) {
            statements(trail, 300);
            trail.event("end", "test", "");
            requireSums(store);
        }
    }

    @Test
    void whatIsDroppedLeavesTheSums() throws Exception {
        RetentionRules rules = new RetentionRules(Duration.ofDays(1), List.of());
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock)) {
            Retention retention = new Retention(store, trail, rules, Undelivered.NOTHING, clock, 40);
            statements(trail, 150);
            clock.move(Duration.ofDays(2));
            statements(trail, 150);
            trail.event("half", "test", "");
            for (int i = 0; i < 3; i++) {
                assertThat(retention.dropNext()).isEqualTo(40);
                requireSums(store);
            }
            retention.run();
            requireSums(store);
            while (!running.isEmpty()) {
                end(trail);
            }
            clock.move(Duration.ofDays(2));
            trail.event("end", "test", "");
            retention.run();
            for (String table : List.of("usages", "usage_sums", "shapes", "shape_edges", "shape_columns")) {
                assertThat(StoreAuditTrailTest.rows(store, "SELECT * FROM internal." + table))
                        .as(table)
                        .isEmpty();
            }
            assertThat(AuditVerifier.verify(store).problems()).isEmpty();
            statements(trail, 50);
            trail.event("again", "test", "");
            requireSums(store);
        }
    }

    /** The last begun is the first that ends, each in a transaction of its own. */
    @Test
    void firstAndLastAreTimesOfTheStart() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock)) {
            for (String id : List.of("0190-1", "0190-2", "0190-3")) {
                trail.begin(TrailFixture.select(id));
                clock.move(Duration.ofSeconds(1));
            }
            for (String id : List.of("0190-2", "0190-3", "0190-1")) {
                trail.complete(id, TrailFixture.succeeded(1));
                trail.event("after", "test", id);
                requireSums(store);
            }
        }
    }

    /** However often it is run. */
    @Test
    void aStatementThatRepeatsAddsARowOfItsOwnOnly() throws Exception {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock)) {
            for (int i = 0; i < 20; i++) {
                String id = StatementIds.next();
                trail.begin(TrailFixture.select(id));
                trail.complete(id, TrailFixture.succeeded(2));
            }
            trail.event("end", "test", "");
            assertThat(StoreAuditTrailTest.rows(store, "SELECT count(*) FROM audit.column_access"))
                    .containsExactly(List.of("40"));
            assertThat(StoreAuditTrailTest.rows(store, "SELECT statements, row_count FROM audit.usage"))
                    .containsExactly(List.of("20", "40"));
            for (String table : List.of("usages 1", "usage_sums 1", "shapes 1", "shape_edges 2", "shape_columns 2")) {
                String[] rows = table.split(" ");
                assertThat(StoreAuditTrailTest.rows(store, "SELECT count(*) FROM internal." + rows[0]))
                        .as(table)
                        .containsExactly(List.of(rows[1]));
            }
        }
    }
}
