package dev.nicol.server.audit;

import java.util.Map;
import org.jdbi.v3.core.Handle;

/** How often what servers keep in memory was changed in the store: so each sees the others' changes, and loses none. */
public final class SharedVersions {
    public static final String VIRTUAL_SCHEMAS = "virtual_schemas";
    public static final String TAGS = "tags";
    public static final String MATERIALIZED_VIEWS = "materialized_views";

    /** What is shown of the tags of virtual views. */
    public static final String VIEW_TAGS = "view_tags";

    private SharedVersions() {}

    public static Map<String, Long> all(Handle handle) {
        return handle.createQuery("SELECT part, version FROM internal.shared_versions")
                .setMapKeyColumn("part")
                .setMapValueColumn("version")
                .collectInto(new org.jdbi.v3.core.generic.GenericType<Map<String, Long>>() {});
    }

    /** To be read before the part itself is: a change in between is then seen as one that is still to be read. */
    public static long of(Handle handle, String part) {
        return handle.createQuery("SELECT version FROM internal.shared_versions WHERE part = :part")
                .bind("part", part)
                .mapTo(Long.class)
                .one();
    }

    /** Counts a change in the transaction that makes it; false where another server was first: then nothing is to be changed. */
    public static boolean next(Handle handle, String part, long expected) {
        return handle.execute(
                        "UPDATE internal.shared_versions SET version = version + 1 WHERE part = ? AND version = ?",
                        part,
                        expected)
                == 1;
    }

    /** Counts a change that replaces everything; another server's waits for the end of the transaction. */
    public static void next(Handle handle, String part) {
        handle.execute("UPDATE internal.shared_versions SET version = version + 1 WHERE part = ?", part);
    }
}
