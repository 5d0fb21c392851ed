package dev.nicol.adapters;

import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the current {@link CatalogSnapshot} and keeps it current. A source that is down keeps its last known tables,
 * marked unavailable, and comes back by itself; one slow source holds up no other.
 */
public final class Catalog implements AutoCloseable {
    /** Time between two reads of a source's catalogue. */
    public static final Duration DEFAULT_REFRESH = Duration.ofSeconds(60);

    /** A source that is down is tried again after this, or after the refresh time where that is shorter. */
    public static final Duration RETRY_DOWN = Duration.ofSeconds(5);

    /**
     * A source that refused a name which its catalogue has is read again after this, once for all refusals meanwhile. Not at once: a
     * table that was swapped for another is back by then.
     */
    public static final Duration READ_AFTER_REFUSAL = Duration.ofSeconds(2);

    /** A source whose catalogue takes longer than this many milliseconds counts as unavailable until it arrives. */
    public static final long READ_TIMEOUT_MS = 30_000;

    private static final Logger LOG = LoggerFactory.getLogger(Catalog.class);
    private static final AtomicInteger THREADS = new AtomicInteger();

    private final Map<String, Source> sources;
    private final Duration refreshEvery;
    private final SourceCheck check;
    private final ExecutorService readers = Executors.newCachedThreadPool(threads("catalog-read"));
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(threads("catalog"));
    private final Map<String, CompletableFuture<Void>> reading = new ConcurrentHashMap<>();
    private final Map<String, Long> dueNanos = new ConcurrentHashMap<>();

    /** Sources that will be read because they refused a name. */
    private final Set<String> refused = ConcurrentHashMap.newKeySet();

    private final List<Consumer<CatalogSnapshot>> listeners = new CopyOnWriteArrayList<>();
    private volatile CatalogSnapshot snapshot;

    /** A catalogue that asks its sources for nothing but their tables. */
    public Catalog(Collection<Source> sources, Duration refreshEvery) {
        this(sources, refreshEvery, SourceCheck.NONE);
    }

    /**
     * Reads every source once before it returns; a source that does not answer is unavailable, not an error.
     *
     * @param check a source that does not pass is unavailable too
     */
    public Catalog(Collection<Source> sources, Duration refreshEvery, SourceCheck check) {
        Map<String, Source> named = new HashMap<>();
        Map<String, SourceCatalog> empty = new HashMap<>();
        for (Source source : sources) {
            SourceDefinition definition = source.definition();
            named.put(definition.name(), source);
            empty.put(definition.name(), unread(definition));
        }
        this.sources = Map.copyOf(named);
        this.refreshEvery = refreshEvery;
        this.check = check;
        this.snapshot = new CatalogSnapshot(0, empty);
        this.sources.values().forEach(source -> source.onMissed(() -> readAfterRefusal(source)));
        refresh();
        long tickMs = Math.max(1, Math.min(refreshEvery.toMillis(), RETRY_DOWN.toMillis()) / 2);
        clock.scheduleWithFixedDelay(this::readDue, tickMs, tickMs, TimeUnit.MILLISECONDS);
    }

    private static SourceCatalog unread(SourceDefinition definition) {
        return new SourceCatalog(
                definition.name(),
                definition.kind(),
                definition.environment(),
                List.of(),
                Map.of(),
                "Source `" + definition.name() + "` has not answered yet; try again in a few seconds.");
    }

    public CatalogSnapshot snapshot() {
        return snapshot;
    }

    /** The source of that name; null where there is none. */
    public @Nullable Source source(String name) {
        return sources.get(name);
    }

    /** Called with each new version, on the thread that found it; it must not block. */
    public void addListener(Consumer<CatalogSnapshot> listener) {
        listeners.add(listener);
    }

    /** Reads every source now, all at once, and returns when each has answered or run out of time. */
    public CatalogSnapshot refresh() {
        Map<String, CompletableFuture<Void>> started = new HashMap<>();
        sources.values().forEach(source -> started.put(source.definition().name(), readAfresh(source)));
        started.forEach((name, future) -> {
            try {
                future.orTimeout(READ_TIMEOUT_MS, TimeUnit.MILLISECONDS).join();
            } catch (RuntimeException slow) {
                unavailable(name, "Source `" + name + "` does not answer in time; try again later.");
            }
        });
        return snapshot;
    }

    private void readDue() {
        long now = System.nanoTime();
        for (Source source : sources.values()) {
            Long due = dueNanos.get(source.definition().name());
            if (due == null || due - now <= 0) {
                read(source);
            }
        }
    }

