package dev.nicol.server.audit;

import java.security.SecureRandom;
import java.util.UUID;

/**
 * Makes the ids of statements: UUIDv7 (RFC 9562), so that their text sorts by the time they were made. Within one JVM each
 * is greater than the one before, even where the clock goes back.
 */
public final class StatementIds {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int COUNTER_BITS = 12;
    private static final long COUNTER_MAX = (1L << COUNTER_BITS) - 1;
    private static final Object LOCK = new Object();

    private static long lastMs;
    private static long counter;

    private StatementIds() {}

    /** The next id, 36 characters. */
    public static String next() {
        long random = RANDOM.nextLong();
        long high;
        synchronized (LOCK) {
            long nowMs = System.currentTimeMillis();
            if (nowMs > lastMs) {
                lastMs = nowMs;
                // half the counter stays free, so that a busy millisecond rarely borrows from the next
                counter = (random >>> 16) & (COUNTER_MAX >> 1);
            } else if (counter < COUNTER_MAX) {
                counter++;
            } else {
                lastMs++;
                counter = 0;
            }
            high = (lastMs << 16) | (0x7L << 12) | counter;
        }
        long low = (random & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low).toString();
    }
}
