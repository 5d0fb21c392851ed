package dev.nicol.server.wire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A client's socket of which can be told, while a request is answered, whether its client is still there. Jetty reads nothing
 * then, and only who reads meets the end. So a look reads, and keeps what it gets for Jetty.
 */
final class WatchedEndPoint extends SocketChannelEndPoint {
    /** Bytes that looks keep: of a client that sends more before its answer is there, nothing is known until then. */
    static final int MOST_AHEAD = 1024;

    private final Executor executor;
    private final Object lock = new Object();

    /** What looks have read, ready to be read on; null: nothing. */
    private @Nullable ByteBuffer ahead;

    WatchedEndPoint(
            SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler, Executor executor) {
        super(channel, selector, key, scheduler);
        this.executor = executor;
    }

    /** Whether the client at the other end has closed its socket, TLS or not; false where that cannot be told. */
    static boolean isGone(EndPoint client) {
        EndPoint socket = client;
        while (socket instanceof EndPoint.Wrapper wrapper) {
            socket = wrapper.unwrap();
        }
        return socket instanceof WatchedEndPoint watched && watched.isGone();
    }

    private boolean isGone() {
        synchronized (lock) {
            ByteBuffer kept = ahead == null ? BufferUtil.allocate(MOST_AHEAD) : ahead;
            int read = 0;
            try {
                do {
                    int position = BufferUtil.flipToFill(kept);
                    try {
                        read = kept.hasRemaining() ? getChannel().read(kept) : 0;
                    } finally {
                        BufferUtil.flipToFlush(kept, position);
                    }
                } while (read > 0);
            } catch (IOException broken) {
                read = -1;
            }
            ahead = kept.hasRemaining() ? kept : null;
            return read < 0;
        }
    }

    @Override
    public int fill(ByteBuffer buffer) throws IOException {
        synchronized (lock) {
            ByteBuffer kept = ahead;
            if (kept == null) {
                return super.fill(buffer);
            }
            int position = BufferUtil.flipToFill(buffer);
            int filled = BufferUtil.put(kept, buffer);
            BufferUtil.flipToFlush(buffer, position);
            ahead = kept.hasRemaining() ? kept : null;
            notIdle();
            return filled;
        }
    }

    /** What is kept, no selector tells of. */
    @Override
    protected void needsFillInterest() {
        synchronized (lock) {
            if (ahead == null) {
                super.needsFillInterest();
                return;
            }
        }
        executor.execute(getFillInterest()::fillable);
    }
}
