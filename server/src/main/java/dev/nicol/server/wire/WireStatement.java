package dev.nicol.server.wire;

import dev.nicol.server.pipeline.Prepared;
import org.jspecify.annotations.Nullable;

/** One statement of one connection. Used under its connection's lock, but for {@link #cancel}. */
final class WireStatement {
    private final int id;
    private final @Nullable Prepared prepared;
    private final long maxRows;
    private volatile @Nullable ResultFrames result;
    private volatile long usedAt;

    /**
     * @param prepared null for a plain statement
     * @param maxRows of every execution; 0 for no bound
     * @param usedAt milliseconds of the registry's clock
     */
    WireStatement(int id, @Nullable Prepared prepared, long maxRows, long usedAt) {
        this.id = id;
        this.prepared = prepared;
        this.maxRows = maxRows;
        this.usedAt = usedAt;
    }

    int id() {
        return id;
    }

    @Nullable
    Prepared prepared() {
        return prepared;
    }

    long maxRows() {
        return maxRows;
    }

    @Nullable
    ResultFrames result() {
        return result;
    }

    /** Takes over an answer; the one before is closed. */
    void open(ResultFrames frames) {
        closeResult();
        result = frames;
    }

    void closeResult() {
        ResultFrames open = result;
        result = null;
        if (open != null) {
            open.close();
        }
    }

    boolean hasOpenCursor() {
        ResultFrames open = result;
        return open != null && open.isOpen();
    }

    void abandon() {
        ResultFrames open = result;
        if (open != null) {
            open.abandon();
        }
    }

    void cancel() {
        ResultFrames open = result;
        if (open != null && open.isOpen()) {
            open.cancel();
        }
    }

    long usedAt() {
        return usedAt;
    }

    void used(long now) {
        usedAt = now;
    }
}
