package dev.nicol.server.wire;

import dev.nicol.server.identity.Principal;
import dev.nicol.server.pipeline.Prepared;
import dev.nicol.server.pipeline.Session;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One open connection: who owns it, its session, its statements. */
final class WireConnection {
    private final String id;
    private final Principal owner;
    private final Session session;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicInteger lastStatementId = new AtomicInteger();
    private final Map<Integer, WireStatement> statements = new ConcurrentHashMap<>();
    private volatile long usedAt;
    private volatile boolean closed;
    private @Nullable ResultFrames readAhead;
    private volatile boolean readingAhead;
    private volatile @Nullable WireStatement executing;
    private volatile @Nullable Thread worker;

    WireConnection(String id, Principal owner, Session session, long usedAt) {
        this.id = id;
        this.owner = owner;
        this.session = session;
        this.usedAt = usedAt;
    }

    String id() {
        return id;
    }

    Principal owner() {
        return owner;
    }

    Session session() {
        return session;
    }

    /** Held by the one request that works on this connection. */
    ReentrantLock lock() {
        return lock;
    }

    WireStatement add(@Nullable Prepared prepared, long maxRows, long now) {
        WireStatement statement = new WireStatement(lastStatementId.incrementAndGet(), prepared, maxRows, now);
        statements.put(statement.id(), statement);
        return statement;
    }

    @Nullable
    WireStatement statement(int statementId) {
        return statements.get(statementId);
    }

    /** Puts a plain statement where a prepared one was. */
    WireStatement replaceByPlain(WireStatement before, long now) {
        before.closeResult();
        WireStatement plain = new WireStatement(before.id(), null, 0, now);
        statements.put(plain.id(), plain);
        return plain;
    }

    void remove(WireStatement statement) {
        statements.remove(statement.id());
        statement.closeResult();
    }

    Collection<WireStatement> statements() {
        return statements.values();
    }

    long usedAt() {
        return usedAt;
    }

    /** A request begins to work on it, in this thread. */
    void begin(long now) {
        usedAt = now;
        worker = Thread.currentThread();
    }

    void end(long now) {
        usedAt = now;
        worker = null;
    }

    /** Cancels what the request of that thread runs; nothing where another one is at work. */
    void left(Thread by) {
        if (worker == by) {
            WireStatement wanted = executing;
            if (wanted != null) {
                wanted.cancel();
            }
            session.interrupt("The client closed its connection before the answer was there.");
        }
    }

    /** The statement whose answer, or more of whose rows, a request waits for; null: none. */
    void executing(@Nullable WireStatement statement) {
        executing = statement;
    }

    @Nullable
    WireStatement executing() {
        return executing;
    }

    /** What is to be read on while the client looks at what it got. */
    void readAhead(ResultFrames result) {
        readAhead = result;
    }

    /** That, once. */
    @Nullable
    ResultFrames takeReadAhead() {
        ResultFrames wanted = readAhead;
        readAhead = null;
        return wanted;
    }

    /** Reads on where no request is at work; whoever closes or cancels meanwhile finds the connection at work. */
    void readOn(ResultFrames result) {
        if (lock.tryLock()) {
            readingAhead = true;
            try {
                result.readAhead();
            } finally {
                readingAhead = false;
                lock.unlock();
            }
        }
    }

    /** Whether what is at work is no request but {@link #readOn}, as long as the source takes. */
    boolean isReadingAhead() {
        return readingAhead;
    }

    boolean isClosed() {
        return closed;
    }

    void markClosed() {
        closed = true;
    }
}
