package dev.nicol.server.audit;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How long events are kept: the longest time that applies.
 *
 * @param otherwise of events that no class names
 * @param classes kept longer
 */
public record RetentionRules(Duration otherwise, List<KeptLonger> classes) {
    /** Events of statements: how long they are kept goes by the statement's kind. */
    public static final Set<String> OF_STATEMENTS = Set.of(TrailEvent.INTENT, TrailEvent.OUTCOME, TrailEvent.REFUSED);

    /** Without them the chain could not be told from one that was cut. */
    private static final Set<String> FOR_EVER = Set.of(SegmentRoot.DROPPED, ChainAtStart.ACCEPTED);

    private static final String ANYTHING = "*";

    public RetentionRules {
        classes = List.copyOf(classes);
    }

    /**
     * A class.
     *
     * @param events kinds of acts as {@code audit.events} has them; a {@code *} at the end stands for anything
     * @param statements kinds of statements as {@code audit.statements} has them
     */
    public record KeptLonger(Set<String> events, Set<String> statements, Duration time) {
        public KeptLonger {
            events = Set.copyOf(events);
            statements = Set.copyOf(statements);
        }

        private boolean hasAct(String kind) {
            return events.stream()
                    .anyMatch(pattern -> pattern.endsWith(ANYTHING)
                            ? kind.startsWith(pattern.substring(0, pattern.length() - 1))
                            : kind.equals(pattern));
        }
    }

    boolean actIsDue(String kind, Instant at, Instant now) {
        return !FOR_EVER.contains(kind)
                && classes.stream().filter(kept -> kept.hasAct(kind)).allMatch(kept -> isOver(kept.time(), at, now))
                && isOver(otherwise, at, now);
    }

    /** @param last the latest moment of the statement; null while it runs, then it is never due */
    boolean statementIsDue(String kind, @Nullable Instant last, Instant now) {
        return last != null
                && classes.stream()
                        .filter(kept -> kept.statements().contains(kind))
                        .allMatch(kept -> isOver(kept.time(), last, now))
                && isOver(otherwise, last, now);
    }

    /** Nothing that happened later is due, whatever its class. */
    Instant latestDue(Instant now) {
        return now.minus(otherwise);
    }

    private static boolean isOver(Duration time, Instant at, Instant now) {
        return at.isBefore(now.minus(time));
    }
}
