package dev.nicol.server.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Slows guessing down, and keeps no one out who is at work (docs/concepts/identity.md). Wrong passwords are counted for a
 * name at an address, for an address, and for a name wherever it is tried; whoever logged in with that name from that
 * address before is only touched by the first of these. What waits is refused unseen, in the words of a wrong password.
 */
final class FailedLogins {
    /** Bounds of one count: failures that cost nothing, then the wait after each, doubled up to the longest. */
    private record Bound(int free, Duration longest) {}

    static final Duration FIRST_WAIT = Duration.ofSeconds(1);

    /** Of one name at one address. */
    static final int FREE_FAILURES = 5;

    static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

    /** Of one address, whatever the names. */
    static final int FREE_FAILURES_OF_ADDRESS = 50;

    /** Of one name, whatever the addresses. The wait is short: it meets people, too, who log in from somewhere new. */
    static final int FREE_FAILURES_OF_NAME = 50;

    static final Duration LONGEST_WAIT_OF_NAME = Duration.ofSeconds(10);

    /** Guesses of one name at one address from which on passwords wait that are remembered as right, too. */
    static final int GUESSES_BESIDE_WORK = 100;

    /** After so long without a failure a count starts afresh. */
    static final Duration FORGOTTEN = Duration.ofMinutes(15);

    /** How long a name is known at an address after its last login there. */
    static final Duration KNOWN = Duration.ofDays(7);

    /** Most counts of each sort, and most addresses of names, kept at once. */
    static final int MAX_KEPT = 100_000;

    /** More would only pass the longest wait. */
    private static final int MAX_DOUBLINGS = 6;

    private static final Bound HERE = new Bound(FREE_FAILURES, LONGEST_WAIT);
    private static final Bound ADDRESS = new Bound(FREE_FAILURES_OF_ADDRESS, LONGEST_WAIT);
    private static final Bound NAME = new Bound(FREE_FAILURES_OF_NAME, LONGEST_WAIT_OF_NAME);

    private final Ticker ticker;
    private final Cache<Here, Failures> here;
    private final Cache<String, Failures> addresses;
    private final Cache<String, Failures> names;
    private final Cache<Here, Boolean> known;

    private record Here(String name, String network) {}

    /**
     * A count.
     *
     * @param guesses the different passwords among all attempts, as far as one is compared with the one before
     * @param last the one before, as a fingerprint
     * @param until in the ticker's nanoseconds
     */
    private record Failures(int count, int guesses, long last, long until) {}

    /** Who waits. */
    private enum Wait {
        NOBODY,
        ALL_BUT_REMEMBERED,
        EVERYBODY
    }

    FailedLogins(Ticker ticker) {
        this.ticker = ticker;
        this.here = kept(FORGOTTEN);
        this.addresses = kept(FORGOTTEN);
        this.names = kept(FORGOTTEN);
        this.known = kept(KNOWN);
    }

    private <K, V> Cache<K, V> kept(Duration time) {
        return Caffeine.newBuilder()
                .expireAfterWrite(time)
                .maximumSize(MAX_KEPT)
                .ticker(ticker)
                .build();
    }

    /** Who has to wait that comes with the name from the address now. */
    private Wait waits(String name, String address) {
        Here place = new Here(name, ClientNetwork.of(address));
        Failures failures = here.getIfPresent(place);
        boolean waiting = waits(failures, HERE);
        if (known.getIfPresent(place) == null) {
            return waiting
                            || waits(addresses.getIfPresent(place.network), ADDRESS)
                            || waits(names.getIfPresent(name), NAME)
                    ? Wait.EVERYBODY
                    : Wait.NOBODY;
        }
        if (!waiting || failures == null) {
            return Wait.NOBODY;
        }
        return failures.guesses < GUESSES_BESIDE_WORK ? Wait.ALL_BUT_REMEMBERED : Wait.EVERYBODY;
    }

    /**
     * Whether an attempt is refused unseen; then it counts as a guess.
     *
     * @param password a fingerprint of it
     * @param remembered whether it is remembered as right
     */
    boolean refuses(String name, String address, long password, boolean remembered) {
        Wait wait = waits(name, address);
        if (wait == Wait.NOBODY || wait == Wait.ALL_BUT_REMEMBERED && remembered) {
            return false;
        }
        refused(name, address, password);
        return true;
    }

    private boolean waits(@Nullable Failures failures, Bound bound) {
        return failures != null && failures.count >= bound.free && ticker.read() - failures.until < 0;
    }

    /** An attempt was refused unseen: it is a guess all the same, but makes nobody wait longer. */
    private void refused(String name, String address, long password) {
        here.asMap()
                .computeIfPresent(
                        new Here(name, ClientNetwork.of(address)),
                        (key, before) -> new Failures(before.count, guesses(before, password), password, before.until));
    }

    /**
     * A password was wrong.
     *
     * @param password a fingerprint of it: a program that repeats an old one guesses once
     */
    void failed(String name, String address, long password) {
        Here place = new Here(name, ClientNetwork.of(address));
        count(here, place, HERE, password);
        count(addresses, place.network, ADDRESS, password);
        count(names, name, NAME, password);
    }

    private <K> void count(Cache<K, Failures> counts, K key, Bound bound, long password) {
        counts.asMap().compute(key, (same, before) -> {
            int count = before == null ? 1 : before.count + 1;
            int doublings = Math.min(Math.max(0, count - bound.free), MAX_DOUBLINGS);
            long wait = Math.min(FIRST_WAIT.toNanos() << doublings, bound.longest.toNanos());
            return new Failures(
                    count,
                    before == null ? 1 : guesses(before, password),
                    password,
                    ticker.read() + (count < bound.free ? 0 : wait));
        });
    }

    private static int guesses(Failures before, long password) {
        return before.last == password || before.guesses == Integer.MAX_VALUE ? before.guesses : before.guesses + 1;
    }

    /** A remembered password was right: no reason to take a count back, which others at the address may have run up. */
    void remembered(String name, String address) {
        Here place = new Here(name, ClientNetwork.of(address));
        if (known.getIfPresent(place) == null) {
            known.put(place, true);
        }
    }

    /** Counts of the address and of the name elsewhere go on: who guesses may have a password of their own. */
    void succeeded(String name, String address) {
        Here place = new Here(name, ClientNetwork.of(address));
        here.invalidate(place);
        known.put(place, true);
    }
}
