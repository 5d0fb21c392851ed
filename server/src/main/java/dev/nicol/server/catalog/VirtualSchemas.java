package dev.nicol.server.catalog;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The virtual schemas and their views: an immutable state that changes as a whole. Names are kept as written and found
 * without regard to case.
 */
public final class VirtualSchemas {
    /** The catalog that virtual schemas are in. */
    public static final String CATALOG = "virtual";

    private final AtomicReference<State> state = new AtomicReference<>(new State(0, Map.of(), Map.of()));

    /**
     * A view.
     *
     * @param sql the query, as its author wrote it
     * @param owner who created it; the name of the file where it came from one
     * @param fromFile it came from {@code views:} and cannot be dropped in SQL
     */
    public record View(TableName name, String sql, String owner, boolean fromFile) {}

    /**
     * Everything at one moment.
     *
     * @param version grows with every change
     * @param schemas lower-case name to name as written
     * @param views lower-case schema and view, apart, to view
     */
    public record State(long version, Map<String, String> schemas, Map<String, View> views) {
        public State {
            schemas = Map.copyOf(schemas);
            views = Map.copyOf(views);
        }
    }

    /** How often a change is made anew because another server was first. */
    private static final int ATTEMPTS = 20;

    /** Keeps what was created in SQL across restarts, for all servers. */
    public interface Storage {
        Kept load();

        /** False where what is kept is not of that version any more: then nothing was saved. */
        boolean save(State state, long version);
    }

    /** What is kept. */
    public record Kept(long version, List<String> schemas, List<View> views) {}

    private final Storage storage;
    private final Ground ground;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /** Guarded by this, as is {@link #kept}. */
    private List<View> fromFiles = List.of();

    /** The version of what is kept that the state is of. */
    private long kept;

    /** @param storage what it keeps is in force at once */
    public VirtualSchemas(Storage storage, Ground ground) {
        this.storage = storage;
        this.ground = ground;
        load();
    }

    public State state() {
        return state.get();
    }

    /** Puts the views of files in force, whatever was created in SQL. */
    public synchronized void addFromFiles(List<View> views) {
        fromFiles = List.copyOf(views);
        load();
        listeners.forEach(Runnable::run);
    }

    /** Puts in force what another server has changed. */
    public synchronized void catchUp(long version) {
        if (version != kept) {
            load();
        }
    }

    private synchronized void load() {
        Kept now = storage.load();
        state.set(state(state.get().version() + 1, now, fromFiles));
        kept = now.version();
    }

    /** What would be in force with other files. */
    public State withFiles(List<View> files) {
        return state(-1, storage.load(), files);
    }

    /** What is in force with these files and nothing that was created in SQL. */
    public static State ofFiles(List<View> files) {
        return state(0, new Kept(0, List.of(), List.of()), files);
    }

    private static State state(long version, Kept now, List<View> fromFiles) {
        Map<String, String> schemas = new TreeMap<>();
        now.schemas().forEach(schema -> schemas.put(lower(schema), schema));
        Map<String, View> views = new TreeMap<>();
        for (List<View> some : List.of(now.views(), fromFiles)) {
            for (View view : some) {
                schemas.putIfAbsent(lower(view.name().schema()), view.name().schema());
                views.put(key(view.name()), view);
            }
        }
        return new State(version, schemas, views);
    }

    public void createSchema(String schema, boolean ifNotExists) {
        changeAndSave(before -> {
            if (before.schemas().containsKey(lower(schema))) {
                if (ifNotExists) {
                    return before;
                }
                throw NicolError.ALREADY_EXISTS.because("Schema `virtual." + schema + "` exists. Choose another name.");
            }
            Map<String, String> schemas = new TreeMap<>(before.schemas());
            schemas.put(lower(schema), schema);
            return new State(before.version() + 1, schemas, before.views());
        });
    }

    public void dropSchema(String schema, boolean ifExists) {
        changeAndSave(before -> {
            if (!before.schemas().containsKey(lower(schema))) {
                if (ifExists) {
                    return before;
                }
                throw NicolError.UNKNOWN_TABLE.because("There is no schema `virtual." + schema + "`.");
            }
            for (View view : before.views().values()) {
                if (lower(view.name().schema()).equals(lower(schema))) {
                    throw NicolError.NOT_PERMITTED.because(
                            "Schema `virtual." + schema + "` holds view `" + view.name() + "`. Drop its views first.");
                }
            }
            Map<String, String> schemas = new TreeMap<>(before.schemas());
            schemas.remove(lower(schema));
            return new State(before.version() + 1, schemas, before.views());
        });
    }

