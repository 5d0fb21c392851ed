package dev.nicol.server.wire;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the next frame of an answer while its client is busy with the one before. One frame, for clients that have fetched
 * once; where all threads are busy, or another request came first, the client's next request reads it.
 */
final class ReadAhead implements AutoCloseable {
    /** Results read ahead at once. */
    static final int THREADS = 16;

    private static final Logger LOGGER = LoggerFactory.getLogger(ReadAhead.class);
    private static final int IDLE_SECONDS = 10;

    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            0,
            THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
                Thread thread = new Thread(task, "nicol-read-ahead");
                thread.setDaemon(true);
                return thread;
            },
            new ThreadPoolExecutor.DiscardPolicy());

    void start(WireConnection connection, ResultFrames result) {
        threads.execute(() -> {
            try {
                connection.readOn(result);
            } catch (RuntimeException | Error failure) {
                LOGGER.warn("Reading ahead failed", failure);
            }
        });
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
