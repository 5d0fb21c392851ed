package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.SourceExecution;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The statements that run now: where a time-out or a second connection finds one to cancel it. */
final class RunningStatements implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunningStatements.class);

    /** How often is looked for statements that have run for too long, in milliseconds: a timer for each would cost each. */
    private static final long LOOK_MS = 100;

    private final Map<String, Running> running = new ConcurrentHashMap<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "statement-timeouts");
        thread.setDaemon(true);
        return thread;
    });
    private final Duration timeout;

    /** @param timeout zero: none */
    RunningStatements(Duration timeout) {
        this.timeout = timeout;
        if (!timeout.isZero()) {
            clock.scheduleWithFixedDelay(this::cancelOverdue, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
        }
    }

    private record Running(String userName, SourceExecution execution, long startedNanos, AtomicBoolean overdue) {}

    void started(String statementId, Subject subject, SourceExecution execution) {
        running.put(statementId, new Running(subject.userName(), execution, System.nanoTime(), new AtomicBoolean()));
    }

    void ended(String statementId) {
        running.remove(statementId);
    }

    private void cancelOverdue() {
        long now = System.nanoTime();
        for (Running each : running.values()) {
            if (now - each.startedNanos() > timeout.toNanos() && !each.overdue().getAndSet(true)) {
                try {
                    each.execution().cancel(timedOut());
                } catch (RuntimeException failure) {
                    LOG.warn("cancelling a statement that ran for too long failed", failure);
                }
            }
        }
    }

    /**
     * Cancels a statement of the same user, or of anyone for an operator.
     *
     * @throws NicolException {@code NOT_PERMITTED} where there is none that the subject may cancel
     */
    void cancel(String statementId, Subject by) {
        Running found = running.get(statementId);
        boolean own = found != null && found.userName().equals(by.userName());
        if (found == null || !own && !by.roles().contains("operator")) {
            throw NicolError.NOT_PERMITTED.because(
                    "No statement `" + statementId + "` of yours is running. Operators may cancel those of others.");
        }
        found.execution().cancel(NicolError.CANCELLED.because("Cancelled by `" + by.userName() + "`."));
    }

    private NicolException timedOut() {
        return NicolError.CANCELLED.because("The statement ran longer than " + timeout.toSeconds()
                + " s (limits.statement_timeout_s) and was cancelled. Narrow it, or ask for a longer limit.");
    }

    @Override
    public void close() {
        clock.shutdownNow();
        running.values()
                .forEach(statement ->
                        statement.execution().cancel(NicolError.CANCELLED.because("The server is stopping.")));
    }
}
