package dev.nicol.server.audit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Links that are in the journal and not in the tables, in their order. Not safe for use by several threads. */
final class WaitingLinks {
    /** Links that wait at most, and bytes of them: more are refused until these are in the tables. */
    static final int MOST_LINKS = 20_000;

    static final long MOST_BYTES = 64L << 20;

    private final Deque<Link> links = new ArrayDeque<>();
    private long bytes;
    private long sinceNanos;

    boolean isEmpty() {
        return links.isEmpty();
    }

    int size() {
        return links.size();
    }

    boolean isFull() {
        return links.size() >= MOST_LINKS || bytes >= MOST_BYTES;
    }

    /** How long the first has waited. */
    long sinceMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sinceNanos);
    }

    void addAll(Collection<Link> more) {
        if (links.isEmpty()) {
            sinceNanos = System.nanoTime();
        }
        for (Link link : more) {
            links.add(link);
            bytes += link.event().payload().length;
        }
    }

    List<Link> take(int most) {
        List<Link> taken = new ArrayList<>(Math.min(links.size(), most));
        while (!links.isEmpty() && taken.size() < most) {
            Link link = links.removeFirst();
            bytes -= link.event().payload().length;
            taken.add(link);
        }
        return taken;
    }

    /** Puts links before those that come after them, in place of all others. */
    void replaceUpTo(long eventId, Collection<Link> known) {
        List<Link> later =
                links.stream().filter(link -> link.eventId() > eventId).toList();
        links.clear();
        bytes = 0;
        addAll(known);
        addAll(later);
    }
}
