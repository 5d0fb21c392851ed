package dev.nicol.server.catalog;

import dev.nicol.policy.TableName;
import dev.nicol.server.audit.ActTransaction;
import dev.nicol.server.audit.StoredText;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/** The history of views in the store: rows are added and never changed. */
final class ViewVersions {
    private static final Set<String> IN_A_FILE = Set.of("file", "file_changed");

    private ViewVersions() {}

    private record Last(String change, String definition, String changedBy) {}

    /** Adds a change, numbered within the name that the view has after it. */
    static void add(ActTransaction transaction, ViewChange change) {
        transaction
                .handle()
                .execute(
                        "INSERT INTO policy.view_versions (view_schema, view_name, version, change, definition, changed_by, changed_at)"
                                + " VALUES (?, ?, ?, ?, ?, ?, ?)",
                        change.view().schema(),
                        change.view().table(),
                        last(transaction.handle(), change.view()) + 1,
                        change.change(),
                        StoredText.writable(change.definition()),
                        change.changedBy(),
                        transaction.now().atOffset(ZoneOffset.UTC));
    }

    /** The number of the last change of a view; 0 where there is none. */
    static int last(Handle handle, TableName view) {
        return handle.createQuery("SELECT COALESCE(MAX(version), 0) FROM policy.view_versions"
                        + " WHERE view_schema = ? AND view_name = ?")
                .bind(0, view.schema())
                .bind(1, view.table())
                .mapTo(Integer.class)
                .one();
    }

    /** Whether {@link #addFiles} would add anything. */
    static boolean differ(Handle handle, List<VirtualSchemas.View> files) {
        return !changes(handle, files).isEmpty();
    }

    /** Adds what views of files are not as they were last; views that no file has any more lose what was pinned for them. */
    static void addFiles(ActTransaction transaction, List<VirtualSchemas.View> files) {
        for (ViewChange change : changes(transaction.handle(), files)) {
            add(transaction, change);
            if (change.change().equals("file_removed")) {
                transaction
                        .handle()
                        .execute(
                                "DELETE FROM internal.view_pins WHERE schema_name = ? AND view_name = ?",
                                VirtualSchemas.lower(change.view().schema()),
                                VirtualSchemas.lower(change.view().table()));
            }
        }
    }

    private static List<ViewChange> changes(Handle handle, List<VirtualSchemas.View> files) {
        Map<TableName, Last> known = new LinkedHashMap<>();
        handle.createQuery(
                        "SELECT view_schema, view_name, change, definition, changed_by FROM policy.view_versions v"
                                + " WHERE version = (SELECT MAX(w.version) FROM policy.view_versions w"
                                + " WHERE w.view_schema = v.view_schema AND w.view_name = v.view_name) ORDER BY view_schema, view_name")
                .map((row, context) -> {
                    known.put(
                            new TableName(VirtualSchemas.CATALOG, row.getString(1), row.getString(2)),
                            new Last(row.getString(3), row.getString(4), row.getString(5)));
                    return true;
                })
                .list();
        List<ViewChange> changes = new ArrayList<>();
        for (VirtualSchemas.View file : files) {
            Last last = known.remove(file.name());
            String definition = StoredText.writable(file.definition());
            boolean there = last != null && IN_A_FILE.contains(last.change());
            if (last == null || !there || !last.definition().equals(definition)) {
                changes.add(
                        new ViewChange(file.name(), there ? "file_changed" : "file", file.definition(), file.owner()));
            }
        }
        known.forEach((name, last) -> {
            if (IN_A_FILE.contains(last.change())) {
                changes.add(new ViewChange(name, "file_removed", last.definition(), last.changedBy()));
            }
        });
        return changes;
    }
}
