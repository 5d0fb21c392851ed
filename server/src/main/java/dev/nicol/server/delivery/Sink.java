package dev.nicol.server.delivery;

import dev.nicol.server.audit.TrailFeed;
import java.io.IOException;
import java.util.List;

/** Where batches go. Used by one thread; {@link #close} may come from another, and then what is under way fails. */
interface Sink extends AutoCloseable {
    /** Returns when the receiver has all of it. */
    void deliver(List<TrailFeed.Line> batch) throws IOException, InterruptedException;

    /** Finds out whether it can be reached, without delivering anything. */
    void check() throws IOException;

    @Override
    void close();
}
