package dev.nicol.adapters;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections that wait a moment for the session they served last, before they go back to their pool: its next statement finds
 * a source that knows whom it works for and has the statement prepared. They are anybody's who finds none in the pool. Safe
 * for use by many threads.
 */
final class ParkedConnections implements AutoCloseable {
    /** How long one waits, in milliseconds; less than after which a pool asks whether a connection still lives. */
    static final long PARKED_MS = 200;

    /** After so many milliseconds one goes back to its pool, however busy its session is: the pool ends old connections. */
    static final long MOST_MS = 60_000;

    /** How often is looked for those that have waited, and whether somebody waits for them, in milliseconds. */
    private static final long LOOK_MS = 50;

    private static final Logger LOG = LoggerFactory.getLogger(ParkedConnections.class);

    private static final ScheduledExecutorService CLOCK = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "source-parked-connections");
        thread.setDaemon(true);
        return thread;
    });

    private final BooleanSupplier wanted;

    /** The one parked last at the end. */
    private final Deque<Parked> parked = new ArrayDeque<>();

    private boolean looking;
    private boolean closed;

    /**
     * A connection out of its pool.
     *
     * @param lentNanos when it left the pool
     * @param parkedNanos when it was parked
     */
    record Parked(SourceIdentity identity, Connection connection, long lentNanos, long parkedNanos) {}

    /** @param wanted whether somebody waits for a connection of the pool */
    ParkedConnections(BooleanSupplier wanted) {
        this.wanted = wanted;
    }

    /** The one that served the session last; null where it does not wait. */
    synchronized @Nullable Parked take(SourceIdentity identity) {
        for (Iterator<Parked> last = parked.descendingIterator(); last.hasNext(); ) {
            Parked each = last.next();
            if (each.identity().equals(identity)) {
                last.remove();
                return each;
            }
        }
        return null;
    }

    /** The one that has waited longest; null where there is none. */
    synchronized @Nullable Parked takeAny() {
        return parked.pollFirst();
    }

    /** @return whether it waits here; else it goes back to its pool */
    boolean park(SourceIdentity identity, Connection connection, long lentNanos) {
        long now = System.nanoTime();
        if (identity.equals(SourceIdentity.NOBODY)
                || now - lentNanos > TimeUnit.MILLISECONDS.toNanos(MOST_MS)
                || wanted.getAsBoolean()) {
            return false;
        }
        synchronized (this) {
            if (closed) {
                return false;
            }
            parked.addLast(new Parked(identity, connection, lentNanos, now));
            if (!looking) {
                looking = true;
                CLOCK.schedule(this::look, LOOK_MS, TimeUnit.MILLISECONDS);
            }
            return true;
        }
    }

    private void look() {
        long now = System.nanoTime();
        boolean all = wanted.getAsBoolean();
        giveBack(each -> all || now - each.parkedNanos() > TimeUnit.MILLISECONDS.toNanos(PARKED_MS));
        synchronized (this) {
            looking = !parked.isEmpty() && !closed;
            if (looking) {
                CLOCK.schedule(this::look, LOOK_MS, TimeUnit.MILLISECONDS);
            }
        }
    }

    synchronized int size() {
        return parked.size();
    }

    /** Gives all of them back to the pool. */
    void giveBack() {
        giveBack(each -> true);
    }

    private void giveBack(Predicate<Parked> which) {
        List<Parked> left = new ArrayList<>();
        synchronized (this) {
            for (Iterator<Parked> each = parked.iterator(); each.hasNext(); ) {
                Parked one = each.next();
                if (which.test(one)) {
                    each.remove();
                    left.add(one);
                }
            }
        }
        for (Parked one : left) {
            try {
                one.connection().close();
            } catch (SQLException | RuntimeException failure) {
                LOG.debug("giving a connection back failed; its pool will drop it", failure);
            }
        }
    }

    /** Gives all back; those that come later go to the pool. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        giveBack();
    }
}
