package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.SourceExecution;
import dev.nicol.policy.NicolException;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.audit.AuditTrail.Outcome;
import dev.nicol.server.audit.AuditTrail.RowsTouched;
import dev.nicol.server.audit.AuditTrail.SourceQuery;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One execution whose intent is durable: it ends with exactly one outcome in the trail, whatever happens. */
final class Run {
    private final Progress progress;
    private final String statementId;
    private final SourceExecution execution;
    private final AuditTrail trail;
    private final Runnable ended;
    private final long startedNanos = System.nanoTime();
    private @Nullable TouchedRows touched;
    private volatile boolean begun;
    private boolean completed;

    /** @param ended called once, before the outcome is recorded */
    Run(Progress progress, SourceExecution execution, AuditTrail trail, Runnable ended) {
        this.progress = progress;
        this.statementId = progress.statementId();
        this.execution = execution;
        this.trail = trail;
        this.ended = ended;
    }

    String statementId() {
        return statementId;
    }

    SourceExecution execution() {
        return execution;
    }

    /** There is a first row, or there will be none. */
    void firstRow() {
        if (!begun) {
            begun = true;
            progress.turn().end();
            progress.took(StatementMetrics.Stage.FIRST_ROW);
        }
    }

    /** What it touches is recorded with its outcome. */
    synchronized void touches(TouchedRows rows) {
        touched = rows;
    }

    /** Whether the trail is told which rows it hands out. */
    synchronized boolean tellsRows() {
        return touched != null;
    }

    void succeeded(long rows, long bytes) {
        complete("succeeded", null, null, rows, bytes);
    }

    void failed(NicolException failure, long rows, long bytes) {
        String detail = failure.getMessage() + (failure.detail() == null ? "" : " | " + failure.detail());
        complete(outcome(failure), failure.error().sqlState(), detail, rows, bytes);
    }

    /** The word for a failure in the trail. */
    static String outcome(NicolException failure) {
        return switch (failure.error()) {
            case CANCELLED -> failure.getMessage().contains("statement_timeout_s") ? "timed_out" : "cancelled";
            case HELD_FOR_APPROVAL -> "held";
            case GUARDRAIL_DENIED, NOT_PERMITTED, NOT_PROVEN -> "denied";
            default -> "failed";
        };
    }

    private synchronized void complete(
            String outcome, @Nullable String sqlState, @Nullable String detail, long rows, long bytes) {
        if (completed) {
            return;
        }
        completed = true;
        execution.close();
        ended.run();
        firstRow();
        progress.metrics().ended(outcome, progress.elapsedNanos(), rows, bytes);
        execution.sent().forEach(sent -> progress.metrics()
                .atSource(sent.source(), sent.durationMs().get()));
        long durationMs = (System.nanoTime() - startedNanos) / 1_000_000;
        List<SourceQuery> queries = execution.sent().stream()
                .map(sent -> new SourceQuery(
                        sent.source(),
                        sent.environment(),
                        sent.sql(),
                        sent.rows().get(),
                        sent.durationMs().get()))
                .toList();
        List<RowsTouched> rowsTouched = touched == null ? List.of() : touched.touched();
        trail.complete(
                statementId, new Outcome(outcome, sqlState, detail, rows, bytes, durationMs, queries, rowsTouched));
    }
}
