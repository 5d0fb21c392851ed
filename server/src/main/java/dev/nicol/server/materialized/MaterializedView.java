package dev.nicol.server.materialized;

import dev.nicol.policy.TableName;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A view whose rows are kept.
 *
 * @param place where
 * @param every how often they are read again; null: when somebody says so
 * @param definer with whose rights they are read
 * @param purpose that the definer stated; null: none
 * @param rows the rows that are kept; null: none yet
 * @param problem why the last refresh failed; null: it did not
 * @param dueAt when the next one is due; null: when somebody says so
 */
public record MaterializedView(
        TableName name,
        Place place,
        @Nullable Duration every,
        String definer,
        @Nullable String purpose,
        @Nullable Rows rows,
        @Nullable String problem,
        @Nullable Instant dueAt) {
    /** Beyond two periods, rows of a view that is refreshed every second may be this old. */
    static final Duration GRACE = Duration.ofMinutes(1);

    /** A schema of a source. */
    public record Place(String source, String schema) {
        @Override
        public String toString() {
            return source + "." + schema;
        }
    }

    /**
     * Rows that are kept.
     *
     * @param table the storage table: it holds rows of one digest for ever
     * @param digest of the plan that read them
     */
    public record Rows(TableName table, String digest, Instant refreshedAt, long count) {}

    /** One that has just been defined, without rows. */
    public static MaterializedView defined(
            TableName name, Place place, @Nullable Duration every, String definer, @Nullable String purpose) {
        return new MaterializedView(name, place, every, definer, purpose, null, null, null);
    }

    /** After a refresh at a moment. */
    MaterializedView refreshed(Rows read, Instant now) {
        return new MaterializedView(name, place, every, definer, purpose, read, null, next(now));
    }

    /** After a refresh that failed: the rows stay until they are too old. */
    MaterializedView failed(String why, Instant now) {
        return new MaterializedView(name, place, every, definer, purpose, rows, why, next(now));
    }

    /** Of another name, by which its rows are known: they are read again at once, unless somebody says when. */
    MaterializedView renamed(TableName other, Instant now) {
        return new MaterializedView(other, place, every, definer, purpose, null, null, every == null ? null : now);
    }

    private @Nullable Instant next(Instant now) {
        return every == null ? null : now.plus(every);
    }

    /** Whether the rows may answer at a moment: they are at most two periods old, and a minute. */
    public boolean isFresh(Instant now) {
        return rows != null
                && (every == null
                        || now.isBefore(
                                rows.refreshedAt().plus(every.multipliedBy(2)).plus(GRACE)));
    }
}
