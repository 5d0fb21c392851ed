package dev.nicol.server.classification;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceCatalog;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.classification.DueColumns.Due;
import dev.nicol.server.classification.TableTags.Examined;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at columns when it is time to: at start, when a source changes or comes back, when a table has grown, and when a
 * steward asks. Sources are looked at side by side, each by one thread at a time. Until a column has been looked at, it is
 * unclassified and so hidden: whatever goes wrong here shows too little.
 */
public final class Examiner implements AutoCloseable {
    /** A starting server waits for this long, at most, until its sources have been looked at; the rest follows. */
    public static final Duration START_WAIT = Duration.ofSeconds(60);

    /** A definition or a write waits for this long, at most, for what it changed. */
    public static final Duration WRITE_WAIT = Duration.ofSeconds(10);

    /** Tables that are announced in the trail at once, and whose results are saved together. */
    static final int TABLES_AT_ONCE = 20;

    /** Seconds between two looks at whether something is due. */
    private static final long TICK_S = 5;

    private static final Logger LOG = LoggerFactory.getLogger(Examiner.class);
    private static final AtomicInteger THREADS = new AtomicInteger();

    private final Parts parts;
    private final DueColumns due;
    private final ExecutorService workers = Executors.newCachedThreadPool(threads("classification"));
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(threads("classification-timer"));
    private final Map<String, Lock> locks = new ConcurrentHashMap<>();
    private final Map<String, CompletableFuture<Void>> queued = new ConcurrentHashMap<>();

    /** Sources as they were when they were last looked at. */
    private final Map<String, SourceCatalog> previous = new ConcurrentHashMap<>();

    /**
     * What it works with.
     *
     * @param snapshot the current catalogue
     * @param sources a source by its name; throws for an unknown one
     * @param own the catalog of the system's own tables, which is left alone
     * @param sampleRows rows of a table that are looked at; 0: names and types alone
     * @param changed told when tags may have changed
     */
    public record Parts(
            Supplier<CatalogSnapshot> snapshot,
            Function<String, Source> sources,
            String own,
            TagRegistry registry,
            AuditTrail trail,
            int sampleRows,
            Runnable changed,
            Clock clock) {}

    public Examiner(Parts parts) {
        this.parts = parts;
        this.due = new DueColumns(parts.registry(), parts.sampleRows());
        timer.scheduleWithFixedDelay(this::tick, TICK_S, TICK_S, TimeUnit.SECONDS);
    }

    /** Looks at what is due, and returns when that is done or the time is over; then it goes on in the background. */
    public void examine(Duration atMost) {
        List<CompletableFuture<Void>> started = new ArrayList<>();
        for (SourceCatalog source : parts.snapshot().get().sources().values()) {
            if (isOurs(source)) {
                started.add(look(source.source()));
            }
        }
        await(started, atMost);
    }

    /** The catalogue has changed. */
    public void changed(CatalogSnapshot snapshot) {
        for (SourceCatalog source : snapshot.sources().values()) {
            if (isOurs(source) && source != previous.get(source.source())) {
                due.forgetFailures(source.source());
                look(source.source());
            }
        }
    }

    /** Rows were written and committed: where too little was known of the table, it is looked at before this returns. */
    public void written(TableName table, long rows) {
        due.wrote(table, rows);
        SourceCatalog source = parts.snapshot().get().sources().get(table.catalog());
        if (source != null && isOurs(source) && !due.of(source).isEmpty()) {
            await(List.of(look(source.source())), WRITE_WAIT);
        }
    }

    /**
     * Looks at every column of a source afresh, at a steward's wish: what was found earlier no longer counts.
     *
     * @return what came of it, in one line
     */
    public String classify(String name, String userName) {
        SourceCatalog source = parts.snapshot().get().sources().get(name);
        if (source == null || source.source().equals(parts.own())) {
            throw NicolError.UNKNOWN_TABLE.because("There is no source `" + name + "`.");
        }
        String unavailable = source.unavailable();
        if (unavailable != null) {
            throw NicolError.SOURCE_FAILED.because(unavailable);
        }
        List<Due> all = source.tables().values().stream()
                .map(table -> new Due(table, table.columns()))
                .toList();
        Lock lock = locks.computeIfAbsent(name, added -> new ReentrantLock());
        lock.lock();
        try {
            Tally tally = new Tally();
            examine(source, all, userName, true, tally);
            return "classified " + name + ": " + tally;
        } catch (Examination.Unreachable unreachable) {
            throw NicolError.SOURCE_FAILED.because("Source `" + name + "` cannot be reached; try again later.");
        } finally {
            lock.unlock();
            parts.changed().run();
        }
    }

    private boolean isOurs(SourceCatalog source) {
        return source.unavailable() == null && !source.source().equals(parts.own());
    }

