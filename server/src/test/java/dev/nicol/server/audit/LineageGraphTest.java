package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.lineage.LineageEdge.Kind;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.LineageGraph.Direction;
import dev.nicol.server.audit.LineageGraph.Viewer;
import dev.nicol.server.testing.TestStore;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The summed flows of a trail, and what a search over them finds, straight at the store. */
@ParameterizedClass
@EnumSource(TestStore.class)
class LineageGraphTest {
    private static final Viewer AUDITOR = new Viewer("audra", true);
    private static final Lineage UNKNOWN = Lineage.UNKNOWN;

    @Parameter
    TestStore kind;

    @TempDir
    Path directory;

    private int statements;

    private static TableName table(String name) {
        return new TableName("crm", "public", name);
    }

    private static LineageEdge edge(@Nullable String target, String table, String column, Kind kind) {
        return new LineageEdge(target, target == null ? 0 : 1, table(table), column, kind, false);
    }

    private static AuditTrail.ColumnAccess access(String table, String column, String access) {
        return new AuditTrail.ColumnAccess(table(table), column, List.of(), access, null, null);
    }

    /** A statement that ends well. */
    private void run(
            StoreAuditTrail trail,
            String user,
            @Nullable String target,
            Lineage asked,
            AuditTrail.ColumnAccess... columns) {
        String id = "0190-" + (1000 + statements++);
        trail.begin(new AuditTrail.Intent(
                id,
                Subject.human(user, Set.of(), Set.of(), Map.of()),
                "connection",
                "…",
                List.of(),
                target == null ? "SELECT" : "INSERT",
                "allowed",
                List.of(),
                null,
                "v1",
                new AuditTrail.Flow(target == null ? null : table(target), asked, asked),
                List.of(columns)));
        trail.complete(id, TrailFixture.succeeded(1));
    }

    private static Lineage of(LineageEdge... edges) {
        return new Lineage(true, List.of(edges));
    }

    private static List<String> search(LineageGraph graph, Direction direction, Viewer viewer, String... start) {
        return graph.search(direction, List.of(start), viewer).stream()
                .map(reached -> reached.depth() + " " + words(reached.flow().source()) + " -> "
                        + words(reached.flow().target()) + " " + reached.flow().kind() + " x"
                        + reached.flow().statements())
                .sorted()
                .toList();
    }

    private static String words(FlowColumn column) {
        String table = column.table() == null ? "result" : column.table().table();
        return table + (column.column() == null ? "" : "." + column.column());
    }

    private void fill(StoreAuditTrail trail) {
        run(trail, "ann", "b", of(edge("x", "a", "x", Kind.IDENTITY), edge(null, "a", "y", Kind.FILTER)));
        run(trail, "ben", "b", of(edge("x", "a", "x", Kind.IDENTITY)));
        run(trail, "ann", "c", UNKNOWN, access("b", "x", "read"), access("a", "hidden", "policy"));
        run(
                trail,
                "ben",
                null,
                of(edge("v", "c", "z", Kind.TRANSFORMATION), edge("v", "a", "q", Kind.CONDITIONAL)),
                access("a", "q", "policy"));
        trail.refused(TrailFixture.select("0190-" + (1000 + statements++)), TrailFixture.denied());
    }

