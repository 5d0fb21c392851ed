package dev.nicol.server.audit;

import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One act on its way into the store. */
final class TrailEntry<T extends @Nullable Object> {
    /** What the act does in the writer's transaction. It may be attempted more than once, each time from the start. */
    interface Act<T extends @Nullable Object> {
        T run(TrailTransaction transaction) throws SQLException;
    }

    private enum State {
        WAITING,
        CLAIMED,
        ABANDONED
    }

    private final Act<T> act;
    private final boolean required;
    private final @Nullable Supplier<TrailEntry<?>> compensation;
    private final CompletableFuture<T> done = new CompletableFuture<>();
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

    private TrailEntry(Act<T> act, boolean required, @Nullable Supplier<TrailEntry<?>> compensation) {
        this.act = act;
        this.required = required;
        this.compensation = compensation;
    }

    /** An act that the writer keeps until it is written. */
    static <T extends @Nullable Object> TrailEntry<T> required(Act<T> act) {
        return new TrailEntry<>(act, true, null);
    }

    /** An act that is refused where it cannot be written now. */
    static <T extends @Nullable Object> TrailEntry<T> refusable(Act<T> act) {
        return new TrailEntry<>(act, false, null);
    }

    /** @param compensation what is to be written where this was written although its caller was told that it was not */
    static <T extends @Nullable Object> TrailEntry<T> refusable(Act<T> act, Supplier<TrailEntry<?>> compensation) {
        return new TrailEntry<>(act, false, compensation);
    }

    boolean required() {
        return required;
    }

    /** Ends when the act is durable, or with the failure. */
    CompletableFuture<T> done() {
        return done;
    }

    /** The writer's: whether the act is still wanted. */
    boolean claim() {
        return state.compareAndSet(State.WAITING, State.CLAIMED);
    }

    /** The caller's: whether it could be withdrawn before the writer took it. */
    boolean abandon() {
        return state.compareAndSet(State.WAITING, State.ABANDONED);
    }

    T attempt(TrailTransaction transaction) throws SQLException {
        return act.run(transaction);
    }

    @SuppressWarnings("unchecked") // the writer hands back what attempt() answered
    void written(@Nullable Object result) {
        done.complete((T) result);
    }

    void refused(Throwable failure) {
        done.completeExceptionally(failure);
    }

    /** It was found in the store after its caller had been refused. */
    void writtenAfterAll(Consumer<TrailEntry<?>> writer) {
        if (compensation != null) {
            writer.accept(compensation.get());
        }
    }

    /** The caller waits no longer; should the act be written yet, it is compensated. */
    void compensateOnceWritten(Consumer<TrailEntry<?>> writer) {
        Supplier<TrailEntry<?>> wanted = compensation;
        if (wanted != null) {
            done.thenRun(() -> writer.accept(wanted.get()));
        }
    }
}
