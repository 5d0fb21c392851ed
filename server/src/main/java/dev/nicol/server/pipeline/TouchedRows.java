package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.MemoryBudget;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.AuditTrail.RowsTouched;
import dev.nicol.server.audit.RowHash;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/**
 * The rows that one execution touches, as they are handed out or about to be written. Of a table with more rows than are told
 * apart none is.
 */
final class TouchedRows {
    private static final String READ = "read";

    private final Watched watched;
    private final BoundValue.KeyPads keys;
    private final int most;
    private final MemoryBudget memory;
    private final Map<Place, Rows> touched = new LinkedHashMap<>();
    private int told;
    private long toBeWritten;

    private record Place(TableName table, String access) {}

    private static final class Rows {
        private final Set<String> hashes = new LinkedHashSet<>();
        private boolean untold;
        private boolean tooMany;
    }

    /**
     * @param most rows that are told apart
     * @param memory of the statement, which their hashes are counted in
     */
    TouchedRows(Watched watched, BoundValue.KeyPads keys, int most, MemoryBudget memory) {
        this.memory = memory;
        this.watched = watched;
        this.keys = keys;
        this.most = most;
        watched.untold().forEach(table -> rows(table, READ).untold = true);
    }

    /** A query's rows as the client gets them. */
    ResultCursor.Rows shown(ResultCursor.Rows carrying) {
        if (watched.read().isEmpty()) {
            return carrying;
        }
        return new ResultCursor.Rows() {
            @Override
            public @Nullable Object @Nullable [] next() {
                @Nullable Object[] row = carrying.next();
                if (row == null) {
                    return null;
                }
                read(row);
                return Arrays.copyOf(row, watched.shown());
            }

            @Override
            public void close() {
                carrying.close();
            }
        };
    }

    private synchronized void read(@Nullable Object[] row) {
        for (Watched.Read read : watched.read()) {
            List<@Nullable Object> key = new ArrayList<>();
            read.columns().forEach(column -> key.add(row[column]));
            // NULL throughout: the side of an outer join that has no row
            if (key.stream().anyMatch(value -> value != null)) {
                add(rows(read.table(), READ), read.table(), read.types(), key);
            }
        }
    }

    /** Primary keys of the rows that an INSERT spells out; null where they are not known. */
    @Nullable
    List<@Nullable Object[]> inserted(IntFunction<@Nullable Object> parameters) {
        Watched.Written written = watched.written();
        return written != null && watched.body() instanceof Body.Insert insert
                ? InsertedKeys.of(insert, written.key(), parameters, most)
                : null;
    }

    /**
     * Before rows are written.
     *
     * @param rows their primary keys, one more than are told apart at most; null where these are not known
     */
    synchronized void writes(@Nullable List<? extends @Nullable Object[]> rows) {
        Watched.Written written = watched.written();
        if (written == null) {
            return;
        }
        Rows of = rows(written.table(), written.access());
        List<? extends @Nullable Object[]> known = rows == null || written.key().isEmpty() ? null : rows;
        of.untold |= known == null || written.moved();
        if (known == null) {
            toBeWritten = 0;
            return;
        }
        toBeWritten = known.size();
        for (@Nullable Object[] key : known) {
            add(of, written.table(), written.types(), Arrays.asList(key));
        }
    }

    /** After that: where other rows were written than those before, they are not told apart. */
    synchronized void written(long rows) {
        Watched.Written written = watched.written();
        if (written != null && rows != toBeWritten) {
            rows(written.table(), written.access()).untold = true;
        }
    }

    private void add(Rows rows, TableName table, List<RelDataType> types, List<? extends @Nullable Object> key) {
        if (rows.tooMany) {
            return;
        }
        String hash = RowHash.of(table, types, key, keys);
        if (hash == null) {
            rows.untold = true;
        } else if (!rows.hashes.add(hash)) {
            return;
        }
        memory.hold(hash);
        if (++told > most) {
            told -= rows.hashes.size();
            rows.hashes.clear();
            rows.tooMany = true;
            rows.untold = true;
        }
    }

    private Rows rows(TableName table, String access) {
        return touched.computeIfAbsent(new Place(table, access), place -> new Rows());
    }

    /** What was touched so far. */
    synchronized List<RowsTouched> touched() {
        List<RowsTouched> all = new ArrayList<>();
        touched.forEach((place, rows) -> {
            if (rows.untold || !rows.hashes.isEmpty()) {
                all.add(new RowsTouched(place.table(), place.access(), List.copyOf(rows.hashes), rows.untold));
            }
        });
        return all;
    }
}
