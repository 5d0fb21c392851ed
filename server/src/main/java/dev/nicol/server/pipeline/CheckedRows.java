package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.MemoryBudget;
import dev.nicol.adapters.execution.RowBytes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Hands rows on after they have been checked, some at a time. */
final class CheckedRows {
    /** Rows that are checked at once. */
    static final int CHUNK_ROWS = 100;

    private final ResultCursor.Rows rows;
    private final Consumer<List<@Nullable Object[]>> check;
    private final Queue<@Nullable Object[]> checked = new ArrayDeque<>();

    CheckedRows(ResultCursor.Rows rows, Consumer<List<@Nullable Object[]>> check) {
        this.rows = rows;
        this.check = check;
    }

    /** The next row; null at the end. */
    @Nullable
    Object @Nullable [] next() {
        if (checked.isEmpty()) {
            List<@Nullable Object[]> chunk = new ArrayList<>();
            long bytes = 0;
            @Nullable Object @Nullable [] row = rows.next();
            while (row != null) {
                chunk.add(row);
                bytes += RowBytes.of(row);
                row = chunk.size() < CHUNK_ROWS && bytes < MemoryBudget.BATCH_BYTES ? rows.next() : null;
            }
            if (!chunk.isEmpty()) {
                check.accept(chunk);
            }
            checked.addAll(chunk);
        }
        return checked.poll();
    }

    /** The values of a chunk as parameters, row by row. */
    static IntFunction<@Nullable Object> values(List<@Nullable Object[]> chunk) {
        int width = chunk.get(0).length;
        return index -> chunk.get(index / width)[index % width];
    }
}
