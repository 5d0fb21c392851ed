package dev.nicol.server.catalog;

import dev.nicol.policy.TableName;
import dev.nicol.server.audit.StoreAuditTrail;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** Keeps virtual schemas and views that were created in SQL in the store. */
public final class VirtualSchemaStore implements VirtualSchemas.Storage {
    private final Jdbi jdbi;
    private final StoreAuditTrail trail;

    /** @param trail writes to the store: nothing else may, because it alone makes a commit durable */
    public VirtualSchemaStore(Jdbi jdbi, StoreAuditTrail trail) {
        this.jdbi = jdbi;
        this.trail = trail;
    }

    @Override
    public void save(VirtualSchemas.State state) {
        trail.record(transaction -> {
            Handle handle = transaction.handle();
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
                            view.sql(),
                            view.owner());
                }
            }
            return null;
        });
    }

    /** The schemas that were saved. */
    public List<String> schemas() {
        return jdbi.withHandle(handle -> handle.createQuery("SELECT schema_name FROM internal.virtual_schemas")
                .mapTo(String.class)
                .list());
    }

    /** The views that were saved. */
    public List<VirtualSchemas.View> views() {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "SELECT schema_name, view_name, definition, owner FROM internal.virtual_views")
                .map((row, context) -> new VirtualSchemas.View(
                        new TableName(VirtualSchemas.CATALOG, row.getString(1), row.getString(2)),
                        row.getString(3),
                        row.getString(4),
                        false))
                .list());
    }
}
