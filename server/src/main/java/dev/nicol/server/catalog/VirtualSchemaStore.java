package dev.nicol.server.catalog;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.SharedVersions;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.StoreSettings;
import dev.nicol.server.audit.StoredText;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Keeps virtual schemas and views that were created in SQL in the store. */
public final class VirtualSchemaStore implements ViewStorage {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Store store;
    private final StoreAuditTrail trail;

    /** @param trail writes to the store: nothing else may, because it alone makes a commit durable */
    public VirtualSchemaStore(Store store, StoreAuditTrail trail) {
        this.store = store;
        this.trail = trail;
    }

    @Override
    public boolean save(VirtualSchemas.State state, List<ViewChange> changes, long version) {
        // before the transaction: what fails in it keeps the trail from being written
        Map<String, String> pins = new TreeMap<>();
        state.pins().forEach((key, pinned) -> pins.put(key, StoredText.writable(pinned.json())));
        return trail.record(transaction -> {
            Handle handle = transaction.handle();
            if (!SharedVersions.next(handle, SharedVersions.VIRTUAL_SCHEMAS, version)) {
                return false;
            }
            handle.execute("DELETE FROM internal.virtual_views");
            handle.execute("DELETE FROM internal.virtual_schemas");
            handle.execute("DELETE FROM internal.view_pins");
            state.schemas()
                    .forEach((key, schema) -> handle.execute(
                            "INSERT INTO internal.virtual_schemas (schema_name, remark) VALUES (?, ?)",
                            schema,
                            state.remarks().get(key)));
            for (VirtualSchemas.View view : state.views().values()) {
                if (!view.fromFile()) {
                    handle.execute(
                            "INSERT INTO internal.virtual_views (schema_name, view_name, definition, owner, column_names, comments)"
                                    + " VALUES (?, ?, ?, ?, ?, ?)",
                            view.name().schema(),
                            view.name().table(),
                            StoredText.writable(view.sql()),
                            view.owner(),
                            json(view.names()),
                            StoredText.writable(json(view.comments())));
                }
            }
            pins.forEach((key, pinned) -> {
                int end = key.indexOf('\0');
                handle.execute(
                        "INSERT INTO internal.view_pins (schema_name, view_name, pinned) VALUES (?, ?, ?)",
                        key.substring(0, end),
                        key.substring(end + 1),
                        pinned);
            });
            changes.forEach(change -> ViewVersions.add(transaction, change));
            return true;
        });
    }

    @Override
    public int changes(TableName view) {
        return store.read(handle -> ViewVersions.last(handle, view));
    }

    @Override
    public void saveFiles(List<VirtualSchemas.View> files) {
        if (store.<Boolean, RuntimeException>read(handle -> ViewVersions.differ(handle, files))) {
            trail.record(transaction -> {
                ViewVersions.addFiles(transaction, files);
                return null;
            });
        }
    }

    @Override
    public VirtualSchemas.Kept load() {
        return store.read(VirtualSchemaStore::kept);
    }

    /** What a store keeps that no server here has open; null where it cannot be looked into. */
    public static VirtualSchemas.@Nullable Kept peek(StoreSettings settings) {
        return Store.peek(settings, VirtualSchemaStore::kept);
    }

    private static VirtualSchemas.Kept kept(Handle handle) {
        long version = SharedVersions.of(handle, SharedVersions.VIRTUAL_SCHEMAS);
        Map<String, String> schemas = new TreeMap<>();
        Map<String, String> remarks = new TreeMap<>();
        handle.createQuery("SELECT schema_name, remark FROM internal.virtual_schemas")
                .map((row, context) -> {
                    schemas.put(VirtualSchemas.lower(row.getString(1)), row.getString(1));
                    if (row.getString(2) != null) {
                        remarks.put(VirtualSchemas.lower(row.getString(1)), row.getString(2));
                    }
                    return true;
                })
                .list();
        List<VirtualSchemas.View> views = handle.createQuery(
                        "SELECT schema_name, view_name, definition, owner, column_names, comments FROM internal.virtual_views")
                .map((row, context) -> new VirtualSchemas.View(
                        new TableName(VirtualSchemas.CATALOG, row.getString(1), row.getString(2)),
                        row.getString(3),
                        row.getString(5) == null ? List.of() : names(row.getString(5)),
                        row.getString(4),
                        false,
                        row.getString(6) == null ? Map.of() : comments(row.getString(6))))
                .list();
        Map<String, ViewPins> pins = new TreeMap<>();
        handle.createQuery("SELECT schema_name, view_name, pinned FROM internal.view_pins")
                .map((row, context) -> pins.put(
                        VirtualSchemas.key(new TableName(VirtualSchemas.CATALOG, row.getString(1), row.getString(2))),
                        ViewPins.of(row.getString(3))))
                .list();
        return new VirtualSchemas.Kept(version, schemas, views, pins, remarks);
    }

    private static String json(Object value) {
        return JSON.valueToTree(value).toString();
    }

    private static List<String> names(String json) {
        return read(json, new TypeReference<>() {});
    }

    private static Map<String, String> comments(String json) {
        return read(json, new TypeReference<>() {});
    }

    private static <T> T read(String json, TypeReference<T> type) {
        try {
            return JSON.readValue(json, type);
        } catch (JsonProcessingException failure) {
            throw new IllegalArgumentException("not what was stored of a view: " + json, failure);
        }
    }
}
