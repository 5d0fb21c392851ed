package dev.nicol.server.catalog;

import dev.nicol.policy.TableName;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.StoredText;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jdbi.v3.core.Handle;

/** What the trail was told of views: kept in the store, so that no start and no other server tells it again. */
public final class ViewReports {
    private static final String SYSTEM = "nicol";
    private static final String BROKEN = "view_broken";

    private final Store store;
    private final StoreAuditTrail trail;

    public ViewReports(Store store, StoreAuditTrail trail) {
        this.store = store;
        this.trail = trail;
    }

    /** A kind of event about a view. */
    public record Report(TableName view, String kind) implements Comparable<Report> {
        @Override
        public int compareTo(Report other) {
            int views = view.compareTo(other.view);
            return views != 0 ? views : kind.compareTo(other.kind);
        }
    }

    /**
     * Writes an event for each report that is new, and {@code view_holds} where a view is not broken any more.
     *
     * @param now everything that is to be told of views, with its text
     * @param untold views of which nothing can be said now: what was told of them stands
     * @param known whether there is a view of that name
     */
    public void tell(Map<Report, String> now, Predicate<TableName> untold, Predicate<TableName> known) {
        if (store.<Boolean, RuntimeException>read(
                handle -> after(told(handle), now, untold).equals(told(handle)))) {
            return;
        }
        trail.record(transaction -> {
            Map<Report, String> before = told(transaction.handle());
            Map<Report, String> after = after(before, now, untold);
            after.forEach((report, problem) -> {
                if (!problem.equals(before.get(report))) {
                    transaction.event(report.kind(), SYSTEM, report.view() + ": " + problem);
                }
            });
            for (Report report : before.keySet()) {
                if (report.kind().equals(BROKEN) && !after.containsKey(report) && known.test(report.view())) {
                    transaction.event("view_holds", SYSTEM, report.view().toString());
                }
            }
            transaction.handle().execute("DELETE FROM internal.view_reports");
            after.forEach((report, problem) -> transaction
                    .handle()
                    .execute(
                            "INSERT INTO internal.view_reports (schema_name, view_name, kind, problem) VALUES (?, ?, ?, ?)",
                            report.view().schema(),
                            report.view().table(),
                            report.kind(),
                            problem));
            return null;
        });
    }

    private static Map<Report, String> after(
            Map<Report, String> before, Map<Report, String> now, Predicate<TableName> untold) {
        Map<Report, String> after = new TreeMap<>();
        now.forEach((report, problem) -> after.put(report, StoredText.writable(problem)));
        before.forEach((report, problem) -> {
            if (untold.test(report.view())) {
                after.putIfAbsent(report, problem);
            }
        });
        return after;
    }

    private static Map<Report, String> told(Handle handle) {
        Map<Report, String> told = new TreeMap<>();
        handle.createQuery("SELECT schema_name, view_name, kind, problem FROM internal.view_reports")
                .map((row, context) -> told.put(
                        new Report(
                                new TableName(VirtualSchemas.CATALOG, row.getString(1), row.getString(2)),
                                row.getString(3)),
                        row.getString(4)))
                .list();
        return told;
    }
}
