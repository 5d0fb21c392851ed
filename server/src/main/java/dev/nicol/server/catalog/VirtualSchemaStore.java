package dev.nicol.server.catalog;

import dev.nicol.policy.TableName;
import dev.nicol.server.audit.SharedVersions;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.StoredText;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** Keeps virtual schemas and views that were created in SQL in the store. */
public final class VirtualSchemaStore implements VirtualSchemas.Storage {
    private final Store store;
    private final StoreAuditTrail trail;

    /** @param trail writes to the store: nothing else may, because it alone makes a commit durable */
    public VirtualSchemaStore(Store store, StoreAuditTrail trail) {
        this.store = store;
        this.trail = trail;
    }

    @Override
    public boolean save(VirtualSchemas.State state, long version) {
        return trail.record(transaction -> {
            Handle handle = transaction.handle();
            if (!SharedVersions.next(handle, SharedVersions.VIRTUAL_SCHEMAS, version)) {
                return false;
            }
            handle.execute("DELETE FROM internal.virtual_views");
            handle.execute("DELETE FROM internal.virtual_schemas");
            for (String schema : state.schemas().values()) {
                handle.execute("INSERT INTO internal.virtual_schemas (schema_name) VALUES (?)", schema);
            }
            for (VirtualSchemas.View view : state.views().values()) {
                if (!view.fromFile()) {
                    handle.execute(
                            "INSERT INTO internal.virtual_views (schema_name, view_name, definition, owner)"
                                    + " VALUES (?, ?, ?, ?)",
                            view.name().schema(),
                            view.name().table(),
                            StoredText.writable(view.sql()),
                            view.owner());
                }
            }
            return true;
        });
    }

    @Override
    public VirtualSchemas.Kept load() {
        return store.read(handle -> {
            long version = SharedVersions.of(handle, SharedVersions.VIRTUAL_SCHEMAS);
            List<String> schemas = handle.createQuery("SELECT schema_name FROM internal.virtual_schemas")
                    .mapTo(String.class)
                    .list();
            List<VirtualSchemas.View> views = handle.createQuery(
                            "SELECT schema_name, view_name, definition, owner FROM internal.virtual_views")
                    .map((row, context) -> new VirtualSchemas.View(
                            new TableName(VirtualSchemas.CATALOG, row.getString(1), row.getString(2)),
                            row.getString(3),
                            row.getString(4),
                            false))
                    .list();
            return new VirtualSchemas.Kept(version, schemas, views);
        });
    }
}
