package dev.nicol.adapters.execution;

import com.google.common.util.concurrent.Uninterruptibles;
import dev.nicol.adapters.execution.SourceExecution.Loan;
import dev.nicol.adapters.execution.SourceExecution.Use;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queries of one run of a plan, sent before their rows are asked for: the sources work at the same time
 * (docs/internals/decisions/0031-sources-work-at-once.md). Of each, its first rows are read; the others when they are used.
 * What has no room at its source, or no thread here, is sent when it is asked for.
 */
final class EarlyReads implements AutoCloseable {
    /** Queries that are being sent before they are asked for, of all statements. */
    static final int THREADS = 32;

    private static final int IDLE_SECONDS = 10;

    /** A cancellation that comes before its query has begun is lost; it is repeated after so many milliseconds. */
    private static final long CANCEL_AGAIN_MS = 50;

    private static final Logger LOG = LoggerFactory.getLogger(EarlyReads.class);

    private static final ThreadPoolExecutor SENDERS =
            new ThreadPoolExecutor(0, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                Thread thread = new Thread(task, "source-sender");
                thread.setDaemon(true);
                return thread;
            });

    private final SourceExecution execution;
    private final Map<SourceSql, Started> started = new IdentityHashMap<>();

    EarlyReads(SourceExecution execution) {
        this.execution = execution;
    }

    /** Sends a query, where that makes nobody wait. */
    synchronized void send(SourceSql sql) {
        SourceExecution.Early early = execution.early(sql.source());
        if (early == null) {
            return;
        }
        Started one = new Started(sql, early);
        try {
            SENDERS.execute(one.task);
            started.put(sql, one);
        } catch (RejectedExecutionException busy) {
            early.ended().run();
        }
    }

    /** The query of a leaf whose rows are asked for. */
    SourceQuery open(SourceSql sql) {
        Started one;
        synchronized (this) {
            one = started.get(sql);
        }
        if (one == null) {
            return execution.open(sql, Use.JOIN);
        }
        try {
            SourceQuery query = one.awaited();
            return query == null ? execution.open(sql, Use.JOIN) : query;
        } finally {
            synchronized (this) {
                started.remove(sql);
            }
        }
    }

    /** Ends the queries whose rows nobody has asked for. */
    @Override
    public void close() {
        List<Started> left;
        synchronized (this) {
            left = new ArrayList<>(started.values());
            started.clear();
        }
        left.forEach(Started::abandon);
        left.forEach(Started::end);
    }

    private final class Started {
        private final SourceSql sql;
        private final SourceExecution.Early early;
        private final FutureTask<@Nullable SourceQuery> task = new FutureTask<>(this::sent);
        private @Nullable SourceQuery query;
        private boolean abandoned;

        Started(SourceSql sql, SourceExecution.Early early) {
            this.sql = sql;
            this.early = early;
        }

        private @Nullable SourceQuery sent() {
            SourceQuery sending = lent();
            if (sending != null) {
                sending.send();
                if (sending.readFirst()) {
                    early.ended().run();
                }
            }
            return sending;
        }

        private @Nullable SourceQuery lent() {
            Loan loan;
            try {
                loan = early.borrow().get();
            } catch (NicolException failure) {
                if (failure.error() == NicolError.TOO_MANY) {
                    // there was room a moment ago: whoever asks for the rows waits for a connection
                    return null;
                }
                throw failure;
            }
            synchronized (this) {
                if (abandoned) {
                    loan.giveBack().run();
                } else {
                    query = execution.query(sql, Map.of(), loan, Use.JOIN);
                }
                return query;
            }
        }

        /** Waits until its first rows are there; its connection is then held by rows that are used. */
        @Nullable
        SourceQuery awaited() {
            try {
                return Uninterruptibles.getUninterruptibly(task);
            } catch (ExecutionException failure) {
                if (failure.getCause() instanceof RuntimeException known) {
                    throw known;
                }
                throw new IllegalStateException(failure.getCause());
            } finally {
                early.ended().run();
            }
        }

        /** Nobody wants it any more. */
        void abandon() {
            SourceQuery sending;
            synchronized (this) {
                abandoned = true;
                sending = query;
            }
            if (sending != null && !task.isDone()) {
                sending.cancel();
            }
        }

        /** Gives back what it holds. Whatever still waits for a connection gives it back as it gets it. */
        void end() {
            SourceQuery sending;
            synchronized (this) {
                sending = query;
            }
            if (sending != null) {
                cancelled(sending);
                sending.close();
            }
            early.ended().run();
        }

        /** No connection is given back that still works. */
        private void cancelled(SourceQuery sending) {
            while (!task.isDone()) {
                sending.cancel();
                try {
                    Uninterruptibles.getUninterruptibly(task, CANCEL_AGAIN_MS, TimeUnit.MILLISECONDS);
                } catch (TimeoutException running) {
                    LOG.debug("cancelled again: {}", sql.source());
                } catch (ExecutionException failed) {
                    LOG.debug("what was cancelled has failed", failed);
                }
            }
        }
    }
}
