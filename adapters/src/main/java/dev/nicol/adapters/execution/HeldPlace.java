package dev.nicol.adapters.execution;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.apache.calcite.DataContext;
import org.apache.calcite.linq4j.AbstractEnumerable;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.EnumerableDefaults;
import org.apache.calcite.linq4j.Enumerator;
import org.apache.calcite.linq4j.Linq4j;
import org.apache.calcite.linq4j.function.EqualityComparer;
import org.apache.calcite.linq4j.function.Function0;
import org.apache.calcite.linq4j.function.Function1;
import org.apache.calcite.linq4j.function.Function2;
import org.jspecify.annotations.Nullable;

/** One place in a plan whose rows are kept, and how they are counted there. Public because generated code calls it. */
public final class HeldPlace {
    /** What an accumulator of numbers takes. */
    private static final int ACCUMULATOR_BYTES = 128;

    private final Kept kept;
    private final boolean numbered;
    private final boolean again;
    private final int times;

    /** What becomes of the rows. */
    enum Kept {
        /** All are kept. */
        ALL,
        /** One of each group of them is, with what is small. */
        GROUPS,
        /** All are kept here: the right side of a nested loop would ask its source again for every row. */
        HERE
    }

    /**
     * @param numbered whether their number counts too
     * @param again whether the plan runs there more than once in a run of the statement
     * @param times how often each row may be kept
     */
    HeldPlace(Kept kept, boolean numbered, boolean again, int times) {
        this.kept = kept;
        this.numbered = numbered;
        this.again = again;
        this.times = times;
    }

    /** The same rows, counted. */
    public <T extends @Nullable Object> Enumerable<T> of(Enumerable<T> rows, DataContext root) {
        return new Counted<>(this, rows, LocalPlan.execution(root).memory(), LocalPlan.rounds(root, this));
    }

    /** What one place holds when its plan runs again: the rows of the last round may still be there in the next. */
    static final class Rounds {
        private long before;
        private long now;

        private void next(MemoryBudget memory) {
            memory.release(before);
            before = now;
            now = 0;
        }
    }

    private static final class Counted<T extends @Nullable Object> extends AbstractEnumerable<T> {
        private final HeldPlace place;
        private final Enumerable<T> rows;
        private final MemoryBudget memory;
        private final Rounds rounds;
        private final Set<Object> shared = Collections.newSetFromMap(new IdentityHashMap<>());
        private @Nullable List<T> list;

        Counted(HeldPlace place, Enumerable<T> rows, MemoryBudget memory, Rounds rounds) {
            this.place = place;
            this.rows = rows;
            this.memory = memory;
            this.rounds = rounds;
        }

        private void begin() {
            shared.clear();
            if (place.again) {
                rounds.next(memory);
            }
        }

        private void hold(@Nullable Object row) {
            long bytes = MemoryBudget.ENTRY_BYTES + RowBytes.of(row, shared);
            if (place.times > 1) {
                bytes += (place.times - 1) * (MemoryBudget.ENTRY_BYTES + RowBytes.of(row, shared));
            }
            memory.reserve(bytes);
            rounds.now += bytes;
        }

        @Override
        public Enumerator<T> enumerator() {
            if (place.kept != Kept.HERE) {
                begin();
                return new Passing<>(this, true);
            }
            List<T> all = list;
            if (all == null) {
                begin();
                all = new ArrayList<>();
                try (Enumerator<T> once = new Passing<>(this, true)) {
                    while (once.moveNext()) {
                        all.add(once.current());
                    }
                }
                list = all;
            }
            return Linq4j.enumerator(all);
        }

        @Override
        public <K, A, R> Enumerable<R> groupBy(
                Function1<T, K> key, Function0<A> first, Function2<A, T, A> add, Function2<K, A, R> result) {
            return place.kept == Kept.GROUPS
                    ? grouped(key, first, add, result, null)
                    : super.groupBy(key, first, add, result);
        }

        @Override
        public <K, A, R> Enumerable<R> groupBy(
                Function1<T, K> key,
                Function0<A> first,
                Function2<A, T, A> add,
                Function2<K, A, R> result,
                EqualityComparer<K> comparer) {
            return place.kept == Kept.GROUPS
                    ? grouped(key, first, add, result, comparer)
                    : super.groupBy(key, first, add, result, comparer);
        }

        @Override
        public Enumerable<T> distinct() {
            return place.kept == Kept.GROUPS
                    ? grouped(row -> row, () -> Boolean.TRUE, (one, row) -> one, (row, one) -> row, null)
                    : super.distinct();
        }

        @Override
        public Enumerable<T> distinct(EqualityComparer<T> comparer) {
            return place.kept == Kept.GROUPS
                    ? grouped(row -> row, () -> Boolean.TRUE, (one, row) -> one, (row, one) -> row, comparer)
                    : super.distinct(comparer);
        }

        /** An accumulator is made right after the key of its group was. */
        private <K extends @Nullable Object, A, R> Enumerable<R> grouped(
                Function1<T, K> key,
                Function0<A> first,
                Function2<A, T, A> add,
                Function2<K, A, R> result,
                @Nullable EqualityComparer<K> comparer) {
            begin();
            @Nullable Object[] last = {null};
            Enumerable<T> passing = new AbstractEnumerable<>() {
                @Override
                public Enumerator<T> enumerator() {
                    return new Passing<>(Counted.this, false);
                }
            };
            Function1<T, K> seen = row -> {
                K made = key.apply(row);
                last[0] = made;
                return made;
            };
            Function0<A> counted = () -> {
                hold(last[0]);
                memory.reserve(ACCUMULATOR_BYTES);
                rounds.now += ACCUMULATOR_BYTES;
                return first.apply();
            };
            return comparer == null
                    ? EnumerableDefaults.groupBy(passing, seen, counted, add, result)
                    : EnumerableDefaults.groupBy(passing, seen, counted, add, result, comparer);
        }
    }

    private static final class Passing<T extends @Nullable Object> implements Enumerator<T> {
        private final Counted<T> counted;
        private final Enumerator<T> rows;
        private final boolean held;
        private @Nullable T row;

        /** @param held whether all rows are */
        Passing(Counted<T> counted, boolean held) {
            this.counted = counted;
            this.rows = counted.rows.enumerator();
            this.held = held;
        }

        /** Asked for once below, where it may be computed for whoever asks. */
        @Override
        @SuppressWarnings("NullAway") // a row that may be NULL is of a type that may be null
        public T current() {
            return row;
        }

        @Override
        public boolean moveNext() {
            if (!rows.moveNext()) {
                return false;
            }
            row = rows.current();
            if (counted.place.numbered) {
                counted.memory.row();
            }
            if (held) {
                counted.hold(row);
            }
            return true;
        }

        @Override
        public void reset() {
            rows.reset();
        }

        @Override
        public void close() {
            rows.close();
        }
    }
}
