package dev.nicol.server.audit;

import dev.nicol.policy.NicolError;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings links from the journal into the store's tables, in a thread of its own: many in one transaction, so that what many
 * statements change (sums, the last page of an index) is written once for all. Who reads the tables waits until they hold what was
 * acknowledged before ({@link #await}). The journal forgets links once the store's file has them.
 */
final class Posting implements AutoCloseable {
    /** Links in one transaction at most. */
    static final int BATCH_LINKS = 2_000;

    /** How long links wait for others, where nobody asks for them. */
    static final long LINGER_MS = 250;

    /** How long the journal keeps links that are in the tables, before the store's file is forced to disk. */
    static final long FLUSH_MS = 5_000;

    private static final Logger LOG = LoggerFactory.getLogger(Posting.class);

    private final Store store;
    private final Journal journal;
    private final TrailSettings settings;
    private final Thread thread;

    private final WaitingLinks waiting = new WaitingLinks();

    /** The last link that was added, that somebody waits for in the tables, and in the store's file. */
    private long added;

    private long wanted;
    private long forceWanted;

    /** The last link in the tables. */
    private volatile TrailTransaction.@Nullable Head posted;

    private @Nullable Exception failure;
    private boolean closing;
    private boolean reread;

    /** What was posted last and is not known to be in the store's file, and since when there is such. */
    private TrailTransaction.@Nullable Head last;

    private long unforcedNanos;
    private volatile TrailTransaction.@Nullable Head forced;

    Posting(Store store, Journal journal, TrailSettings settings) {
        this.store = store;
        this.journal = journal;
        this.settings = settings;
        this.thread = new Thread(this::run, "audit-posting");
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** The last link that is in the tables; null before the first. */
    TrailTransaction.@Nullable Head posted() {
        return posted;
    }

    /** The last link that the store's file has, power cut or not; null before the first. */
    TrailTransaction.@Nullable Head forced() {
        return forced;
    }

    synchronized boolean broken() {
        return failure != null;
    }

    /** Somebody else has brought the chain there, and the store's file has it. */
    synchronized void moved(TrailTransaction.Head head) {
        added = head.eventId();
        posted = head;
        last = null;
        forced(head);
    }

    /** The tables end earlier than they did: what they lack is read from the journal, and nobody reads them before that is done. */
    synchronized void rereadFrom(TrailTransaction.Head head) {
        wentBack(head);
        reread = true;
        notifyAll();
    }

    private void wentBack(TrailTransaction.Head head) {
        posted = head;
        wanted = added;
    }

    private synchronized void forced(TrailTransaction.Head head) {
        TrailTransaction.Head known = forced;
        if (known == null || known.eventId() < head.eventId()) {
            forced = head;
            notifyAll();
        }
    }

    /**
     * Waits until there is room for more.
     *
     * @throws SQLException where there is none, or what waits cannot be brought into the tables
     */
    synchronized void reserve() throws SQLException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settings.beginTimeoutMs());
        while (failure == null && waiting.isFull()) {
            pause(deadline);
            if (System.nanoTime() > deadline) {
                throw new SQLException("the store's tables are too far behind its journal");
            }
        }
        requireSound();
    }

    private void requireSound() throws SQLException {
        if (failure != null) {
            throw new SQLException("the store's tables cannot be written", failure);
        }
    }

    /** Takes links that are in the journal. */
    synchronized void add(List<Link> links) {
        waiting.addAll(links);
        added = links.get(links.size() - 1).eventId();
        if (waiting.size() == links.size() || waiting.size() >= BATCH_LINKS) {
            notifyAll();
        }
    }

    /**
     * Waits until the tables hold all that was added before.
     *
     * @throws SQLException where they cannot
     */
    synchronized void await() throws SQLException {
        long target = added;
        wanted = Math.max(wanted, target);
        awaitUntil(() -> id(posted) >= target, "the store's tables are behind its journal");
    }

    /**
     * Brings all that was added before into the store's file.
     *
     * @throws SQLException where that cannot be
     */
    synchronized void force() throws SQLException {
        long target = added;
        wanted = Math.max(wanted, target);
        forceWanted = Math.max(forceWanted, target);
        awaitUntil(() -> id(forced) >= target || !thread.isAlive(), "the store's file is behind its journal");
    }

    private void awaitUntil(BooleanSupplier reached, String behind) throws SQLException {
        if (reached.getAsBoolean()) {
            return;
        }
        notifyAll();
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settings.beginTimeoutMs());
        while (!reached.getAsBoolean()) {
            requireSound();
            if (System.nanoTime() > deadline) {
                throw new SQLException(behind);
            }
            pause(deadline);
        }
    }

    private static long id(TrailTransaction.@Nullable Head head) {
        return head == null ? 0 : head.eventId();
    }

    /** Waits as {@link #await} does, for who reads. */
    void awaitReading() {
        try {
            await();
        } catch (SQLException behind) {
            throw NicolError.TRAIL_UNAVAILABLE.because(
                    "The audit trail cannot be read, since not all of it is in its tables yet. Try again; if it persists, tell"
                            + " the operator.",
                    String.valueOf(behind.getMessage()),
                    behind);
        }
    }

    /** An interrupt waits too: the times are short, and what was begun must not be left half done. */
    private void pause(long deadline) {
        boolean interrupted = Thread.interrupted();
        try {
            wait(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        boolean behind = false;
        while (true) {
            try {
                if (behind || rereads()) {
                    behind = true;
                    catchUp();
                    behind = false;
                }
                List<Link> batch = next();
                if (batch == null) {
                    return;
                }
                if (!batch.isEmpty()) {
                    post(batch);
                }
                if (flushIsDue()) {
                    flush();
                }
            } catch (InterruptedException e) {
                return;
            } catch (Exception | Error e) { // the thread must outlive any defect, or the server stops answering
                behind = true;
                if (!retries(e)) {
                    return;
                }
            }
        }
    }

    private synchronized boolean rereads() {
        boolean wanted = reread;
        reread = false;
        return wanted;
    }

    /** Waits for something to do; null: never again. */
    private synchronized @Nullable List<Link> next() throws InterruptedException {
        while (true) {
            if (reread) {
                return List.of();
            }
            boolean allForced = last == null;
            long lingerMs = LINGER_MS - waiting.sinceMs();
            if (!waiting.isEmpty()
                    && (closing || wanted > id(posted) || waiting.size() >= BATCH_LINKS || lingerMs <= 0)) {
                notifyAll();
                return waiting.take(BATCH_LINKS);
            }
            if (!allForced && (closing || flushIsDue())) {
                return List.of();
            }
            if (closing) {
                return null;
            }
            long flushMs = allForced ? Long.MAX_VALUE : Math.max(1, FLUSH_MS - sinceUnforcedMs());
            long pauseMs = Math.min(flushMs, waiting.isEmpty() ? Long.MAX_VALUE : lingerMs);
            wait(pauseMs == Long.MAX_VALUE ? 0 : pauseMs);
        }
    }

    private void post(List<Link> batch) throws SQLException {
        TrailTransaction.Head head =
                store.onWriter(connection -> TrailTransaction.write(connection, store.server(), batch));
        synchronized (this) {
            if (last == null) {
                unforcedNanos = System.nanoTime();
            }
            last = head;
        }
        recovered(head);
    }

    private synchronized void recovered(TrailTransaction.Head head) {
        posted = head;
        if (failure != null) {
            failure = null;
            LOG.info("The audit trail's tables can be written again");
        }
        notifyAll();
    }

    private synchronized boolean flushIsDue() {
        return last != null && (closing || forceWanted > id(forced) || sinceUnforcedMs() >= FLUSH_MS);
    }

    private synchronized long sinceUnforcedMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - unforcedNanos);
    }

    private void flush() throws SQLException, IOException {
        TrailTransaction.Head head;
        synchronized (this) {
            head = last;
        }
        if (head == null) {
            return;
        }
        TrailTransaction.Head found = store.onWriter(connection -> {
            store.sync(connection);
            return TrailTransaction.head(connection, store.server());
        });
        // an act may have gone on from there; a store that broke and was opened again has less
        if (!found.equals(head) && found.eventId() <= head.eventId()) {
            throw new SQLException("the store has lost what was written: it ends at event " + found.eventId()
                    + " and ended at " + head.eventId());
        }
        journal.forget(head.eventId());
        synchronized (this) {
            if (head.equals(last)) {
                last = null;
            }
            forced(head);
        }
    }

    /** Whether it is worth another try; after a pause. */
    private synchronized boolean retries(Throwable problem) {
        if (failure == null) {
            LOG.error("The audit trail's tables cannot be written; statements are refused until they can", problem);
        }
        failure = problem instanceof Exception exception ? exception : new IllegalStateException(problem);
        notifyAll();
        if (closing) {
            LOG.error("Not all of the trail is in its tables; the next start reads the rest from the journal");
            return false;
        }
        pause(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settings.retryIntervalMs()));
        return true;
    }

    /**
     * Begins anew from where the tables are: a store that broke may have lost what its file did not have yet, and the journal
     * has it.
     */
    private void catchUp() throws SQLException, IOException {
        TrailTransaction.Head head = store.onWriter(connection -> TrailTransaction.head(connection, store.server()));
        List<Link> links = journal.after(head, store.server());
        synchronized (this) {
            last = head;
            unforcedNanos = System.nanoTime();
            wentBack(head);
            waiting.replaceUpTo(
                    links.isEmpty()
                            ? head.eventId()
                            : links.get(links.size() - 1).eventId(),
                    links);
        }
        if (links.isEmpty()) {
            recovered(head);
        }
    }

    /** Brings everything into the tables, as long as the store lets it. */
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
        try {
            thread.join(settings.drainTimeoutMs());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.error("The trail's tables were not written within {} ms", settings.drainTimeoutMs());
            thread.interrupt();
        }
    }
}