    /** Whatever the statement was: which names it had and what the catalogue says of them meanwhile is not looked at. */
    private void readAfterRefusal(Source source) {
        String name = source.definition().name();
        if (refused.add(name)) {
            Runnable read = () -> {
                refused.remove(name);
                readAfresh(source);
            };
            try {
                clock.schedule(read, READ_AFTER_REFUSAL.toMillis(), TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException closed) {
                LOG.debug("the catalogue of source {} is closed", name);
            }
        }
    }

    /** A read that begins after this call: one that is under way may have passed by what changed meanwhile. */
    private CompletableFuture<Void> readAfresh(Source source) {
        CompletableFuture<Void> underWay = reading.get(source.definition().name());
        return underWay == null ? read(source) : underWay.thenCompose(done -> read(source));
    }

    /** At most one read of a source is under way; whoever asks meanwhile waits for that one. */
    private CompletableFuture<Void> read(Source source) {
        String name = source.definition().name();
        CompletableFuture<Void> mine = new CompletableFuture<>();
        CompletableFuture<Void> other = reading.putIfAbsent(name, mine);
        if (other != null) {
            return other.copy();
        }
        readers.execute(() -> {
            try {
                readNow(source);
            } finally {
                reading.remove(name);
                mine.complete(null);
            }
        });
        return mine.copy();
    }

    private void readNow(Source source) {
        String name = source.definition().name();
        Duration wait = refreshEvery;
        try {
            SourceCatalog found = readCatalogue(source);
            source.answered();
            publish(found);
            wait = found.unavailable() == null ? refreshEvery : shorter(RETRY_DOWN, refreshEvery);
        } catch (NicolException failure) {
            LOG.warn("{}", failure.getMessage());
            if (failure.error() != NicolError.TOO_MANY) {
                unavailable(name, String.valueOf(failure.getMessage()));
            } // else all its connections work for somebody: it is busy, and what is known of it stays
            wait = shorter(RETRY_DOWN, refreshEvery);
        } catch (SQLException | RuntimeException failure) {
            // The driver's words may name hosts and users: the class alone goes to the log.
            LOG.warn(
                    "the catalogue of source {} cannot be read: {}",
                    name,
                    failure.getClass().getName());
            unavailable(name, "The catalogue of source `" + name + "` cannot be read; ask its administrator.");
            wait = shorter(RETRY_DOWN, refreshEvery);
        }
        dueNanos.put(name, System.nanoTime() + wait.toNanos());
    }

    /** Once more where the connection had died in the pool, as all of them have when a source went away. */
    private SourceCatalog readCatalogue(Source source) throws SQLException {
        for (int attempt = 0; attempt < 2; attempt++) {
            try (Connection connection = source.connection()) {
                SourceCatalog found = source.adapter().read(connection, source.definition(), NicolTypeSystem.factory());
                String problem = check.problem(source, connection);
                return problem == null ? found : found.unavailable(problem);
            } catch (SQLException failure) {
                if (!DriverFailures.isBroken(failure)) {
                    throw failure;
                }
                source.forgetConnections();
                check.lost(source.definition().name());
            }
        }
        throw NicolError.SOURCE_FAILED.because(
                "Source `" + source.definition().name() + "` breaks off its connections; try again later.");
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private void unavailable(String name, String reason) {
        SourceCatalog known = snapshot.sources().get(name);
        check.lost(name);
        if (known != null) {
            publish(known.unavailable(reason));
        }
    }

    private void publish(SourceCatalog found) {
        CatalogSnapshot changed = null;
        synchronized (this) {
            SourceCatalog known = snapshot.sources().get(found.source());
            boolean same = known != null && sameStructure(known, found);
            Map<String, SourceCatalog> all = new HashMap<>(snapshot.sources());
            all.put(found.source(), found);
            snapshot = new CatalogSnapshot(snapshot.version() + (same ? 0 : 1), all);
            if (!same) {
                changed = snapshot;
            }
        }
        if (changed != null) {
            for (Consumer<CatalogSnapshot> listener : listeners) {
                try {
                    listener.accept(changed);
                } catch (RuntimeException failure) {
                    LOG.warn("a listener failed on catalogue version {}", changed.version(), failure);
                }
            }
        }
    }

    /** Row counts change with every statement and make nothing stale. The words of a failure do not either. */
    private static boolean sameStructure(SourceCatalog one, SourceCatalog other) {
        return (one.unavailable() == null) == (other.unavailable() == null)
                && one.schemas().equals(other.schemas())
                && withoutRowCounts(one.tables()).equals(withoutRowCounts(other.tables()));
    }

    private static Map<TableName, SourceTable> withoutRowCounts(Map<TableName, SourceTable> tables) {
        Map<TableName, SourceTable> structure = new HashMap<>();
        tables.forEach((name, table) -> structure.put(
                name,
                new SourceTable(
                        name,
                        table.physicalName(),
                        table.kind(),
                        table.columns(),
                        table.primaryKey(),
                        table.uniqueKeys(),
                        table.keys(),
                        0,
                        true,
                        Map.of(),
                        table.transactional(),
                        table.comment())));
        return structure;
    }

    private static ThreadFactory threads(String purpose) {
        return task -> {
            Thread thread = new Thread(task, purpose + "-" + THREADS.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Stops refreshing. The sources are their owner's to close. */
    @Override
    public void close() {
        clock.shutdownNow();
        readers.shutdownNow();
    }
}