    private void tick() {
        try {
            for (SourceCatalog source : parts.snapshot().get().sources().values()) {
                if (isOurs(source) && !due.of(source).isEmpty()) {
                    look(source.source());
                }
            }
        } catch (RuntimeException failure) {
            LOG.warn("looking for columns to classify failed", failure);
        }
    }

    /** A look that begins after this call; at most one waits while another is under way. */
    private CompletableFuture<Void> look(String name) {
        return queued.computeIfAbsent(name, added -> {
                    CompletableFuture<Void> done = new CompletableFuture<>();
                    workers.execute(() -> run(name, done));
                    return done;
                })
                .copy();
    }

    private void run(String name, CompletableFuture<Void> done) {
        Lock lock = locks.computeIfAbsent(name, added -> new ReentrantLock());
        lock.lock();
        try {
            queued.remove(name);
            examineDue(name);
        } catch (Examination.Unreachable unreachable) {
            LOG.warn("source {} could not be reached to classify its columns", name);
        } catch (NicolException failure) {
            LOG.warn("columns of source {} are not classified yet: {}", name, failure.getMessage());
        } catch (RuntimeException | Error failure) {
            LOG.error("classifying columns of source {} failed", name, failure);
        } finally {
            lock.unlock();
            done.complete(null);
        }
    }

    private void examineDue(String name) {
        SourceCatalog source = parts.snapshot().get().sources().get(name);
        if (source == null || !isOurs(source)) {
            return;
        }
        SourceCatalog before = previous.put(name, source);
        if (before != source) {
            parts.registry().forget(before, source);
        }
        List<Due> found = due.of(source);
        if (!found.isEmpty()) {
            examine(source, found, TagRegistry.SYSTEM, false, new Tally());
        }
        if (!found.isEmpty() || before != source) {
            parts.changed().run();
        }
    }

    /** Counts of what was done, and what could not be read. */
    private static final class Tally {
        private int tables;
        private int columns;
        private int tagged;
        private final Collection<TableName> unread = new TreeSet<>();

        void add(Due one, Map<String, Examined> results) {
            tables++;
            columns += results.size();
            tagged += (int) results.values().stream()
                    .filter(examined -> !examined.found().isEmpty())
                    .count();
            if (results.size() < one.columns().size()) {
                unread.add(one.table().name());
            }
        }

        @Override
        public String toString() {
            return tables + " tables, " + columns + " columns looked at, " + tagged + " tagged"
                    + (unread.isEmpty() ? "" : "; could not be read and stay hidden: " + unread);
        }
    }

    private void examine(SourceCatalog source, List<Due> all, String userName, boolean afresh, Tally total) {
        Examination examination =
                new Examination(parts.sources().apply(source.source()), parts.sampleRows(), timer, parts.clock());
        for (int from = 0; from < all.size(); from += TABLES_AT_ONCE) {
            List<Due> some = all.subList(from, Math.min(all.size(), from + TABLES_AT_ONCE));
            List<TableName> names =
                    some.stream().map(one -> one.table().name()).sorted().toList();
            if (parts.sampleRows() > 0) {
                // no statement reaches a source unrecorded, ours neither
                parts.trail()
                        .event(
                                TagRegistry.EVENT,
                                userName,
                                "source `" + source.source() + "`: reads up to " + parts.sampleRows() + " rows each of "
                                        + names);
            }
            Tally tally = new Tally();
            Map<TableName, Map<String, Examined>> results = new HashMap<>();
            try {
                for (Due one : some) {
                    Map<String, Examined> found = examine(examination, one);
                    results.put(one.table().name(), found);
                    tally.add(one, found);
                    total.add(one, found);
                }
            } finally {
                parts.registry().found(results, afresh, userName, "source `" + source.source() + "`: " + tally);
            }
        }
    }

    private Map<String, Examined> examine(Examination examination, Due one) {
        TableName table = one.table().name();
        due.sampling(table);
        Map<String, Examined> found = examination.of(one.table(), one.columns(), parts.registry());
        if (found.size() < one.columns().size()) {
            due.failed(table);
        } else {
            due.succeeded(table);
        }
        return found;
    }

    private static void await(List<CompletableFuture<Void>> started, Duration atMost) {
        @Nullable CompletableFuture<?>[] all = started.toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(all).get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException late) {
            LOG.info("columns are still being classified; they stay hidden until then");
        }
    }

    private static ThreadFactory threads(String purpose) {
        return task -> {
            Thread thread = new Thread(task, purpose + "-" + THREADS.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Stops looking; what was not looked at stays hidden until the next start. */
    @Override
    public void close() {
        timer.shutdownNow();
        workers.shutdownNow();
    }
}
