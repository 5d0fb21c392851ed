package dev.nicol.adapters;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * How many of a source's connections may be held by queries that are sent before their rows are asked for: half of them, and
 * half of those of one login. Whoever waits for a connection then waits for one whose rows are being used, so that
 * statements that hold and wait never wait for each other in a circle. Safe for use by many threads.
 */
final class EarlyRoom {
    private final int most;
    private final int mostOfOne;
    private final Map<String, Integer> held = new HashMap<>();
    private int all;

    private EarlyRoom(int most, int mostOfOne) {
        this.most = most;
        this.mostOfOne = mostOfOne;
    }

    static EarlyRoom of(SourceDefinition source) {
        int half = source.maxConnections() / 2;
        return source.credentials() instanceof SourceCredentials.PassThrough own
                ? new EarlyRoom(half, Math.min(half, own.maxPerLogin() / 2))
                : new EarlyRoom(half, half);
    }

    /** @return ends the hold, once however often it is run; null where there is no room */
    synchronized @Nullable Runnable take(String login) {
        int ofLogin = held.getOrDefault(login, 0);
        if (all >= most || ofLogin >= mostOfOne) {
            return null;
        }
        all++;
        held.put(login, ofLogin + 1);
        AtomicBoolean ended = new AtomicBoolean();
        return () -> {
            if (ended.compareAndSet(false, true)) {
                end(login);
            }
        };
    }

    private synchronized void end(String login) {
        all--;
        held.computeIfPresent(login, (of, count) -> count == 1 ? null : count - 1);
    }
}
