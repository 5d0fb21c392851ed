package dev.nicol.server.wire;

import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.identity.ClientNetwork;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Failed logins as events. Each is one, durable before the answer, until a name, a network or all together have had their
 * share of a minute; those beyond are counted, and told by one event for each network when the minute is over. So every
 * failure is in the trail, and nobody without credentials fills it.
 */
final class LoginFailures {
    /** In which the bounds below count. */
    static final Duration INTERVAL = Duration.ofMinutes(1);

    /** Events of their own for one claimed name, for one network, and for everyone. */
    static final int PER_NAME = 10;

    static final int PER_NETWORK = 30;

    static final int OVERALL = 300;

    /** Networks that are counted apart; further ones are counted together. */
    static final int SUMMARIES = 100;

    /** Names that the event of a network tells. */
    static final int NAMES = 20;

    private static final String ELSEWHERE = "other addresses";
    private static final Logger LOG = LoggerFactory.getLogger(LoginFailures.class);

    private final AuditTrail trail;
    private final Clock clock;
    private final Map<String, Integer> byName = new HashMap<>();
    private final Map<String, Integer> byNetwork = new HashMap<>();
    private final Map<String, Summary> summaries = new LinkedHashMap<>();
    private Instant since;
    private int overall;

    private static final class Summary {
        private final Set<String> names = new TreeSet<>();
        private final Instant first;
        private Instant last;
        private long count;
        private boolean moreNames;

        private Summary(Instant first) {
            this.first = first;
            this.last = first;
        }
    }

    LoginFailures(AuditTrail trail, Clock clock) {
        this.trail = trail;
        this.clock = clock;
        this.since = clock.instant();
    }

    /**
     * Records one.
     *
     * @param name who it said it was; empty where it did not say
     * @param how it came and why it failed, after the address
     */
    void record(String name, String address, String how) {
        if (countsAlone(name, address)) {
            trail.event("login_failed", name, "from " + address + how);
        }
    }

    /** Whether it is to be an event of its own; if not, it is counted. */
    private synchronized boolean countsAlone(String name, String address) {
        Instant now = clock.instant();
        if (over(now)) {
            byName.clear();
            byNetwork.clear();
            overall = 0;
            since = now;
        }
        String network = ClientNetwork.of(address);
        if (overall < OVERALL
                && (name.isEmpty() || byName.getOrDefault(name, 0) < PER_NAME)
                && byNetwork.getOrDefault(network, 0) < PER_NETWORK) {
            overall++;
            byName.merge(name, 1, Integer::sum);
            byNetwork.merge(network, 1, Integer::sum);
            return true;
        }
        String place = summaries.containsKey(network) || summaries.size() < SUMMARIES ? network : ELSEWHERE;
        Summary summary = summaries.computeIfAbsent(place, key -> new Summary(now));
        summary.count++;
        summary.last = now;
        if (summary.names.size() < NAMES) {
            summary.names.add(name);
        } else if (!summary.names.contains(name)) {
            summary.moreNames = true;
        }
        return false;
    }

    private boolean over(Instant now) {
        return longAgo(since, now);
    }

    /** Or later, where the clock was put back. */
    private static boolean longAgo(Instant then, Instant now) {
        return Duration.between(then, now).abs().compareTo(INTERVAL) >= 0;
    }

    /** Writes what was counted, once the first of it is a minute ago: a flood that goes on is told as it does. */
    void flush() {
        Instant now = clock.instant();
        synchronized (this) {
            if (summaries.values().stream().noneMatch(summary -> longAgo(summary.first, now))) {
                return;
            }
        }
        flushAll();
    }

    /** Writes what was counted. What cannot be written is kept for the next time. */
    void flushAll() {
        Map<String, Summary> taken;
        synchronized (this) {
            taken = new LinkedHashMap<>(summaries);
            summaries.clear();
        }
        taken.forEach((network, summary) -> {
            try {
                trail.event(
                        "login_failed",
                        summary.names.size() == 1 && !summary.moreNames
                                ? summary.names.iterator().next()
                                : "",
                        told(network, summary));
            } catch (RuntimeException unwritten) {
                LOG.warn("failed logins could not be recorded, and will be", unwritten);
                keep(network, summary);
            }
        });
    }

    private synchronized void keep(String network, Summary unwritten) {
        Summary meanwhile = summaries.putIfAbsent(network, unwritten);
        if (meanwhile != null) {
            unwritten.count += meanwhile.count;
            unwritten.last = meanwhile.last;
            unwritten.moreNames |= meanwhile.moreNames || !unwritten.names.containsAll(meanwhile.names);
            summaries.put(network, unwritten);
        }
    }

    private static String told(String network, Summary summary) {
        return summary.count + " more from " + network + " from " + summary.first + " to " + summary.last + ", as `"
                + String.join("`, `", summary.names) + "`" + (summary.moreNames ? " and others" : "");
    }
}
