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
    private final @Nullable TrailEvent event;
    private final boolean required;
    private final @Nullable Supplier<TrailEntry<?>> compensation;
    private final CompletableFuture<T> done = new CompletableFuture<>();
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

    private TrailEntry(
            Act<T> act, @Nullable TrailEvent event, boolean required, @Nullable Supplier<TrailEntry<?>> compensation) {
        this.act = act;
        this.event = event;
        this.required = required;
        this.compensation = compensation;
    }

    /** An event that the writer keeps until it is written. */
    static TrailEntry<@Nullable Void> required(TrailEvent event) {
        return new TrailEntry<>(appending(event), event, true, null);
    }

    /** An event that is refused where it cannot be written now. */
    static TrailEntry<@Nullable Void> refusable(TrailEvent event) {
        return new TrailEntry<>(appending(event), event, false, null);
    }

    /** @param compensation what is to be written where this was written although its caller was told that it was not */
    static TrailEntry<@Nullable Void> refusable(TrailEvent event, Supplier<TrailEntry<?>> compensation) {
        return new TrailEntry<>(appending(event), event, false, compensation);
    }

    /** What changes more of the store than the trail; refused where it cannot be written now. */
    static <T extends @Nullable Object> TrailEntry<T> act(Act<T> act) {
        return new TrailEntry<>(act, null, false, null);
    }

    private static Act<@Nullable Void> appending(TrailEvent event) {
        // here, in the thread of who waits for it: the writer has enough to do
        event.payload();
        return transaction -> {
            transaction.append(event);
            return null;
        };
    }

    /** What it adds to the chain; null where it does more than that. */
    @Nullable
    TrailEvent event() {
        return event;
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