    @Test
    void flowsOfUnknownLineageReachAllOfTheirTarget() {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            fill(trail);
            LineageGraph graph = new LineageGraph(store, List::of);

            assertThat(search(graph, Direction.DOWNSTREAM, AUDITOR, "crm", "public", "a", "x"))
                    .containsExactly(
                            "1 a.x -> b.x IDENTITY x2", "2 b.x -> c UNKNOWN x1", "3 c.z -> result.v TRANSFORMATION x1");
            assertThat(search(graph, Direction.UPSTREAM, AUDITOR, "crm", "public", "c", "z"))
                    .containsExactly("1 b.x -> c UNKNOWN x1", "2 a.x -> b.x IDENTITY x2", "2 a.y -> b FILTER x1");
        }
    }

    @Test
    void refusedStatementsMoveNothingAndPolicyReadsAreForAuditors() {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            fill(trail);
            LineageGraph graph = new LineageGraph(store, List::of);

            assertThat(search(graph, Direction.DOWNSTREAM, AUDITOR, "crm", "public", "customers"))
                    .isEmpty();
            assertThat(search(graph, Direction.DOWNSTREAM, AUDITOR, "crm", "public", "a", "q"))
                    .containsExactly("1 a.q -> result.v CONDITIONAL x1");
            Viewer ben = new Viewer("ben", false);
            assertThat(search(graph, Direction.DOWNSTREAM, ben, "crm", "public", "a"))
                    .containsExactly("1 a.x -> b.x IDENTITY x1");
        }
    }

    @Test
    void aSearchBeyondItsBoundIsRefused() {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            fill(trail);

            assertThat(search(
                            new LineageGraph(store, List::of, 3),
                            Direction.DOWNSTREAM,
                            AUDITOR,
                            "crm",
                            "public",
                            "a",
                            "x"))
                    .hasSize(3);
            assertThatThrownBy(() -> new LineageGraph(store, List::of, 2)
                            .search(Direction.DOWNSTREAM, List.of("crm", "public", "a", "x"), AUDITOR))
                    .isInstanceOfSatisfying(NicolException.class, refusal -> assertThat(refusal.error())
                            .isEqualTo(NicolError.OUT_OF_BUDGET))
                    .hasMessageContaining("More than 2 flows");
        }
    }

    /** As many steps as a chain is long, and a circle at its end. */
    @Test
    void aLongChainIsFollowedToItsEnd() {
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            for (int i = 0; i < 50; i++) {
                run(trail, "ann", "t" + (i + 1), of(edge("x", "t" + i, "x", Kind.IDENTITY)));
            }
            run(trail, "ann", "t0", of(edge("x", "t50", "x", Kind.IDENTITY)));

            assertThat(new LineageGraph(store, List::of)
                            .search(Direction.UPSTREAM, List.of("crm", "public", "t50", "x"), AUDITOR))
                    .hasSize(51)
                    .extracting(LineageGraph.Reached::depth)
                    .contains(1, 50, 51);
        }
    }

    @Test
    void theSumsOfAnOldStoreAreMadeWhenItIsOpened() throws Exception {
        List<String> flows;
        List<List<List<String>>> usages;
        int servers = kind == TestStore.POSTGRESQL ? 2 : 1;
        for (int i = 1; i < servers; i++) {
            try (Store other = Store.open(TestStore.as("other", kind.settings(directory)));
                    StoreAuditTrail trail = StoreAuditTrail.open(other)) {
                fill(trail);
            }
        }
        try (Store store = Store.open(kind.settings(directory))) {
            try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
                fill(trail);
                trail.begin(TrailFixture.select("0190-running"));
            }
            flows = flows(store);
            usages = OldStore.usages(store);
            OldStore.withoutUsages(store);
            StoreAuditTrailTest.sql(
                    store,
                    "DROP TABLE internal.flows",
                    "DROP TABLE internal.dropped_segments",
                    "DROP TABLE audit.rows_touched",
                    "DROP VIEW audit.sinks",
                    "DROP TABLE internal.sinks",
                    "ALTER TABLE audit.statements DROP COLUMN bound_values",
                    "DELETE FROM internal.\"flyway_schema_history\" WHERE \"version\" IN ('5', '5.1', '6', '7', '8', '9')");
        }
        try (Store store = Store.open(kind.settings(directory))) {
            assertThat(flows).hasSize(6 * servers + 2);
            assertThat(flows(store)).isEqualTo(flows);
            assertThat(usages).noneMatch(List::isEmpty);
            assertThat(OldStore.usages(store)).isEqualTo(usages);
            assertThat(AuditVerifier.verify(store).problems()).isEmpty();
            try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
                fill(trail);
            }
            assertThat(AuditVerifier.verify(store).problems()).isEmpty();
        }
    }

    /** Its events had no server: they are of the one that opens it now. */
    @Test
    void theEventsOfAStoreOfOneServerAreSummedUp() throws Exception {
        StoreSettings settings = kind.settings(directory);
        boolean postgres = kind == TestStore.POSTGRESQL;
        String url = postgres
                ? settings.url()
                : settings.url().replace("h2:file:", "h2:async:")
                        + ";DATABASE_TO_LOWER=TRUE;CASE_INSENSITIVE_IDENTIFIERS=TRUE";
        String user = postgres ? settings.user() : "nicol";
        String password = postgres ? settings.password() : "";
        Flyway.configure()
                .dataSource(url, user, password)
                .locations("classpath:dev/nicol/server/audit/migration")
                .defaultSchema("internal")
                .createSchemas(true)
                .placeholders(Map.of("bytes", postgres ? "BYTEA" : "VARBINARY", "server", "unused"))
                .target("3")
                .repeatableSqlMigrationPrefix("the views are of today's tables")
                .load()
                .migrate();
        try (Connection connection = DriverManager.getConnection(url, user, password);
                PreparedStatement bytes =
                        connection.prepareStatement("INSERT INTO internal.event_bytes VALUES (?, 1, ?)")) {
            for (int id = 1; id <= 3; id++) {
                AuditTrail.Intent intent = TrailFixture.select("0190-" + id);
                Instant at = Instant.parse("2026-11-23T12:00:0" + id + "Z");
                bytes.setLong(1, id);
                bytes.setBytes(2, TrailEvent.intent(intent, at).payload());
                bytes.execute();
            }
        }
        try (Store store = Store.open(settings)) {
            assertThat(StoreAuditTrailTest.rows(
                            store,
                            "SELECT server, user_name, source_column, target_table, kind, statements,"
                                    + " last_statement_id FROM internal.flows ORDER BY source_column"))
                    .containsExactly(
                            List.of("nicol", "alice", "email", "result", "IDENTITY", "3", "0190-3"),
                            List.of("nicol", "alice", "region", "result", "FILTER", "3", "0190-3"));
        }
    }

    private static List<String> flows(Store store) {
        return store.jdbi().withHandle(handle -> handle.createQuery("SELECT * FROM internal.flows ORDER BY flow_id")
                .mapToMap()
                .map(row -> row.toString())
                .list());
    }
}
