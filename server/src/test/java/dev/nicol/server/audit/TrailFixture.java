package dev.nicol.server.audit;

import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.server.testing.TestStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Statements to record, and a store in a directory. */
final class TrailFixture {
    static final TableName CUSTOMERS = new TableName("crm", "public", "customers");

    private TrailFixture() {}

    /** The embedded store of a directory. */
    static StoreSettings embedded(Path directory) {
        return TestStore.EMBEDDED.settings(directory);
    }

    /** What is said of a store of one server that is as it was written. */
    static AuditVerifier.Report whole(long events) {
        return of(events, null, null);
    }

    static AuditVerifier.Report of(long events, @Nullable Long brokenId, @Nullable String problem) {
        return new AuditVerifier.Report(
                List.of(new AuditVerifier.Chain(StoreSettings.DEFAULT_SERVER, events, 0, brokenId, problem)), null);
    }

    static AuditTrail.Intent select(String statementId) {
        return select(statementId, "SELECT email FROM crm.public.customers WHERE region = 'EU'");
    }

    static AuditTrail.Intent select(String statementId, String sql) {
        Subject alice = Subject.human("alice", Set.of("analysts"), Set.of(), Map.of("region", "EU"))
                .withPurpose("churn")
                .withClient("dbeaver");
        return new AuditTrail.Intent(
                statementId,
                alice,
                "connection-1",
                sql,
                List.of(),
                "SELECT",
                "allowed",
                List.of("analysts-read-crm", "own-region"),
                null,
                "v1",
                new AuditTrail.Flow(
                        null,
                        new Lineage(
                                true,
                                List.of(
                                        new LineageEdge(
                                                "email", 1, CUSTOMERS, "email", LineageEdge.Kind.IDENTITY, true),
                                        new LineageEdge(null, 0, CUSTOMERS, "region", LineageEdge.Kind.FILTER, false))),
                        null),
                List.of(
                        new AuditTrail.ColumnAccess(CUSTOMERS, "email", List.of("EMAIL"), "read", "redact", "emails"),
                        new AuditTrail.ColumnAccess(CUSTOMERS, "region", List.of(), "read", null, null)));
    }

    static AuditTrail.Outcome succeeded(long rows) {
        return new AuditTrail.Outcome(
                "succeeded",
                null,
                null,
                rows,
                rows * 10,
                7,
                List.of(new AuditTrail.SourceQuery("crm", "production", "SELECT '***' FROM customers", rows, 5)));
    }

    /** The same of a statement whose rows the trail tells apart, but for some. */
    static AuditTrail.Outcome touching(long rows) {
        AuditTrail.Outcome of = succeeded(rows);
        return new AuditTrail.Outcome(
                of.outcome(),
                of.sqlState(),
                of.detail(),
                of.rows(),
                of.bytes(),
                of.durationMs(),
                of.sourceQueries(),
                List.of(
                        new AuditTrail.RowsTouched(CUSTOMERS, "read", List.of("0a", "0b"), true),
                        new AuditTrail.RowsTouched(CUSTOMERS, "update", List.of("0a"), false)));
    }

    static AuditTrail.Outcome denied() {
        return new AuditTrail.Outcome("denied", "42501", "no grant", 0, 0, 1, List.of());
    }
}
