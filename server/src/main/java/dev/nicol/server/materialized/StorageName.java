package dev.nicol.server.materialized;

import com.google.common.hash.Hashing;
import dev.nicol.policy.TableName;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Names of storage tables. INVARIANT: a table whose name begins so is in nobody's catalogue, whichever server made it and
 * whether or not this one knows of it: what it holds is governed where it was read from.
 */
public final class StorageName {
    public static final String PREFIX = "nicol_storage_";

    private static final int HASH_CHARS = 12;

    private StorageName() {}

    public static boolean is(TableName table) {
        return table.table().toLowerCase(Locale.ROOT).startsWith(PREFIX);
    }

    /** The table that holds what a plan of that digest has read for a view. */
    public static TableName of(MaterializedView.Place place, TableName view, String digest) {
        String hash = Hashing.sha256()
                .hashString(view.toString(), StandardCharsets.UTF_8)
                .toString()
                .substring(0, HASH_CHARS);
        return new TableName(place.source(), place.schema(), PREFIX + hash + "_" + digest.substring(0, HASH_CHARS));
    }
}
