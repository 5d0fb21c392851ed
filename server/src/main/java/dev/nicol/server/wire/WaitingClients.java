package dev.nicol.server.wire;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;

/** The requests that are answered now, and whether somebody is there for the answer. */
final class WaitingClients {
    private final Set<Waiting> all = ConcurrentHashMap.newKeySet();

    /** One request; its lock keeps it from ending while its end is told. */
    private static final class Waiting {
        private final EndPoint client;
        private final Thread worker = Thread.currentThread();
        private final long sinceNanos = System.nanoTime();
        private boolean over;

        Waiting(EndPoint client) {
            this.client = client;
        }
    }

    /** Answers a request that was read to its end. */
    <T> T during(HttpServletRequest request, Supplier<T> answer) {
        Waiting waiting = new Waiting(ServletContextRequest.getServletContextRequest(request)
                .getConnectionMetaData()
                .getConnection()
                .getEndPoint());
        all.add(waiting);
        try {
            return answer.get();
        } finally {
            all.remove(waiting);
            synchronized (waiting) {
                waiting.over = true;
            }
        }
    }

    /**
     * Looks for requests that nobody waits for.
     *
     * @param least how long they take already
     * @param gone gets the thread that answers one; until it returns, that thread is at nothing else
     */
    void look(Duration least, Consumer<Thread> gone) {
        long now = System.nanoTime();
        for (Waiting waiting : all) {
            if (now - waiting.sinceNanos >= least.toNanos()) {
                synchronized (waiting) {
                    if (!waiting.over && WatchedEndPoint.isGone(waiting.client)) {
                        gone.accept(waiting.worker);
                    }
                }
            }
        }
    }
}
