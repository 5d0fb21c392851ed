package dev.nicol.adapters;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections of many logins at one source, bounded in sum and for each login. A connection serves the one principal it
 * was opened for; where the bound is reached, the one that lay idle longest makes room for another's. Safe for use by many
 * threads.
 */
final class LoginPool implements AutoCloseable {
    /** A connection that lay idle for longer is asked whether it still lives, in milliseconds. */
    private static final long TRUSTED_IDLE_MS = 500;

    /** How long that question may take, in seconds. */
    private static final int VALIDATION_TIMEOUT_S = 5;

    private static final Logger LOG = LoggerFactory.getLogger(LoginPool.class);

    private final Connector connector;
    private final int most;
    private final int mostPerLogin;
    private final long timeoutMs;
    private final ReentrantLock lock = new ReentrantLock(true);
    private final Condition freed = lock.newCondition();
    private final Map<Key, Integer> perLogin = new HashMap<>();

    /** The one used last at the end. */
    private final Deque<Held> idle = new ArrayDeque<>();

    private int inUse;
    private int generation;
    private boolean closed;

    /** Opens a connection. */
    interface Connector {
        Connection open(Key key) throws SQLException;
    }

    /** Every connection stayed in use for as long as one may wait. */
    static final class Exhausted extends SQLException {
        private static final long serialVersionUID = 1L;

        private final boolean ofLogin;

        Exhausted(boolean ofLogin) {
            super("no connection became free");
            this.ofLogin = ofLogin;
        }

        /** Whether it is the login's own bound that was reached. */
        boolean ofLogin() {
            return ofLogin;
        }
    }

    /** Who a connection belongs to. The password is part of it: who has another one is not let in by an open connection. */
    record Key(String user, String agent, SourceLogin login) {
        /** Who acts. */
        String principal() {
            return agent.isEmpty() ? user : agent;
        }
    }

    /** A connection of this pool. */
    static final class Held {
        private final Key key;
        private final Connection connection;
        private final int generation;
        private final SessionState state = new SessionState();
        private long idleSinceNanos;

        Held(Key key, Connection connection, int generation) {
            this.key = key;
            this.connection = connection;
            this.generation = generation;
        }

        Connection connection() {
            return connection;
        }

        SessionState state() {
            return state;
        }
    }

    LoginPool(Connector connector, int most, int mostPerLogin, long timeoutMs) {
        this.connector = connector;
        this.most = most;
        this.mostPerLogin = Math.min(most, mostPerLogin);
        this.timeoutMs = timeoutMs;
    }

    /** @throws Exhausted when none became free in time; else what the driver said */
    Held borrow(Key key) throws SQLException {
        Place place = place(key);
        close(place.evicted());
        Held known = place.known();
        try {
            if (known != null) {
                if (System.nanoTime() - known.idleSinceNanos < TimeUnit.MILLISECONDS.toNanos(TRUSTED_IDLE_MS)
                        || known.connection.isValid(VALIDATION_TIMEOUT_S)) {
                    return known;
                }
                close(known);
            }
            return new Held(key, connector.open(key), place.generation());
        } catch (SQLException | RuntimeException | Error failure) {
            free(key, null);
            throw failure;
        }
    }

    /** Room for one connection: with it, or to open it; perhaps made by one that must be closed first. */
    private record Place(@Nullable Held known, @Nullable Held evicted, int generation) {}

    private Place place(Key key) throws SQLException {
        long left = TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        lock.lock();
        try {
            while (true) {
                Held known = idle(key);
                if (known != null) {
                    inUse++;
                    return new Place(known, null, generation);
                }
                boolean full = perLogin.getOrDefault(key, 0) >= mostPerLogin;
                if (!full && !closed && (inUse + idle.size() < most || !idle.isEmpty())) {
                    Held evicted = inUse + idle.size() < most ? null : idle.removeFirst();
                    if (evicted != null) {
                        forget(evicted.key);
                    }
                    perLogin.merge(key, 1, Integer::sum);
                    inUse++;
                    return new Place(null, evicted, generation);
                }
                if (left <= 0 || closed) {
                    throw new Exhausted(full);
                }
                left = freed.awaitNanos(left);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new Exhausted(false);
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Held idle(Key key) {
        for (Iterator<Held> last = idle.descendingIterator(); last.hasNext(); ) {
            Held held = last.next();
            if (held.key.equals(key)) {
                last.remove();
                return held;
            }
        }
        return null;
    }

    /** @param usable whether the next may have it */
    void giveBack(Held held, boolean usable) {
        if (!usable) {
            close(held);
        }
        free(held.key, usable ? held : null);
    }

    private void free(Key key, @Nullable Held kept) {
        Held late = kept;
        lock.lock();
        try {
            inUse--;
            if (kept == null) {
                forget(key);
            } else if (kept.generation == generation && !closed) {
                kept.idleSinceNanos = System.nanoTime();
                idle.addLast(kept);
                late = null;
            } else {
                forget(key);
            }
            freed.signalAll();
        } finally {
            lock.unlock();
        }
        close(late);
    }

    private void forget(Key key) {
        perLogin.computeIfPresent(key, (login, count) -> count == 1 ? null : count - 1);
    }

    /** Closes connections that nobody has used for so long. */
    void closeIdle(long idleMs) {
        long now = System.nanoTime();
        drop(held -> now - held.idleSinceNanos >= TimeUnit.MILLISECONDS.toNanos(idleMs));
    }

    /** Closes all that are idle, and those in use as they come back. */
    void forgetConnections() {
        lock.lock();
        try {
            generation++;
        } finally {
            lock.unlock();
        }
        drop(held -> true);
    }

    private void drop(Predicate<Held> which) {
        List<Held> dropped = new ArrayList<>();
        lock.lock();
        try {
            for (Iterator<Held> each = idle.iterator(); each.hasNext(); ) {
                Held held = each.next();
                if (which.test(held)) {
                    each.remove();
                    forget(held.key);
                    dropped.add(held);
                }
            }
            freed.signalAll();
        } finally {
            lock.unlock();
        }
        dropped.forEach(LoginPool::close);
    }

    private static void close(@Nullable Held held) {
        if (held != null) {
            try {
                held.connection.close();
            } catch (SQLException failure) {
                LOG.debug("closing a connection failed", failure);
            }
        }
    }

    /** Connections lent now. */
    int inUse() {
        lock.lock();
        try {
            return inUse;
        } finally {
            lock.unlock();
        }
    }

    /** Closes what is idle; what is in use closes as it comes back. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        drop(held -> true);
    }
}
