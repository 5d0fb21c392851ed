package dev.nicol.adapters.execution;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What one statement holds in memory: rows by number, and by bytes as {@link RowBytes} estimates them. Bytes come out of what
 * all statements of the server have together, some at a time. Closing it gives all of them back; nothing is counted after
 * that.
 *
 * <p>Used by any number of threads (docs/internals/decisions/0032-bytes-are-counted-where-rows-are-held.md).
 */
public final class MemoryBudget implements AutoCloseable {
    /** Bytes of rows that are read, or written, at once. */
    public static final long BATCH_BYTES = 2 << 20;

    /** Bytes that an entry of a map or a list takes beside its row. */
    public static final int ENTRY_BYTES = 64;

    private static final long LEAST_STEP = 4 << 10;
    private static final long MOST_STEP = 256 << 10;
    private static final int MIB = 1 << 20;

    private final Server server;
    private final AtomicLong rows = new AtomicLong();
    private final AtomicLong held = new AtomicLong();
    private volatile long granted;
    private boolean refused;
    private boolean closed;

    private MemoryBudget(Server server) {
        this.server = server;
    }

    /** For what bounds itself, and is no statement of a client's. */
    public static MemoryBudget unbounded() {
        return new Server(0, Long.MAX_VALUE, Long.MAX_VALUE).statement();
    }

    /** What all statements of a server hold. */
    public static final class Server {
        private final long mostRows;
        private final long mostOfStatement;
        private final long most;
        private final AtomicLong taken = new AtomicLong();
        private final LongAdder refusedStatements = new LongAdder();
        private final LongAdder refusedByServer = new LongAdder();

        /**
         * @param mostRows that one statement may hold; 0: no bound
         * @param mostOfStatement bytes that one may hold
         * @param most bytes that all may hold together
         */
        public Server(long mostRows, long mostOfStatement, long most) {
            this.mostRows = mostRows;
            this.mostOfStatement = mostOfStatement;
            this.most = most;
        }

        /** For one statement, which closes it. */
        public MemoryBudget statement() {
            return new MemoryBudget(this);
        }

        /** Bytes that statements have now. */
        public long held() {
            return taken.get();
        }

        /** Bytes that they may have. */
        public long most() {
            return most;
        }

        /** Statements refused for what they alone would hold. */
        public long refusedStatements() {
            return refusedStatements.sum();
        }

        /** Statements refused for what all would hold. */
        public long refusedByServer() {
            return refusedByServer.sum();
        }

        private boolean take(long bytes) {
            long before = taken.get();
            while (before + bytes <= most) {
                if (taken.compareAndSet(before, before + bytes)) {
                    return true;
                }
                before = taken.get();
            }
            return false;
        }
    }

    /** How many bytes may be held for what can be done without. */
    long spare() {
        return server.mostOfStatement / 4;
    }

    /** Counts one row. */
    void row() {
        if (server.mostRows > 0 && rows.incrementAndGet() > server.mostRows) {
            throw NicolError.OUT_OF_BUDGET.because("This statement would hold more than " + server.mostRows
                    + " rows of its sources in memory (limits.max_rows_in_memory). Narrow it with a WHERE on each"
                    + " source, or join tables of one source only.");
        }
    }

    /**
     * Counts the bytes of something that is held from now on, with an entry for it.
     *
     * @return how many they are
     */
    public long hold(@Nullable Object row) {
        long bytes = ENTRY_BYTES + RowBytes.of(row);
        reserve(bytes);
        return bytes;
    }

    /** Counts bytes that are held from now on. */
    void reserve(long bytes) {
        if (held.addAndGet(bytes) > granted) {
            grow();
        }
    }

    /** What is held no more. */
    void release(long bytes) {
        long left = held.addAndGet(-bytes);
        if (granted - left > 2 * Math.max(left, MOST_STEP)) {
            shrink();
        }
    }

    private synchronized void grow() {
        long wanted = held.get();
        if (closed || wanted <= granted) {
            return;
        }
        if (wanted > server.mostOfStatement) {
            throw refused(server.refusedStatements, "This statement", server.mostOfStatement, "statement", "Narrow it");
        }
        long missing = wanted - granted;
        // a small statement takes little, a large one asks seldom
        long step = Math.max(LEAST_STEP, Math.min(MOST_STEP, granted));
        long roomy = Math.min((missing + step - 1) / step * step, server.mostOfStatement - granted);
        if (server.take(roomy)) {
            granted += roomy;
        } else if (server.take(missing)) {
            granted += missing;
        } else {
            throw refused(
                    server.refusedByServer,
                    "All statements of this server together",
                    server.most,
                    "server",
                    "Try again later, or narrow this one");
        }
    }

    /** Counts it once, whichever of its threads hears it first. */
    private NicolException refused(LongAdder count, String who, long most, String of, String advice) {
        if (!refused) {
            refused = true;
            count.increment();
        }
        return NicolError.OUT_OF_BUDGET.because(who + " would hold more than " + most / MIB + " MB in memory (limits."
                + of
                + "_memory_mb). " + advice + " with a WHERE on each source, select fewer columns, or join tables of one"
                + " source only.");
    }

    private synchronized void shrink() {
        long spare = granted - Math.max(held.get(), 0);
        if (!closed && spare > MOST_STEP) {
            granted -= spare;
            server.taken.addAndGet(-spare);
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            server.taken.addAndGet(-granted);
            granted = Long.MAX_VALUE;
        }
    }
}
