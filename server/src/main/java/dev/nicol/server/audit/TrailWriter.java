package dev.nicol.server.audit;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes acts to the chain, in the order in which they came, one group at a time: what has queued up while a group was being
 * flushed becomes the next group, with one transaction and one flush for all. Where that is quick, the thread of an act that is
 * waited for writes the group, else one of the writer's own. An outcome that nobody waits for goes with the next act, or soon.
 * Order matters to readers: when an intent is durable, so is every outcome that came before it.
 *
 * <p>What must not be lost (outcomes) stays in {@code backlog} while the store is broken and goes first in every later
 * group. The backlog is bounded by the statements that were running when the store broke: while it is not written, no
 * intent is.
 */
final class TrailWriter implements AutoCloseable {
    /** How long an outcome waits for an act to be written with. */
    static final long LINGER_MS = 10;

    /** Groups that a caller writes, its own and one of others. */
    private static final int LED_GROUPS = 2;

    private static final Logger LOG = LoggerFactory.getLogger(TrailWriter.class);

    private final Chain chain;
    private final TrailSettings settings;
    private final Queue<TrailEntry<?>> queue = new ConcurrentLinkedQueue<>();
    /** One permit for each act that waits; entries that must be written need none, their intents paid. */
    private final Semaphore places;

    private final Thread thread;
    private volatile boolean closing;
    private volatile boolean broken;

    /** Whether the thread sleeps, and whether it does until it is woken. */
    private volatile boolean idle;

    private volatile boolean asleep;

    /** Held by who writes. */
    private final ReentrantLock turn = new ReentrantLock();

    /** Touched by who writes, as is {@link #syncedNanos}. */
    private final List<TrailEntry<?>> backlog = new ArrayList<>();

    private long syncedNanos = System.nanoTime();
    private final AtomicLong flushes = new AtomicLong();
    private final LongAdder flushNanos = new LongAdder();

