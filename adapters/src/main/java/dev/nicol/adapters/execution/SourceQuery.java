package dev.nicol.adapters.execution;

import com.google.common.util.concurrent.Uninterruptibles;
import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.execution.SourceExecution.Loan;
import dev.nicol.adapters.execution.SourceExecution.Sent;
import dev.nicol.adapters.execution.SourceExecution.Use;
import dev.nicol.adapters.sql.SourceSql;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running query at a source. Rows are in the engine's representation; the reader closes it, or its execution does. While
 * rows of one batch are used, the next one is read.
 */
public final class SourceQuery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SourceQuery.class);

    /** Read what follows while rows are used: one thread at most for each connection that is lent, gone when idle. */
    private static final ExecutorService READERS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "source-reader");
        thread.setDaemon(true);
        return thread;
    });

    /** Rows that a driver fetches first where they may be of any width, before that is known. */
    private static final int FIRST_FETCH_ROWS = 4;

    /** How many times as many it fetches next, at most. */
    private static final int FETCH_GROWTH = 32;

    private static final int MOST_OF_A_NARROW_VALUE = 4_000;

    private final SourceExecution execution;
    private final SourceSql sql;
    private final Map<Integer, Object> keys;
    private final Loan loan;
    private final Use use;
    private final SourceAdapter.ValueReader[] readers;
    private volatile @Nullable PreparedStatement statement;
    private volatile @Nullable ResultSet rows;
    private volatile @Nullable Future<Batch> ahead;
    private Batch batch = new Batch(List.of(), false, null, 0);
    private int at;
    private @Nullable Sent record;
    private long startedNanos;
    /** Rows that the driver fetches at once; 0: all of them, which are few. */
    private int fetched;

    /** Bytes of batches that are here. */
    private final AtomicLong counted = new AtomicLong();

    private volatile boolean exhausted;
    private volatile boolean closed;

    SourceQuery(SourceExecution execution, SourceSql sql, Map<Integer, Object> keys, Loan loan, Use use) {
        this.execution = execution;
        this.sql = sql;
        this.keys = keys;
        this.loan = loan;
        this.use = use;
        this.readers = readers(loan.adapter(), sql.rowType(), use != Use.ANSWER);
    }

    /** Sends it; where that fails it is closed. */
    void send() {
        try {
            execution.refuseCancelled();
            execute();
        } catch (SQLException failure) {
            close();
            throw failed(failure);
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    /** Reads its first rows before they are asked for: whether these are all, and so the source is released. */
    boolean readFirst() {
        Future<Batch> read = ahead;
        Batch first = read == null ? read() : awaited(read);
        ahead = CompletableFuture.completedFuture(first);
        if (first.last()) {
            exhausted = true;
            close();
        }
        return first.last();
    }

    private void execute() throws SQLException {
        SourceSql bounded = sql.ifFew();
        if (bounded == null || !areFew(bounded)) {
            open(sql);
        }
    }

    private void open(SourceSql asked) throws SQLException {
        startedNanos = System.nanoTime();
        Sent sent = execution.record(asked, loan);
        record = sent;
        if (!loan.pinned() && !asked.fewRows()) {
            loan.adapter().beginStreaming(loan.connection(), asked.oneScan());
        }
        PreparedStatement prepared =
                loan.connection().prepareStatement(sent.sql(), ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY);
        statement = prepared;
        if (!asked.fewRows()) {
            fetched = narrow(asked.rowType()) ? SourceSql.FETCH_ROWS : FIRST_FETCH_ROWS;
            loan.adapter().stream(prepared, fetched);
        }
        execution.bind(asked, keys, loan.adapter(), prepared);
        execution.refuseCancelled();
        rows = prepared.executeQuery();
    }

    /** Asks for few rows without a cursor. Where there are more, these are forgotten. */
    private boolean areFew(SourceSql bounded) throws SQLException {
        open(bounded);
        Batch first = read();
        if (first.last() || first.failure() != null) {
            ahead = CompletableFuture.completedFuture(first);
            return true;
        }
        release(first.bytes());
        if (record != null) {
            record.rows().set(first.rows().size());
            record.durationMs().set((System.nanoTime() - startedNanos) / 1_000_000);
        }
        PreparedStatement opened = statement;
        rows = null;
        if (opened != null) {
            opened.close();
        }
        return false;
    }

    /** Whether a thousand rows are little, whatever they hold. */
    private static boolean narrow(RelDataType rowType) {
        return rowType.getFieldList().stream().allMatch(field -> {
            RelDataType type = field.getType();
            return switch (type.getSqlTypeName()) {
                case CHAR, VARCHAR, BINARY, VARBINARY ->
                    type.getPrecision() >= 0 && type.getPrecision() <= MOST_OF_A_NARROW_VALUE;
                case ARRAY, MULTISET, MAP, ROW, ANY, OTHER -> false;
                default -> true;
            };
        });
    }

    /** The next row; null at the end. The source is released as soon as its last row is read. */
    public @Nullable Object @Nullable [] next() {
        execution.refuseCancelled();
        if (closed && !exhausted) {
            return null;
        }
        while (at == batch.rows().size()) {
            if (batch.failure() != null) {
                throw failed(batch.failure());
            } else if (batch.last()) {
                release(batch.bytes());
                return null;
            }
            release(batch.bytes());
            batch = following();
            at = 0;
        }
        @Nullable Object[] row = batch.rows().get(at++);
        if (record != null) {
            record.rows().incrementAndGet();
        }
        if (use == Use.JOIN) {
            execution.memory().row();
        }
        return row;
    }

    /** Rows of a batch that were handed on are others' to count. */
    private void release(long bytes) {
        long before = counted.getAndUpdate(left -> Math.max(0, left - bytes));
        execution.memory().release(Math.min(before, bytes));
    }

    private RuntimeException failed(Exception failure) {
        return failure instanceof SQLException sql
                ? execution.failed(loan, this.sql.source(), sql)
                : (RuntimeException) failure;
    }

    /**
     * Rows read at once.
     *
     * @param last whether none follow
     * @param failure of the source after these rows
     * @param bytes that they are counted for while this batch is here
     */
    private record Batch(
            List<@Nullable Object[]> rows,
            boolean last,
            @Nullable Exception failure,
            long bytes) {}

    /** What was read while the rows before were used; then starts to read what follows that. */
    private Batch following() {
        Future<Batch> read = ahead;
        ahead = null;
        Batch found = read == null ? read() : awaited(read);
        execution.refuseCancelled();
        if (found.last()) {
            exhausted = true;
            end();
        } else if (found.failure() == null && !loan.pinned()) {
            // A transaction's connection is used by others in turn; this one is ours alone.
            readAhead();
        }
        return found;
    }

    private synchronized void readAhead() {
        if (!closed) {
            ahead = READERS.submit(this::read);
        }
    }

    private Batch read() {
        List<@Nullable Object[]> read = new ArrayList<>();
        long bytes = 0;
        try {
            ResultSet open = rows;
            boolean last = open == null;
            while (open != null && !last && read.size() < SourceSql.FETCH_ROWS && bytes < MemoryBudget.BATCH_BYTES) {
                last = !open.next();
                if (!last) {
                    @Nullable Object[] row = row(open, readers);
                    bytes += RowBytes.of(row);
                    read.add(row);
                    if (read.size() == fetched) {
                        fetchFitting(open, bytes / read.size());
                    }
                }
            }
            counted.addAndGet(bytes);
            execution.memory().reserve(bytes);
            return new Batch(read, last, null, bytes);
        } catch (SQLException | RuntimeException failure) {
            return new Batch(read, false, failure, 0);
        }
    }

    /** The driver holds what it fetches at once, however wide it is: so that is to be about what is held here. */
    private void fetchFitting(ResultSet open, long rowBytes) throws SQLException {
        long most = Math.min(SourceSql.FETCH_ROWS, (long) fetched * FETCH_GROWTH);
        int fitting = (int) Math.max(1, Math.min(most, MemoryBudget.BATCH_BYTES / Math.max(1, rowBytes)));
        if (fitting > fetched || fitting < fetched / 2) {
            fetched = fitting;
            open.setFetchSize(fitting);
        }
    }

    /** A reader tells failures in its batch. */
    private static Batch awaited(Future<Batch> read) {
        try {
            return Uninterruptibles.getUninterruptibly(read);
        } catch (ExecutionException failure) {
            throw new IllegalStateException(failure.getCause());
        }
    }

    /** May come from any thread. */
    void cancel() {
        PreparedStatement running = statement;
        if (running != null) {
            try {
                running.cancel();
            } catch (SQLException failure) {
                LOG.debug("cancelling at source {} failed", sql.source(), failure);
            }
        }
    }

    @Override
    public void close() {
        end();
        release(Long.MAX_VALUE);
    }

    private synchronized void end() {
        if (closed) {
            return;
        }
        closed = true;
        execution.closed(this);
        if (record != null) {
            record.durationMs().set((System.nanoTime() - startedNanos) / 1_000_000);
        }
        try (PreparedStatement open = statement) {
            rows = null;
            if (open != null && !exhausted && !open.isClosed()) {
                // A driver that streams would otherwise read the rest before it closes.
                open.cancel();
            }
            Future<Batch> reading = ahead;
            if (reading != null) {
                awaited(reading);
            }
        } catch (SQLException failure) {
            LOG.debug("closing a query at source {} failed", sql.source(), failure);
        } finally {
            statement = null;
            loan.giveBack().run();
        }
    }

    /**
     * A reader for every column of a statement's answer.
     *
     * @param engine the engine computes with the values; else they go to the client as they come
     */
    public static SourceAdapter.ValueReader[] readers(SourceAdapter adapter, RelDataType rowType, boolean engine) {
        return rowType.getFieldList().stream()
                .map(field -> !engine && field.getType().getSqlTypeName() == SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE
                        ? adapter.instantReader()
                        : adapter.reader(field.getType()))
                .toArray(SourceAdapter.ValueReader[]::new);
    }

    /** The row that the cursor stands on, a value a reader. */
    public static @Nullable Object[] row(ResultSet rows, SourceAdapter.ValueReader[] readers) throws SQLException {
        @Nullable Object[] row = new Object[readers.length];
        for (int i = 0; i < readers.length; i++) {
            row[i] = readers[i].read(rows, i + 1);
        }
        return row;
    }
}
