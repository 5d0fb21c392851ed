package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import org.jspecify.annotations.Nullable;

/** Rows on their way to the client. The trail gets its outcome when the last row is read, on failure, or on close. */
final class ResultCursor implements StatementResult.RowCursor {
    private final Run run;
    private final Rows rows;
    private final Allowance allowance;
    private final long maxRows;
    private long read;
    private long bytes;
    private boolean ended;

    /** Where rows come from. */
    interface Rows extends AutoCloseable {
        @Nullable
        Object @Nullable [] next();

        @Override
        void close();
    }

    /** @param maxRows 0: all */
    ResultCursor(Run run, Rows rows, Allowance allowance, long maxRows) {
        this.allowance = allowance;
        this.run = run;
        this.rows = rows;
        this.maxRows = maxRows;
    }

    @Override
    public @Nullable Object @Nullable [] next() {
        if (ended) {
            return null;
        }
        try {
            @Nullable Object[] row = maxRows > 0 && read == maxRows ? null : rows.next();
            if (row == null) {
                close();
                return null;
            }
            allowance.row();
            if (read++ == 0) {
                run.firstRow();
            }
            return row;
        } catch (RuntimeException | Error failure) {
            NicolException refusal = Failures.of(failure);
            end();
            run.failed(refusal, read, bytes);
            throw refusal;
        }
    }

    @Override
    public boolean mayReadAhead() {
        return !run.tellsRows();
    }

    @Override
    public void sent(long count) {
        bytes += count;
        allowance.sent(count);
    }

    @Override
    public void cancel() {
        run.execution().cancel(NicolError.CANCELLED.because("The statement was cancelled."));
    }

    @Override
    public void close() {
        if (!ended) {
            end();
            run.succeeded(read, bytes);
        }
    }

    private void end() {
        ended = true;
        allowance.ended();
        try {
            rows.close();
        } catch (RuntimeException failure) {
            // The rows were delivered; what closing them ran into changes no outcome.
            Failures.of(failure);
        }
    }
}
