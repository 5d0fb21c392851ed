package dev.nicol.server.classification;

import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classification;
import dev.nicol.server.audit.SharedVersions;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.StoredText;
import dev.nicol.server.classification.TableTags.Carried;
import dev.nicol.server.classification.TableTags.Examined;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Keeps what is known of columns in the store; {@code policy.classifications} shows the tags. */
public final class TagStore {
    private static final String FOUND = "found";
    private static final String CARRIED = "carried";
    private static final String LINEAGE = "lineage";

    private final Store store;
    private final StoreAuditTrail trail;

    /** @param trail writes to the store: nothing else may, because it alone makes a commit durable */
    public TagStore(Store store, StoreAuditTrail trail) {
        this.store = store;
        this.trail = trail;
    }

    /** Why something is saved: what the trail's event says. */
    record Reason(String kind, String userName, String detail) {}

    /** What is kept. */
    record Kept(long version, Map<TableName, TableTags> tables) {}

    /** Whether other servers change it too. */
    boolean shared() {
        return store.shared();
    }

    /**
     * Replaces all that is kept of some tables, with an event, in one transaction.
     *
     * @return false where what is kept is not of that version any more: then nothing has changed
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE}: nothing has changed
     */
    boolean save(Map<TableName, TableTags> changed, long version, Reason reason) {
        return trail.record(transaction -> {
            Handle handle = transaction.handle();
            if (!SharedVersions.next(handle, SharedVersions.TAGS, version)) {
                return false;
            }
            changed.forEach((table, tags) -> replace(handle, table, tags));
            transaction.event(reason.kind(), reason.userName(), reason.detail());
            return true;
        });
    }

    /** Replaces what is shown of virtual views. */
    void saveViews(Map<TableName, Map<String, List<Classification>>> views, Reason reason) {
        trail.record(transaction -> {
            Handle handle = transaction.handle();
            SharedVersions.next(handle, SharedVersions.VIEW_TAGS);
            handle.execute("DELETE FROM policy.classifications WHERE origin = ?", LINEAGE);
            Tags tags = new Tags(handle);
            views.forEach((view, columns) -> columns.forEach(
                    (column, found) -> found.forEach(tag -> tags.add(view, column, tag, transaction.now(), LINEAGE))));
            tags.write();
            transaction.event(reason.kind(), reason.userName(), reason.detail());
            return null;
        });
    }

    private static void replace(Handle handle, TableName table, TableTags known) {
        String of = " WHERE catalog_name = ? AND schema_name = ? AND table_name = ?";
        handle.execute("DELETE FROM internal.examined_columns" + of, table.catalog(), table.schema(), table.table());
        handle.execute("DELETE FROM policy.classifications" + of, table.catalog(), table.schema(), table.table());
        PreparedBatch examined = handle.prepareBatch("INSERT INTO internal.examined_columns (catalog_name, schema_name,"
                + " table_name, column_name, structure, sampled_rows, estimated_rows, examined_at)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        Tags tags = new Tags(handle);
        known.examined().forEach((column, one) -> {
            examined.add(
                    table.catalog(),
                    table.schema(),
                    table.table(),
                    column,
                    one.structure(),
                    one.sampledRows(),
                    one.estimatedRows(),
                    inUtc(one.at()));
            one.found().forEach(tag -> tags.add(table, column, tag, one.at(), FOUND));
        });
        known.carried()
                .forEach((column, carried) ->
                        carried.forEach(one -> tags.add(table, column, one.tag(), one.at(), CARRIED)));
        if (examined.size() > 0) {
            examined.execute();
        }
        tags.write();
    }

    /** Rows of {@code policy.classifications} on their way. */
    private static final class Tags {
        private final PreparedBatch batch;

        Tags(Handle handle) {
            batch = handle.prepareBatch("INSERT INTO policy.classifications (catalog_name, schema_name, table_name,"
                    + " column_name, entity, confidence, evidence, classified_at, origin)"
                    + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
        }

        void add(TableName table, String column, Classification tag, Instant at, String origin) {
            batch.add(
                    table.catalog(),
                    table.schema(),
                    table.table(),
                    column,
                    tag.entity(),
                    tag.confidence(),
                    StoredText.writable(tag.evidence()),
                    inUtc(at),
                    origin);
        }

        void write() {
            if (batch.size() > 0) {
                batch.execute();
            }
        }
    }

    /** Everything that was kept. */
    Kept load() {
        return store.read(handle -> {
            long version = SharedVersions.of(handle, SharedVersions.TAGS);
            Map<TableName, Map<String, List<Classification>>> found = new HashMap<>();
            Map<TableName, Map<String, List<Carried>>> carried = new HashMap<>();
            handle.createQuery(
                            "SELECT catalog_name, schema_name, table_name, column_name, entity, confidence, evidence,"
                                    + " classified_at, origin FROM policy.classifications WHERE origin <> '" + LINEAGE
                                    + "'"
                                    + " ORDER BY confidence DESC, entity")
                    .map((row, context) -> {
                        Classification tag = new Classification(row.getString(5), row.getDouble(6), row.getString(7));
                        if (row.getString(9).equals(FOUND)) {
                            of(found, row).add(tag);
                        } else {
                            of(carried, row).add(new Carried(tag, instant(row, 8)));
                        }
                        return tag;
                    })
                    .list();
            Map<TableName, Map<String, Examined>> examined = new HashMap<>();
            handle.createQuery("SELECT catalog_name, schema_name, table_name, column_name, structure, sampled_rows,"
                            + " estimated_rows, examined_at FROM internal.examined_columns")
                    .map((row, context) -> {
                        Examined one = new Examined(
                                row.getString(5), row.getLong(6), row.getDouble(7), instant(row, 8), of(found, row));
                        examined.computeIfAbsent(table(row), name -> new HashMap<>())
                                .put(row.getString(4), one);
                        return one;
                    })
                    .list();
            Map<TableName, TableTags> all = new HashMap<>();
            examined.forEach((table, columns) -> all.put(table, TableTags.NOTHING.withExamined(columns)));
            carried.forEach((table, columns) ->
                    all.put(table, all.getOrDefault(table, TableTags.NOTHING).withCarried(columns)));
            return new Kept(version, all);
        });
    }

    /** What was shown of virtual views. */
    Map<TableName, Map<String, List<Classification>>> loadViews() {
        Map<TableName, Map<String, List<Classification>>> views = new HashMap<>();
        store.read(handle -> handle.createQuery("SELECT catalog_name, schema_name, table_name, column_name, entity,"
                        + " confidence, evidence FROM policy.classifications WHERE origin = '" + LINEAGE + "'")
                .map((row, context) ->
                        of(views, row).add(new Classification(row.getString(5), row.getDouble(6), row.getString(7))))
                .list());
        return views;
    }

    private static <T> List<T> of(Map<TableName, Map<String, List<T>>> all, ResultSet row) throws SQLException {
        return all.computeIfAbsent(table(row), name -> new HashMap<>())
                .computeIfAbsent(row.getString(4), name -> new ArrayList<>());
    }

    private static TableName table(ResultSet row) throws SQLException {
        return new TableName(row.getString(1), row.getString(2), row.getString(3));
    }

    private static Instant instant(ResultSet row, int index) throws SQLException {
        return row.getObject(index, OffsetDateTime.class).toInstant();
    }

    private static OffsetDateTime inUtc(Instant at) {
        return at.atOffset(ZoneOffset.UTC);
    }
}
