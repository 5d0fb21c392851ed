package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceExecution;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The statements that run now: where a time-out or a second connection finds one to cancel it. */
final class RunningStatements implements AutoCloseable {
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
    }

    private record Running(
            String userName,
            SourceExecution execution,
            @Nullable ScheduledFuture<?> timer) {}

    void started(String statementId, Subject subject, SourceExecution execution) {
        ScheduledFuture<?> timer = timeout.isZero()
                ? null
                : clock.schedule(() -> execution.cancel(timedOut()), timeout.toMillis(), TimeUnit.MILLISECONDS);
        running.put(statementId, new Running(subject.userName(), execution, timer));
    }

    void ended(String statementId) {
        Running ended = running.remove(statementId);
        if (ended != null && ended.timer() != null) {
            ended.timer().cancel(false);
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
