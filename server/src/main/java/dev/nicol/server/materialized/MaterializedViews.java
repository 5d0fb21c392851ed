package dev.nicol.server.materialized;

import dev.nicol.policy.TableName;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The materialised views there are, and the rows that may answer in their place. */
public final class MaterializedViews {
    private final MaterializedViewStore store;
    private final Clock clock;
    private final Map<String, String> places;

    /** Those that this server refreshes now. */
    private final Set<TableName> taken = ConcurrentHashMap.newKeySet();

    private volatile Known known;

    private record Known(
            long version, Map<TableName, MaterializedView> views, List<MaterializedViewStore.Storage> storage) {}

    /** @param places where the operator lets rows be kept: sources to schemas */
    public MaterializedViews(MaterializedViewStore store, Map<String, String> places, Clock clock) {
        this.places = Map.copyOf(places);
        this.store = store;
        this.clock = clock;
        this.known = read();
    }

    private Known read() {
        MaterializedViewStore.State state = store.load();
        Map<TableName, MaterializedView> views = new LinkedHashMap<>();
        state.views().forEach(view -> views.put(view.name(), view));
        return new Known(state.version(), Map.copyOf(views), state.storage());
    }

    /** Takes over what another server has changed. */
    public synchronized void catchUp(long version) {
        if (version != known.version()) {
            known = read();
        }
    }

    /** Where the operator lets rows be kept: sources to schemas. */
    public Map<String, String> places() {
        return places;
    }

    public @Nullable MaterializedView get(TableName view) {
        return known.views().get(view);
    }

    public List<MaterializedView> all() {
        return List.copyOf(known.views().values());
    }

    /** The rows that may answer for views at this moment. */
    public Map<TableName, MaterializedView.Rows> fresh(Set<TableName> views) {
        if (views.isEmpty() || known.views().isEmpty()) {
            return Map.of(); // most statements
        }
        Map<TableName, MaterializedView.Rows> fresh = new LinkedHashMap<>();
        Instant now = clock.instant();
        for (TableName name : views) {
            MaterializedView view = get(name);
            if (view != null && view.rows() != null && view.isFresh(now)) {
                fresh.put(name, view.rows());
            }
        }
        return fresh;
    }

    /** What of kept rows a plan depends on: the tables that they are in, each of which one plan alone fills. */
    public static Set<TableName> plans(Map<TableName, MaterializedView.Rows> kept) {
        return kept.values().stream().map(MaterializedView.Rows::table).collect(Collectors.toUnmodifiableSet());
    }

    /** A view without rows, or another definition of one: what the old one has read answers nobody any more. */
    public void define(MaterializedView view) {
        save(view);
    }

    public void refreshed(TableName name, MaterializedView.Rows rows) {
        MaterializedView view = get(name);
        if (view != null) {
            save(view.refreshed(rows, clock.instant()));
        }
    }

    /** The rows that are kept stay until they are too old. */
    public void failed(TableName name, String problem) {
        MaterializedView view = get(name);
        if (view != null) {
            save(view.failed(problem, clock.instant()));
        }
    }

    private synchronized void save(MaterializedView view) {
        store.save(view);
        known = read();
    }

    public synchronized void remove(TableName view) {
        if (get(view) != null) {
            store.remove(view);
            known = read();
        }
    }

    /** Its rows are read again: they are known by the view's name. */
    public void rename(TableName from, TableName to) {
        MaterializedView view = get(from);
        if (view != null) {
            save(view.renamed(to, clock.instant()));
            remove(from);
        }
    }

    /** To be said before a storage table is made. */
    public synchronized void addStorage(TableName table, TableName view) {
        store.addStorage(new MaterializedViewStore.Storage(table, view));
        known = read();
    }

    public synchronized void removeStorage(TableName table) {
        store.removeStorage(table);
        known = read();
    }

    /**
     * Storage tables that no view's rows are in; those of a view whose rows were just read elsewhere may still be read. Who
     * drops one has to {@link #take} its view before, and look again: it may be filled at the moment.
     */
    public List<MaterializedViewStore.Storage> unused() {
        Known now = known;
        Instant since = clock.instant().minus(MaterializedView.GRACE);
        return now.storage().stream()
                .filter(storage -> {
                    MaterializedView view = now.views().get(storage.view());
                    MaterializedView.Rows rows = view == null ? null : view.rows();
                    return view == null
                            || rows != null
                                    && !rows.table().equals(storage.table())
                                    && rows.refreshedAt().isBefore(since);
                })
                .toList();
    }

    /** Takes a view for a refresh; false where it is being refreshed, by this server or another. */
    public boolean take(TableName view, Duration most) {
        if (!taken.add(view)) {
            return false;
        }
        boolean free = false;
        try {
            free = store.take(view, clock.instant().plus(most));
        } finally {
            if (!free) {
                taken.remove(view);
            }
        }
        return free;
    }

    public void release(TableName view) {
        try {
            store.release(view);
        } finally {
            taken.remove(view);
        }
    }
}