    /** What a definition is held against before it changes. */
    public interface Ground {
        /** @throws dev.nicol.policy.NicolException where the view cannot be put in force */
        void check(State before, View view);

        /** The views that name a view. */
        Set<TableName> readers(State now, TableName view);
    }

    /** The view of that name in any case; null where there is none. */
    public @Nullable View view(TableName name) {
        return state.get().views().get(key(name));
    }

    public void createView(View written, boolean replace) {
        changeAndSave(before -> {
            View view = spelled(before, written);
            if (!before.schemas().containsKey(lower(view.name().schema()))) {
                throw NicolError.UNKNOWN_TABLE.because(
                        "There is no schema `virtual." + view.name().schema() + "`. Create it: CREATE SCHEMA virtual."
                                + view.name().schema() + ".");
            }
            View existing = before.views().get(key(view.name()));
            if (existing != null && !replace) {
                throw NicolError.ALREADY_EXISTS.because(
                        "View `" + view.name() + "` exists. Use CREATE OR REPLACE VIEW, or another name.");
            }
            if (existing != null && existing.fromFile()) {
                throw fromFile(existing);
            }
            ground.check(before, view);
            Map<String, View> views = new TreeMap<>(before.views());
            views.put(key(view.name()), view);
            return new State(before.version() + 1, before.schemas(), views);
        });
    }

    /** Spelled as its schema is, and as the view it replaces: rules match names exactly. */
    private static View spelled(State before, View view) {
        TableName name = view.name();
        View existing = before.views().get(key(name));
        String schema = before.schemas().getOrDefault(lower(name.schema()), name.schema());
        TableName known = existing != null ? existing.name() : new TableName(CATALOG, schema, name.table());
        return new View(known, view.sql(), view.owner(), view.fromFile());
    }

    public void dropView(TableName name, boolean ifExists) {
        changeAndSave(before -> {
            View existing = before.views().get(key(name));
            if (existing == null) {
                if (ifExists) {
                    return before;
                }
                throw NicolError.UNKNOWN_TABLE.because("There is no view `" + name + "`.");
            }
            if (existing.fromFile()) {
                throw fromFile(existing);
            }
            refuseReaders(before, existing);
            Map<String, View> views = new TreeMap<>(before.views());
            views.remove(key(name));
            return new State(before.version() + 1, before.schemas(), views);
        });
    }

    /** Within its schema. What reads it by the old name would not hold any more. */
    public void renameView(TableName name, String renamed) {
        changeAndSave(before -> {
            View view = before.views().get(key(name));
            if (view == null) {
                throw NicolError.UNKNOWN_TABLE.because("There is no view `" + name + "`.");
            } else if (view.fromFile()) {
                throw fromFile(view);
            }
            refuseReaders(before, view);
            TableName to = new TableName(CATALOG, view.name().schema(), renamed);
            Map<String, View> views = new TreeMap<>(before.views());
            views.remove(key(name));
            if (views.putIfAbsent(key(to), new View(to, view.sql(), view.owner(), false)) != null) {
                throw NicolError.ALREADY_EXISTS.because("View `" + to + "` exists. Choose another name.");
            }
            return new State(before.version() + 1, before.schemas(), views);
        });
    }

    private void refuseReaders(State now, View view) {
        Set<TableName> readers = ground.readers(now, view.name());
        if (!readers.isEmpty()) {
            throw NicolError.NOT_PERMITTED.because("View `" + view.name() + "` is read by "
                    + readers.stream().map(reader -> "`" + reader + "`").collect(Collectors.joining(", "))
                    + ". Drop or replace them first.");
        }
    }

    private static RuntimeException fromFile(View view) {
        return NicolError.NOT_PERMITTED.because(
                "View `" + view.name() + "` comes from file " + view.owner() + ". Change it there.");
    }

    /** Called after every change, by whoever made it; it must not throw. */
    public void addListener(Runnable listener) {
        listeners.add(listener);
    }

    /** Saved first: what is in force is never more than what survives. */
    private synchronized void changeAndSave(UnaryOperator<State> change) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            State after = change.apply(state.get());
            if (after == state.get()) {
                return;
            }
            if (storage.save(after, kept)) {
                kept++;
                state.set(after);
                listeners.forEach(Runnable::run);
                return;
            }
            load();
        }
        throw NicolError.TRAIL_UNAVAILABLE.because("Other servers change virtual schemas all the time. Try again.");
    }

    static String key(TableName name) {
        // NUL stands in no name, a dot may
        return lower(name.schema()) + '\0' + lower(name.table());
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
