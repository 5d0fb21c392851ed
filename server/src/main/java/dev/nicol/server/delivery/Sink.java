package dev.nicol.server.delivery;

import dev.nicol.server.audit.TrailFeed;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** Where batches go. Used by one thread; {@link #close} may come from another, and then what is under way fails. */
interface Sink extends AutoCloseable {
    /** The kinds of events that it takes; empty: all. */
    default Set<String> kinds() {
        return Set.of();
    }

    /** Whether it takes this event of such a kind. */
    default boolean takes(TrailFeed.Line line) {
        return true;
    }

    /** How many it takes at once, at most. */
    default int most() {
        return Integer.MAX_VALUE;
    }

    /** Returns when the receiver has all of it. */
    void deliver(List<TrailFeed.Line> batch) throws IOException, InterruptedException;

    /** Finds out whether it can be reached, without delivering anything. */
    void check() throws IOException;

    @Override
    void close();
}
