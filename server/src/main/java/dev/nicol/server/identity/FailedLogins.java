package dev.nicol.server.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;

/**
 * Slows guessing down: after some wrong passwords a name waits, twice as long after each further one. Passwords that are
 * remembered as right never come here, so that guessing locks nobody out who is at work.
 */
final class FailedLogins {
    /** Wrong passwords in a row that cost nothing. */
    static final int FREE_FAILURES = 5;

    /** The first wait, and the longest. */
    static final Duration FIRST_WAIT = Duration.ofSeconds(1);

    static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

    /** More would only pass the longest wait. */
    private static final int MAX_DOUBLINGS = 6;

    /** After so long without a failure a name starts afresh. */
    static final Duration FORGOTTEN = Duration.ofMinutes(15);

    /** Most names watched at once. */
    static final int MAX_NAMES = 100_000;

    private final Ticker ticker;
    private final Cache<String, Failures> byName;

    /** {@code blockedUntil} in the ticker's nanoseconds. */
    private record Failures(int count, long blockedUntil) {}

    FailedLogins(Ticker ticker) {
        this.ticker = ticker;
        this.byName = Caffeine.newBuilder()
                .expireAfterWrite(FORGOTTEN)
                .maximumSize(MAX_NAMES)
                .ticker(ticker)
                .build();
    }

    boolean blocked(String name) {
        Failures failures = byName.getIfPresent(name);
        return failures != null && failures.count >= FREE_FAILURES && ticker.read() - failures.blockedUntil < 0;
    }

    void failed(String name) {
        byName.asMap().compute(name, (key, before) -> {
            int count = before == null ? 1 : before.count + 1;
            int doublings = Math.min(Math.max(0, count - FREE_FAILURES), MAX_DOUBLINGS);
            long wait = Math.min(FIRST_WAIT.toNanos() << doublings, LONGEST_WAIT.toNanos());
            return new Failures(count, ticker.read() + (count < FREE_FAILURES ? 0 : wait));
        });
    }

    void succeeded(String name) {
        byName.invalidate(name);
    }
}
