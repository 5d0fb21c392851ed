package dev.nicol.adapters.execution;

import dev.nicol.adapters.sql.JoinKeys;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.calcite.DataContext;
import org.apache.calcite.linq4j.AbstractEnumerable;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.Enumerator;
import org.apache.calcite.linq4j.function.Function1;
import org.jspecify.annotations.Nullable;

/**
 * The rows of the side of a join that is read first, in one run: held until either side is asked for, with their distinct
 * keys. Where either becomes too much, what was read is handed on and the rest follows as it comes.
 */
final class KeptRows<T extends @Nullable Object> extends AbstractEnumerable<T> {
    private static final Pattern TRAILING_BLANKS = Pattern.compile(" +$");

    private final Enumerable<T> rows;
    private final JoinKeys told;
    private final List<Function1<T, @Nullable Object>> columns;
    private final MemoryBudget memory;
    private final List<@Nullable Keys> keys = new ArrayList<>();
    private @Nullable List<T> kept;
    private @Nullable Enumerator<T> rest;
    private boolean handedOn;

    KeptRows(Enumerable<T> rows, JoinKeys told, List<Function1<T, @Nullable Object>> columns, MemoryBudget memory) {
        this.rows = rows;
        this.told = told;
        this.columns = columns;
        this.memory = memory;
    }

    /** Distinct values of one column, as they are sent. */
    private static final class Keys {
        private final Set<Object> values = new LinkedHashSet<>();
        private long characters;
    }

    /** What is kept for the run that {@code root} belongs to. */
    static <T extends @Nullable Object> KeptRows<T> in(
            DataContext root, Enumerable<T> rows, JoinKeys told, List<Function1<T, @Nullable Object>> columns) {
        KeptRows<T> kept =
                new KeptRows<>(rows, told, columns, LocalPlan.execution(root).memory());
        LocalPlan.kept(root).put(told, kept);
        return kept;
    }

    /** The distinct values of one of the told columns, none of them NULL; null where they are too many, or cannot be sent. */
    synchronized @Nullable Collection<Object> keys(int column) {
        read();
        Keys found = keys.get(column);
        return found == null ? null : found.values;
    }

    private List<T> read() {
        List<T> all = kept;
        if (all != null) {
            return all;
        }
        all = new ArrayList<>();
        columns.forEach(column -> keys.add(new Keys()));
        Enumerator<T> reading = rows.enumerator();
        boolean whole = false;
        try {
            long most = (long) JoinKeys.ROWS_A_KEY * told.most();
            long bytes = 0;
            boolean any = true;
            while (any && !whole) {
                whole = !reading.moveNext();
                if (!whole) {
                    T row = reading.current();
                    if (told.counts()) {
                        memory.row();
                    }
                    bytes += memory.hold(row);
                    all.add(row);
                    any = all.size() <= most && bytes <= memory.spare() && add(row);
                }
            }
            if (!any) {
                keys.replaceAll(column -> null);
                rest = reading;
            }
        } finally {
            if (rest == null) {
                reading.close();
            }
        }
        kept = all;
        return all;
    }

    /** @return whether the keys of any column may still be told */
    private boolean add(T row) {
        boolean any = false;
        for (int i = 0; i < columns.size(); i++) {
            Keys found = keys.get(i);
            if (found != null && !add(found, columns.get(i).apply(row), i)) {
                keys.set(i, null);
            }
            any |= keys.get(i) != null;
        }
        return any;
    }

    private boolean add(Keys found, @Nullable Object value, int column) {
        if (value == null) {
            // it is equal to nothing
            return true;
        }
        Object sent = JoinKeys.sent(value, told.types().get(column));
        if (sent == null) {
            return false;
        }
        if (found.values.add(sent)) {
            memory.hold(sent);
            if (sent instanceof String text) {
                found.characters += text.length();
                if (text.endsWith(" ")) {
                    // a source may read a column with its trailing blanks and compare without them
                    found.values.add(TRAILING_BLANKS.matcher(text).replaceFirst(""));
                }
            }
        }
        return found.values.size() <= told.most() && found.characters <= JoinKeys.MOST_TEXT;
    }

    @Override
    public synchronized Enumerator<T> enumerator() {
        if (handedOn) {
            throw new IllegalStateException("rows whose keys are kept come once");
        }
        Enumerator<T> first = new HandedOn<>(read(), memory);
        Enumerator<T> then = rest;
        handedOn = true;
        kept = List.of();
        return then == null ? first : new Joined<>(first, then);
    }

    /** Rows that are held here no more when the one behind them is asked for: whoever keeps them counts them. */
    private static final class HandedOn<T extends @Nullable Object> implements Enumerator<T> {
        private final List<@Nullable T> rows;
        private final MemoryBudget memory;
        private int at = -1;

        HandedOn(List<T> rows, MemoryBudget memory) {
            this.rows = new ArrayList<>(rows);
            this.memory = memory;
        }

        @Override
        @SuppressWarnings("NullAway") // a row is there until the next one is asked for
        public T current() {
            return rows.get(at);
        }

        @Override
        public boolean moveNext() {
            drop();
            at = Math.min(at + 1, rows.size());
            return at < rows.size();
        }

        private void drop() {
            if (at >= 0 && at < rows.size()) {
                memory.release(MemoryBudget.ENTRY_BYTES + RowBytes.of(rows.set(at, null)));
            }
        }

        @Override
        public void reset() {
            throw new UnsupportedOperationException("rows whose keys are kept come once");
        }

        @Override
        public void close() {
            for (; at < rows.size(); at++) {
                drop();
            }
        }
    }

    /** One after the other. */
    private static final class Joined<T extends @Nullable Object> implements Enumerator<T> {
        private final Enumerator<T> first;
        private final Enumerator<T> then;
        private Enumerator<T> at;

        Joined(Enumerator<T> first, Enumerator<T> then) {
            this.first = first;
            this.at = first;
            this.then = then;
        }

        @Override
        public T current() {
            return at.current();
        }

        @Override
        public boolean moveNext() {
            if (at != then && at.moveNext()) {
                return true;
            }
            at = then;
            return at.moveNext();
        }

        @Override
        public void reset() {
            throw new UnsupportedOperationException("a source's rows come once");
        }

        @Override
        public void close() {
            first.close();
            then.close();
        }
    }
}
