package dev.nicol.adapters;

import dev.nicol.adapters.SourceExecution.Loan;
import dev.nicol.adapters.SourceExecution.Sent;
import dev.nicol.adapters.SourceExecution.Use;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running query at a source. Rows are in the engine's representation; the reader closes it, or its execution does. */
public final class SourceQuery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SourceQuery.class);

    private final SourceExecution execution;
    private final SourceSql sql;
    private final Map<Integer, Object> keys;
    private final Loan loan;
    private final Use use;
    private final SourceAdapter.ValueReader[] readers;
    private volatile @Nullable PreparedStatement statement;
    private @Nullable ResultSet rows;
    private @Nullable Sent record;
    private long startedNanos;
    private boolean exhausted;
    private boolean closed;

    SourceQuery(SourceExecution execution, SourceSql sql, Map<Integer, Object> keys, Loan loan, Use use) {
        this.execution = execution;
        this.sql = sql;
        this.keys = keys;
        this.loan = loan;
        this.use = use;
        this.readers = SourceExecution.readers(loan.adapter(), sql.rowType(), use != Use.ANSWER);
    }

    void execute() throws SQLException {
        startedNanos = System.nanoTime();
        Sent sent = execution.record(sql, loan);
        record = sent;
        if (!loan.pinned()) {
            loan.adapter().beginStreaming(loan.connection(), sql.oneScan());
        }
        PreparedStatement prepared =
                loan.connection().prepareStatement(sent.sql(), ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY);
        statement = prepared;
        loan.adapter().stream(prepared, SourceExecution.FETCH_ROWS);
        execution.bind(sql, keys, loan.adapter(), prepared);
        execution.refuseCancelled();
        rows = prepared.executeQuery();
    }

    /** The next row; null at the end, when the source has already been released. */
    public @Nullable Object @Nullable [] next() {
        ResultSet open = rows;
        if (open == null) {
            return null;
        }
        try {
            execution.refuseCancelled();
            if (!open.next()) {
                exhausted = true;
                close();
                return null;
            }
            @Nullable Object[] row = SourceExecution.row(open, readers);
            if (record != null) {
                record.rows().incrementAndGet();
            }
            if (use == Use.JOIN) {
                execution.countHeld();
            }
            return row;
        } catch (SQLException failure) {
            throw execution.failed(loan, sql.source(), failure);
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
    public synchronized void close() {
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
        } catch (SQLException failure) {
            LOG.debug("closing a query at source {} failed", sql.source(), failure);
        } finally {
            statement = null;
            loan.giveBack().run();
        }
    }
}
