package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.SourceExecution;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * How many statements run at once, all together and of one user; the others wait. Users come in turn, the statements of one
 * in the order in which they came. A statement runs until its first row is there, or it has none: who reads an answer never
 * waits here, so that nobody waits for themselves.
 */
final class StatementQueue {
    private final QueueLimits limits;
    private final ReentrantLock lock = new ReentrantLock();

    /** Who waits, the user whose turn it is first. */
    private final LinkedHashMap<String, ArrayDeque<Turn>> waiting = new LinkedHashMap<>();

    private final Map<String, Integer> runningPerUser = new HashMap<>();
    private int running;
    private int length;
    private boolean draining;

    StatementQueue(QueueLimits limits) {
        this.limits = limits;
    }

    /** One statement's place: it waits, runs, and has ended, or is cancelled. */
    final class Turn {
        private final String user;
        private final Condition moved = lock.newCondition();
        private boolean counted;
        private volatile boolean ended;
        private @Nullable NicolException cancelled;
        private @Nullable SourceExecution execution;

        private Turn(String user) {
            this.user = user;
        }

        /** What it runs; cancelled at once where the turn already is. */
        void runs(SourceExecution started) {
            NicolException before;
            lock.lock();
            try {
                execution = started;
                before = cancelled;
            } finally {
                lock.unlock();
            }
            if (before != null) {
                started.cancel(before);
            }
        }

        /** The next one may run. Does nothing the second time. */
        void end() {
            if (ended) {
                return; // without the lock, for every row asks
            }
            lock.lock();
            try {
                ended = true;
                execution = null;
                if (counted) {
                    counted = false;
                    running--;
                    runningPerUser.merge(user, -1, (before, less) -> before == 1 ? null : before + less);
                    next();
                }
            } finally {
                lock.unlock();
            }
        }

        /** Ends it, waiting or running. From any thread; one that has ended is left alone. */
        void cancel(NicolException reason) {
            SourceExecution runs;
            lock.lock();
            try {
                if (ended) {
                    return;
                }
                cancelled = reason;
                runs = execution;
                moved.signal();
            } finally {
                lock.unlock();
            }
            if (runs != null) {
                runs.cancel(reason);
            }
        }
    }

    /** A statement's turn, which is to come; its session can cancel it from now on. */
    Turn turn(Invocation asked) {
        Turn turn = new Turn(asked.subject().userName());
        asked.session().setTurn(turn);
        return turn;
    }

    /**
     * Waits until the statement may run. Commands and the ends of transactions do not wait, nor does anything of an
     * operator: they are what helps a server that is full.
     *
     * @throws NicolException where it waited in vain
     */
    void await(Progress progress, Invocation asked) {
        StatementKind kind = progress.kind();
        boolean atSource = kind == StatementKind.SELECT || kind == StatementKind.CREATE_TABLE || kind.writesRows();
        if (atSource && !asked.subject().roles().contains("operator")) {
            await(progress.turn());
        }
        progress.took(StatementMetrics.Stage.QUEUE);
    }

    private void await(Turn turn) {
        lock.lock();
        try {
            if (draining) {
                throw NicolError.TOO_MANY.because("The server is stopping. Run the statement again in a moment.");
            }
            if (mayRun(turn.user)) {
                run(turn);
                return;
            }
            if (length >= limits.waiting()) {
                throw NicolError.TOO_MANY.because("`" + length + "` statements wait to be run already (limit"
                        + " `max_statements_waiting`). Try again later.");
            }
            waiting.computeIfAbsent(turn.user, user -> new ArrayDeque<>()).add(turn);
            length++;
            inQueue(turn);
        } finally {
            lock.unlock();
        }
    }

    private void inQueue(Turn turn) {
        long left = limits.timeout().toNanos();
        try {
            while (!turn.counted && turn.cancelled == null && !draining && left > 0) {
                left = turn.moved.awaitNanos(left);
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        if (turn.counted) {
            return;
        }
        leave(turn);
        if (turn.cancelled != null) {
            throw turn.cancelled;
        }
        throw NicolError.TOO_MANY.because(
                "The statement waited `" + limits.timeout().toSeconds()
                        + "` s for others to end (limits `max_statements_running`, `max_statements_running_per_user`,"
                        + " `queue_timeout_s`), or the server is stopping. Try again later, or run fewer at once.");
    }

    private boolean mayRun(String user) {
        return running < limits.running() && runningPerUser.getOrDefault(user, 0) < limits.runningPerUser();
    }

    private void run(Turn turn) {
        turn.counted = true;
        running++;
        runningPerUser.merge(turn.user, 1, Integer::sum);
    }

    private void leave(Turn turn) {
        ArrayDeque<Turn> own = waiting.get(turn.user);
        if (own != null && own.remove(turn)) {
            length--;
            if (own.isEmpty()) {
                waiting.remove(turn.user);
            }
        }
    }

    /** Lets run who may: the first of the first user that may run one more, who is the last one then. */
    private void next() {
        for (Iterator<Map.Entry<String, ArrayDeque<Turn>>> users =
                        waiting.entrySet().iterator();
                users.hasNext() && running < limits.running(); ) {
            Map.Entry<String, ArrayDeque<Turn>> user = users.next();
            if (mayRun(user.getKey())) {
                ArrayDeque<Turn> own = user.getValue();
                Turn first = own.remove();
                length--;
                users.remove();
                if (!own.isEmpty()) {
                    waiting.put(user.getKey(), own);
                }
                run(first);
                first.moved.signal();
                return; // one has ended, so that one more may run
            }
        }
    }

    /** Lets nothing run any more that is not running. */
    void drain() {
        lock.lock();
        try {
            draining = true;
            waiting.values().forEach(own -> own.forEach(turn -> turn.moved.signal()));
        } finally {
            lock.unlock();
        }
    }

    int running() {
        lock.lock();
        try {
            return running;
        } finally {
            lock.unlock();
        }
    }

    int length() {
        lock.lock();
        try {
            return length;
        } finally {
            lock.unlock();
        }
    }
}