    TrailWriter(Chain chain, TrailSettings settings) {
        this.chain = chain;
        this.settings = settings;
        this.places = new Semaphore(settings.queueLength());
        this.thread = new Thread(this::run, "audit-trail");
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** What it took to write them. */
    long flushNanos() {
        return flushNanos.sum();
    }

    /** Acts that wait to be written. */
    int waiting() {
        return queue.size();
    }

    /** Groups made durable so far. */
    long flushes() {
        return flushes.get();
    }

    /** Whether the last attempt to write failed. */
    boolean broken() {
        return broken || chain.broken();
    }

    /**
     * Runs an act in a transaction of the writer's and waits until it is durable.
     *
     * @throws NicolException {@code TRAIL_UNAVAILABLE}: nothing of it is kept, or what is kept has been compensated
     */
    <T extends @Nullable Object> T write(TrailEntry<T> entry) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settings.beginTimeoutMs());
        try {
            if (closing || !places.tryAcquire(settings.beginTimeoutMs(), TimeUnit.MILLISECONDS)) {
                throw unavailable(closing ? "the server is stopping" : "too many statements wait to be recorded", null);
            }
            queue.add(entry);
            lead();
            return entry.done().get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            giveUp(entry);
            throw unavailable("it took longer than " + settings.beginTimeoutMs() + " ms", e);
        } catch (InterruptedException e) {
            giveUp(entry);
            Thread.currentThread().interrupt();
            throw unavailable("the request was interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof NicolException known && known.error() != NicolError.TRAIL_UNAVAILABLE) {
                throw known;
            }
            throw unavailable("the store could not be written", e.getCause());
        }
    }

    /** Queues what must be written, whatever happens to the store meanwhile. Never blocks, never throws. */
    void require(TrailEntry<?> entry) {
        queue.add(entry);
        if (idle) {
            LockSupport.unpark(thread);
        }
    }

    /**
     * Writes what is queued, where that is quick, and what has come meanwhile; else, and for what comes then, the thread does. Who
     * finds the turn taken need not wait for it: its holder looks again.
     */
    private void lead() {
        for (int groups = 0; actsWait() && turn.tryLock(); groups++) {
            try {
                if (groups == LED_GROUPS || closing || broken || !backlog.isEmpty() || !chain.isQuick(queue)) {
                    LockSupport.unpark(thread);
                    return;
                }
                step();
                if (asleep && unfinished()) {
                    LockSupport.unpark(thread);
                }
            } finally {
                turn.unlock();
            }
        }
    }

    /** Whether something is left to be done in a while, though no act comes. */
    private boolean unfinished() {
        return broken || chain.unsynced();
    }

    private boolean actsWait() {
        return places.availablePermits() < settings.queueLength();
    }

    /** Writes what is queued, as long as the store lets it, and ends the thread. */
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
        try {
            thread.join(settings.drainTimeoutMs());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.error("The audit trail was not written to its end within {} ms", settings.drainTimeoutMs());
            thread.interrupt();
        }
    }

    private void giveUp(TrailEntry<?> entry) {
        if (!entry.abandon()) {
            entry.compensateOnceWritten(this::require);
        }
    }

    private static NicolException unavailable(String why, @Nullable Throwable cause) {
        String message = "The audit trail cannot be written, so nothing ran: " + why
                + ". Try again; if it persists, tell the operator.";
        return cause == null
                ? NicolError.TRAIL_UNAVAILABLE.because(message)
                : NicolError.TRAIL_UNAVAILABLE.because(message, String.valueOf(cause.getMessage()), cause);
    }

    private void run() {
        boolean more = true;
        while (more && !Thread.currentThread().isInterrupted()) {
            long pauseNanos;
            turn.lock();
            try {
                step();
                more = !closing || !queue.isEmpty() || !backlog.isEmpty();
                pauseNanos = pauseNanos();
            } catch (Error exhausted) {
                // without memory not even a failure can be kept or told; statements are refused until it is there again
                broken = true;
                pauseNanos = TimeUnit.MILLISECONDS.toNanos(settings.retryIntervalMs());
            } finally {
                turn.unlock();
            }
            if (more) {
                pause(pauseNanos);
            }
        }
        List<TrailEntry<?>> left = new ArrayList<>(queue);
        refuse(left, new IllegalStateException("the trail is closed"));
        left.removeIf(entry -> !entry.required());
        if (!backlog.isEmpty() || !left.isEmpty()) {
            LOG.error(
                    "{} outcomes could not be written; the next start marks them interrupted",
                    backlog.size() + left.size());
        }
    }

    /** How long nothing needs to be done while no act comes; 0: for ever. */
    private long pauseNanos() {
        if (!backlog.isEmpty() || broken) {
            return TimeUnit.MILLISECONDS.toNanos(settings.retryIntervalMs());
        }
        return chain.unsynced()
                ? TimeUnit.MILLISECONDS.toNanos(Math.max(1, settings.fsyncIntervalMs() - sinceSyncMs()))
                : 0;
    }

    private void pause(long nanos) {
        idle = true;
        asleep = nanos == 0;
        if (queue.isEmpty() && !closing) {
            if (nanos > 0) {
                LockSupport.parkNanos(this, nanos);
            } else if (!unfinished()) {
                LockSupport.park(this);
            }
        } else if (closing && nanos > 0) {
            LockSupport.parkNanos(this, nanos);
        }
        asleep = false;
        idle = false;
        if (!queue.isEmpty() && !actsWait() && !closing) {
            LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(LINGER_MS));
        }
    }

    /** Writes one group. */
    private void step() {
        List<TrailEntry<?>> fresh = taken();
        try {
            round(fresh);
        } catch (Throwable e) { // the thread must outlive any defect, or the server stops answering
            try {
                keep(fresh, e);
            } finally {
                refuse(fresh, e);
            }
        }
    }

    private List<TrailEntry<?>> taken() {
        // with room for all: what is taken off the queue must not be lost for want of memory
        List<TrailEntry<?>> taken = new ArrayList<>(settings.groupLength());
        TrailEntry<?> next;
        while (taken.size() < settings.groupLength() && (next = queue.poll()) != null) {
            taken.add(next);
            if (!next.required()) {
                places.release();
            }
        }
        taken.removeIf(entry -> !entry.claim());
        return taken;
    }

    private long sinceSyncMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - syncedNanos);
    }

    private void round(List<TrailEntry<?>> fresh) {
        List<TrailEntry<?>> group = fresh;
        try {
            settleUncertain();
            group = new ArrayList<>(backlog);
            group.addAll(fresh);
            if (group.isEmpty()) {
                syncIfDue();
                if (broken && chain.answers()) {
                    // or who asks whether the server is ready would keep everybody from finding out
                    recovered();
                }
                return;
            }
            writeGroup(group);
            backlog.clear();
            recovered();
        } catch (SQLException | RuntimeException e) {
            if (group.size() > 1 && !chain.uncertain() && chain.answers()) {
                writeEachAlone(group);
            } else {
                keep(group, e);
                refuse(group, e);
            }
        }
    }

    /** One act that the store does not take must not keep the others from being written. */
    private void writeEachAlone(List<TrailEntry<?>> group) {
        backlog.clear();
        for (TrailEntry<?> entry : group) {
            List<TrailEntry<?>> alone = List.of(entry);
            try {
                settleUncertain();
                if (!backlog.isEmpty() && !entry.required()) {
                    throw new IllegalStateException("an earlier outcome is not written yet");
                }
                writeGroup(alone);
                recovered();
            } catch (SQLException | RuntimeException e) {
                keep(alone, e);
                refuse(alone, e);
            }
        }
    }

    private void writeGroup(List<TrailEntry<?>> group) throws SQLException {
        boolean force = syncIsDue();
        long started = System.nanoTime();
        List<@Nullable Object> results = chain.write(group, force);
        long written = System.nanoTime();
        if (force) {
            syncedNanos = written;
        }
        flushes.incrementAndGet();
        flushNanos.add(written - started);
        for (int i = 0; i < group.size(); i++) {
            group.get(i).written(results.get(i));
        }
    }

    private boolean syncIsDue() {
        return closing || sinceSyncMs() >= settings.fsyncIntervalMs();
    }

    /** While no act comes. */
    private void syncIfDue() throws SQLException {
        if (chain.unsynced() && syncIsDue()) {
            chain.sync();
            syncedNanos = System.nanoTime();
        }
    }

    /**
     * Of a group that broke off around its commit and was written after all, the outcomes are done, and the intents, whose
     * callers were told that nothing is recorded, get an outcome that says so.
     */
    private void settleUncertain() throws SQLException {
        List<TrailEntry<?>> committed = chain.settle();
        backlog.removeAll(committed);
        committed.forEach(entry -> entry.writtenAfterAll(this::require));
    }

    /** Keeps what must be written for later, in its order, once. */
    private void keep(List<TrailEntry<?>> group, Throwable failure) {
        // an act may decline (an approval that is decided already), the store is fine then; a broken chain says so
        // itself
        boolean first = !(failure instanceof NicolException) && !chain.broken() && !broken;
        broken |= first;
        for (TrailEntry<?> entry : group) {
            if (entry.required() && !entry.done().isDone() && !backlog.contains(entry)) {
                backlog.add(entry);
            }
        }
        if (first) {
            LOG.error("The audit trail cannot be written; statements are refused until it can", failure);
        }
    }

    private static void refuse(List<TrailEntry<?>> group, Throwable failure) {
        for (TrailEntry<?> entry : group) {
            if (!entry.required()) {
                entry.refused(failure);
            }
        }
    }

    private void recovered() {
        if (broken && backlog.isEmpty()) {
            broken = false;
            LOG.info("The audit trail can be written again");
        }
    }
}
