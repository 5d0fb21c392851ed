package dev.nicol.server.materialized;

import dev.nicol.policy.TableName;
import dev.nicol.server.audit.SharedVersions;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.StoredText;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Keeps materialised views in the store, for all servers. */
public final class MaterializedViewStore {
    /** The catalog of virtual views. */
    private static final String VIRTUAL = "virtual";

    private static final String OF_VIEW = " WHERE view_schema = ? AND view_name = ?";

    private final Store store;
    private final StoreAuditTrail trail;
    private final String server;

    /** @param server the name of this one among those of the store */
    public MaterializedViewStore(Store store, StoreAuditTrail trail, String server) {
        this.store = store;
        this.trail = trail;
        this.server = server;
    }

    /** A storage table and the view that it was made for. */
    public record Storage(TableName table, TableName view) {}

    /** Everything, and its version. */
    record State(long version, List<MaterializedView> views, List<Storage> storage) {}

    State load() {
        return store.read(handle -> new State(
                SharedVersions.of(handle, SharedVersions.MATERIALIZED_VIEWS),
                handle.createQuery(
                                "SELECT m.*, p.digest FROM policy.materialized_views m LEFT JOIN"
                                        + " internal.materialized_plans p ON p.view_schema = m.view_schema AND p.view_name = m.view_name")
                        .map((row, context) -> view(row))
                        .list(),
                handle.createQuery("SELECT * FROM internal.storage_tables")
                        .map((row, context) -> new Storage(storage(row), name(row)))
                        .list()));
    }

    private static TableName name(ResultSet row) throws SQLException {
        return new TableName(VIRTUAL, row.getString("view_schema"), row.getString("view_name"));
    }

    private static TableName storage(ResultSet row) throws SQLException {
        return new TableName(
                row.getString("storage_source"), row.getString("storage_schema"), row.getString("storage_table"));
    }

    private static MaterializedView view(ResultSet row) throws SQLException {
        long every = row.getLong("refresh_every_s");
        boolean periodic = !row.wasNull();
        String digest = row.getString("digest");
        Instant refreshed = instant(row, "refreshed_at");
        return new MaterializedView(
                name(row),
                new MaterializedView.Place(row.getString("storage_source"), row.getString("storage_schema")),
                periodic ? Duration.ofSeconds(every) : null,
                row.getString("definer"),
                row.getString("purpose"),
                digest == null || refreshed == null || row.getString("storage_table") == null
                        ? null
                        : new MaterializedView.Rows(storage(row), digest, refreshed, row.getLong("row_count")),
                row.getString("problem"),
                instant(row, "due_at"));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime moment = row.getObject(column, OffsetDateTime.class);
        return moment == null ? null : moment.toInstant();
    }

    private static @Nullable OffsetDateTime moment(@Nullable Instant instant) {
        return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
    }

    /** Puts a view in the place of what is known of it. */
    void save(MaterializedView view) {
        change(handle -> {
            forget(handle, view.name());
            MaterializedView.Rows rows = view.rows();
            handle.execute(
                    "INSERT INTO policy.materialized_views (view_schema, view_name, storage_source, storage_schema,"
                            + " storage_table, refresh_every_s, definer, purpose, refreshed_at, row_count, due_at, problem)"
                            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    view.name().schema(),
                    view.name().table(),
                    view.place().source(),
                    view.place().schema(),
                    rows == null ? null : rows.table().table(),
                    view.every() == null ? null : view.every().toSeconds(),
                    view.definer(),
                    view.purpose(),
                    rows == null ? null : moment(rows.refreshedAt()),
                    rows == null ? null : rows.count(),
                    moment(view.dueAt()),
                    view.problem() == null ? null : StoredText.writable(view.problem()));
            if (rows != null) {
                handle.execute(
                        "INSERT INTO internal.materialized_plans (view_schema, view_name, digest) VALUES (?, ?, ?)",
                        view.name().schema(),
                        view.name().table(),
                        rows.digest());
            }
        });
    }

    void remove(TableName view) {
        change(handle -> forget(handle, view));
    }

    private static void forget(Handle handle, TableName view) {
        handle.execute("DELETE FROM policy.materialized_views" + OF_VIEW, view.schema(), view.table());
        handle.execute("DELETE FROM internal.materialized_plans" + OF_VIEW, view.schema(), view.table());
    }

    /** To be said before the table is made: one that nobody knows of would never be dropped. */
    void addStorage(Storage storage) {
        change(handle -> {
            removeStorage(handle, storage.table());
            handle.execute(
                    "INSERT INTO internal.storage_tables (storage_source, storage_schema, storage_table, view_schema, view_name)"
                            + " VALUES (?, ?, ?, ?, ?)",
                    storage.table().catalog(),
                    storage.table().schema(),
                    storage.table().table(),
                    storage.view().schema(),
                    storage.view().table());
        });
    }

    void removeStorage(TableName table) {
        change(handle -> removeStorage(handle, table));
    }

    private static void removeStorage(Handle handle, TableName table) {
        handle.execute(
                "DELETE FROM internal.storage_tables WHERE storage_source = ? AND storage_schema = ? AND storage_table = ?",
                table.catalog(),
                table.schema(),
                table.table());
    }

    /** Takes a view for a refresh until a moment; false where another server has it. */
    boolean take(TableName view, Instant until) {
        return trail.record(transaction -> {
            Handle handle = transaction.handle();
            handle.execute(
                    "DELETE FROM internal.refreshes" + OF_VIEW + " AND (until < ? OR server = ?)",
                    view.schema(),
                    view.table(),
                    moment(transaction.now()),
                    server);
            return handle.execute(
                            "INSERT INTO internal.refreshes (view_schema, view_name, server, until) SELECT ?, ?, ?, ?"
                                    + " WHERE NOT EXISTS (SELECT 1 FROM internal.refreshes" + OF_VIEW + ")",
                            view.schema(),
                            view.table(),
                            server,
                            moment(until),
                            view.schema(),
                            view.table())
                    == 1;
        });
    }

    void release(TableName view) {
        trail.record(transaction -> transaction
                .handle()
                .execute(
                        "DELETE FROM internal.refreshes" + OF_VIEW + " AND server = ?",
                        view.schema(),
                        view.table(),
                        server));
    }

    private interface Change {
        void in(Handle handle);
    }

    private void change(Change change) {
        trail.record(transaction -> {
            change.in(transaction.handle());
            SharedVersions.next(transaction.handle(), SharedVersions.MATERIALIZED_VIEWS);
            return true;
        });
    }
}
