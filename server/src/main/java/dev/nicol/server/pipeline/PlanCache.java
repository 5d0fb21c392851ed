package dev.nicol.server.pipeline;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.nicol.server.catalog.Catalogs;
import dev.nicol.server.catalog.GovernedCatalog;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Statements as far as they do not depend on who sends them: governed, traced and planned once for all who have equal
 * rights. What is kept rests on one version of rights, sources, views and classifications; with any other it is not found, so
 * that nothing stale ever runs.
 */
final class PlanCache {
    /** A statement that nobody sent for so long is forgotten. */
    private static final Duration IDLE = Duration.ofMinutes(30);

    /** Texts that are remembered not to stand for others. */
    private static final int MOST_LITERAL_TEXTS = 10_000;

    /** What a statement is taken to hold in memory beside its text, in bytes: measured of small ones. */
    private static final int BYTES_OF_A_STATEMENT = 50_000;

    private static final int BYTES_OF_AN_EDGE = 200;

    private final Catalogs catalogs;
    private final Cache<Key, TracedStatement> known;
    private final Cache<Key, Boolean> literal =
            Caffeine.newBuilder().maximumSize(MOST_LITERAL_TEXTS).build();
    private volatile GovernedCatalog.@Nullable Version newest;

    /**
     * What a plan depends on.
     *
     * @param text of the statement
     * @param within where its names are looked up
     * @param version of the catalogue of whoever sends it
     */
    record Key(String text, ParsedStatement.DefaultSchema within, GovernedCatalog.Version version) {
        /** Of another text, for the same who sends it. */
        Key of(String other) {
            return new Key(other, within, version);
        }
    }

    /** @param maxBytes that all statements may hold in memory, as estimated; 0: nothing is kept */
    PlanCache(Catalogs catalogs, long maxBytes) {
        this.catalogs = catalogs;
        this.known = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher(PlanCache::bytes)
                .expireAfterAccess(IDLE)
                .recordStats()
                .build();
    }

    private static int bytes(Key key, TracedStatement statement) {
        long edges = statement.columns().size() + statement.lineage().edges().size();
        long bytes = BYTES_OF_A_STATEMENT + 2L * Character.BYTES * key.text().length() + BYTES_OF_AN_EDGE * edges;
        return (int) Math.min(bytes, Integer.MAX_VALUE);
    }

    /** Under what a statement is known, for who sends it, now. */
    Key key(Invocation asked) {
        GovernedCatalog.Version version = catalogs.of(asked.subject()).version();
        forgetOlderThan(version);
        return new Key(asked.sql(), asked.session().defaultSchema(), version);
    }

    /** Sources, views or tags have changed for everybody: what was planned before holds memory for nothing. */
    private void forgetOlderThan(GovernedCatalog.Version version) {
        GovernedCatalog.Version last = newest;
        if (last == null || !version.isOfSameGround(last)) {
            newest = version;
            if (last != null) {
                known.invalidateAll();
                literal.invalidateAll();
            }
        }
    }

    /** Null where it is not known, and has to be made. */
    @Nullable
    TracedStatement get(Key key) {
        return known.getIfPresent(key);
    }

    /** Keeps what may run any number of times at once. */
    void keep(PlannedStatement planned) {
        ParsedStatement parsed = planned.parsed();
        boolean rows = parsed.kind() == StatementKind.SELECT || parsed.kind().writesRows();
        TracedStatement traced = planned.admitted().guarded().traced();
        if (rows && planned.planning().isFixed() && traced.plannings().toBeKept()) {
            GovernedCatalog catalog = traced.governed().validated().catalog();
            known.put(new Key(parsed.sql(), parsed.within(), catalog.version()), traced);
        }
    }

    /** Whether statements that differ from this one in literals are known not to share a plan. */
    boolean isLiteral(Key key) {
        return literal.getIfPresent(key) != null;
    }

    void keepLiteral(Key key) {
        literal.put(key, true);
    }

    /** For metrics. */
    Cache<?, ?> statements() {
        return known;
    }
}
