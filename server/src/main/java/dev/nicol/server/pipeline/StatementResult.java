package dev.nicol.server.pipeline;

import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/** What a statement answers with. */
public sealed interface StatementResult {
    /** The id under which the trail knows the statement. */
    String statementId();

    /** A count of rows written; 0 for DDL and the like. */
    record Count(String statementId, long rows) implements StatementResult {}

    /** Rows to come. The receiver closes the cursor, on every path. */
    record Rows(String statementId, RelDataType rowType, RowCursor cursor) implements StatementResult {}

    /**
     * A forward cursor. Closing it releases the sources and completes the audit record; closing it before the end is no
     * failure. {@link #cancel} may come from another thread.
     */
    interface RowCursor extends AutoCloseable {
        /**
         * The next row in the engine's representation (see {@code SourceAdapter.ValueReader}), null at the end. The
         * array is the receiver's to keep.
         */
        @Nullable
        Object @Nullable [] next();

        /** Whether rows may be read that nobody has asked for yet: not where the trail tells them apart as handed out. */
        default boolean mayReadAhead() {
            return true;
        }

        /** Ends the statement at its sources; the reader sees {@code CANCELLED}. */
        void cancel();

        /** Counts bytes that went to the client, for the trail. */
        void sent(long bytes);

        @Override
        void close();
    }
}
