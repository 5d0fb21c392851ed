package dev.nicol.server.catalog;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.jspecify.annotations.Nullable;

/**
 * The virtual schemas and their views: an immutable state that changes as a whole. Names are kept as written and found
 * without regard to case.
 */
public final class VirtualSchemas {
    /** The catalog that virtual schemas are in. */
    public static final String CATALOG = "virtual";

    private final AtomicReference<State> state = new AtomicReference<>(State.EMPTY);

    /**
     * A view.
     *
     * @param sql the query, as its author wrote it
     * @param names of its columns, as written after its own; empty where the query names them
     * @param owner who created it; the name of the file where it came from one
     * @param fromFile it came from {@code views:} and cannot be dropped in SQL
     * @param comments by column; that on the view itself under the empty name
     */
    public record View(
            TableName name,
            String sql,
            List<String> names,
            String owner,
            boolean fromFile,
            Map<String, String> comments) {
        public View {
            names = List.copyOf(names);
            comments = Map.copyOf(comments);
        }

        /** What follows its name in CREATE VIEW; the query alone where that names the columns. */
        public String definition() {
            return names.isEmpty() ? sql : "(" + quoted() + ") AS " + sql;
        }

        /** What is planned when it is read. */
        String query() {
            return names.isEmpty() ? sql : "SELECT * FROM (" + sql + "\n) AS \"v\" (" + quoted() + ")";
        }

        private String quoted() {
            return names.stream().map(TableName::quoted).collect(Collectors.joining(", "));
        }

        /** On the view itself; null where there is none. */
        public @Nullable String comment() {
            return comments.get("");
        }

        /** By column, as the view's row type spells it. */
        Map<String, String> columnComments(RelDataType rowType) {
            Map<String, String> spelled = new TreeMap<>();
            comments.forEach((column, text) -> {
                RelDataTypeField field = column.isEmpty() ? null : rowType.getField(column, false, false);
                if (field != null) {
                    spelled.put(field.getName(), text);
                }
            });
            return spelled;
        }

        View named(TableName other) {
            return new View(other, sql, names, owner, fromFile, comments);
        }

        View commented(Map<String, String> others) {
            return new View(name, sql, names, owner, fromFile, others);
        }
    }

    /**
     * Views of files.
     *
     * @param remarks comments on schemas, by lower-case name
     */
    public record FileViews(List<View> views, Map<String, String> remarks) {
        public static final FileViews NONE = new FileViews(List.of(), Map.of());

        public FileViews {
            views = List.copyOf(views);
            remarks = Map.copyOf(remarks);
        }
    }

    /**
     * Everything at one moment.
     *
     * @param version grows with every change
     * @param schemas lower-case name to name as written
     * @param views lower-case schema and view, apart, to view
     * @param pins of views, likewise
     * @param remarks comments on schemas, by lower-case name
     * @param conflicts views of files that are not in force, as views of their names were created in SQL
     */
    public record State(
            long version,
            Map<String, String> schemas,
            Map<String, View> views,
            Map<String, ViewPins> pins,
            Map<String, String> remarks,
            List<View> conflicts) {
        static final State EMPTY = new State(0, Map.of(), Map.of(), Map.of(), Map.of(), List.of());

        public State {
            schemas = Map.copyOf(schemas);
            views = Map.copyOf(views);
            pins = Map.copyOf(pins);
            remarks = Map.copyOf(remarks);
            conflicts = List.copyOf(conflicts);
        }

        /** What is pinned for the definition that a view has; null where nothing is yet. */
        @Nullable
        ViewPins pins(View view) {
            ViewPins found = pins.get(key(view.name()));
            return found != null && found.definition().equals(view.definition()) ? found : null;
        }

        /** Views for which nothing is pinned. */
        public List<View> unpinned() {
            return views.values().stream().filter(view -> pins(view) == null).toList();
        }

        /** The view of that name that was created in SQL, in any case; null where there is none. */
        public @Nullable View createdInSql(TableName name) {
            View found = views.get(key(name));
            return found == null || found.fromFile() ? null : found;
        }

        State withSchemas(Map<String, String> others, Map<String, String> comments) {
            return new State(version, others, views, pins, comments, conflicts);
        }

        State withViews(Map<String, View> others, Map<String, ViewPins> pinned) {
            return new State(version, schemas, others, pinned, remarks, conflicts);
        }
    }

    /** How often a change is made anew because another server was first. */
    private static final int ATTEMPTS = 20;

    /** What is kept; its maps are as those of {@link State}. */
    public record Kept(
            long version,
            Map<String, String> schemas,
            List<View> views,
            Map<String, ViewPins> pins,
            Map<String, String> remarks) {
        static final Kept NOTHING = new Kept(0, Map.of(), List.of(), Map.of(), Map.of());
    }

    private final ViewStorage storage;
    private final ViewEdits edits;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /** Guarded by this, as is {@link #kept}. */
    private FileViews fromFiles = FileViews.NONE;

    /** The version of what is kept that the state is of. */
    private long kept;

    /** @param storage what it keeps is in force at once */
    public VirtualSchemas(ViewStorage storage, Ground ground) {
        this.storage = storage;
        this.edits = new ViewEdits(ground);
        load();
    }

    public State state() {
        return state.get();
    }

    /** Puts the views of files in force, except those of names under which views were created in SQL. */
    public synchronized void addFromFiles(FileViews views) {
        fromFiles = views;
        load();
        storage.saveFiles(
                state().views().values().stream().filter(View::fromFile).toList());
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
    public State withFiles(FileViews files) {
        return state(-1, storage.load(), files);
    }

    /** @param kept what was created in SQL; null for nothing */
    public static State of(@Nullable Kept kept, FileViews files) {
        return state(0, kept == null ? Kept.NOTHING : kept, files);
    }

    private static State state(long version, Kept now, FileViews files) {
        Map<String, String> schemas = new TreeMap<>(now.schemas());
        Map<String, View> views = new TreeMap<>();
        List<View> conflicts = new ArrayList<>();
        for (List<View> some : List.of(now.views(), files.views())) {
            for (View view : some) {
                schemas.putIfAbsent(lower(view.name().schema()), view.name().schema());
                if (views.putIfAbsent(key(view.name()), view) != null) {
                    conflicts.add(view);
                }
            }
        }
        Map<String, String> remarks = new TreeMap<>(now.remarks());
        remarks.putAll(files.remarks());
        return new State(version, schemas, views, now.pins(), remarks, conflicts);
    }

    /** Pins views that nothing is pinned for yet: those of files, and those that did not hold when they were defined. */
    public void pin(List<ViewPins> found, List<View> of) {
        changeAndSave(before -> {
            Map<String, ViewPins> pins = new TreeMap<>(before.pins());
            for (int i = 0; i < of.size(); i++) {
                View view = of.get(i);
                if (view.equals(before.views().get(key(view.name()))) && before.pins(view) == null) {
                    pins.put(key(view.name()), found.get(i));
                }
            }
            return pins.equals(before.pins())
                    ? ViewEdits.unchanged(before)
                    : ViewEdits.changed(before.withViews(before.views(), pins));
        });
    }

    /** What a definition is held against before it changes. */
    public interface Ground {
        /**
         * What is to be pinned for a view; null where that is not known yet.
         *
         * @throws dev.nicol.policy.NicolException where the view cannot be put in force
         */
        @Nullable
        ViewPins check(State before, View view);

        /** The views that name a view. */
        Set<TableName> readers(State now, TableName view);

        /** The names of the sources. */
        Set<String> sources();
    }

    public void createSchema(String schema, boolean ifNotExists) {
        changeAndSave(before -> edits.createSchema(before, schema, ifNotExists));
    }

    public void dropSchema(String schema, boolean ifExists) {
        changeAndSave(before -> edits.dropSchema(before, schema, ifExists));
    }

    /** The view of that name in any case; null where there is none. */
    public @Nullable View view(TableName name) {
        return state.get().views().get(key(name));
    }

    /** The name as it was first written; as it is written now where there is no such view. */
    public TableName known(TableName written) {
        View view = view(written);
        return view == null ? written : view.name();
    }

    /** @return the number of the change, in the view's history */
    public int createView(View written, boolean replace) {
        AtomicInteger number = new AtomicInteger();
        changeAndSave(before -> {
            ViewEdits.Changed after = edits.createView(before, written, replace);
            number.set(storage.changes(after.changes().get(0).view()) + 1);
            return after;
        });
        return number.get();
    }

    /**
     * Drops a view that was not changed since.
     *
     * @param change the last number in its history
     * @return whether it was dropped
     */
    public boolean dropView(TableName name, int change, String by) {
        AtomicBoolean dropped = new AtomicBoolean();
        changeAndSave(before -> {
            dropped.set(storage.changes(name) == change);
            return dropped.get() ? edits.dropView(before, name, true, by) : ViewEdits.unchanged(before);
        });
        return dropped.get();
    }

    public void dropView(TableName name, boolean ifExists, String by) {
        changeAndSave(before -> edits.dropView(before, name, ifExists, by));
    }

    /** Within its schema. What reads it by the old name would not hold any more. */
    public void renameView(TableName name, String renamed, String by) {
        changeAndSave(before -> edits.renameView(before, name, renamed, by));
    }

    /** With its views. What reads them by their old names would not hold any more. */
    public void renameSchema(String schema, String renamed, String by) {
        changeAndSave(before -> edits.renameSchema(before, schema, renamed, by));
    }

    /**
     * Sets a comment.
     *
     * @param column null for the view itself
     * @param text null takes it away
     */
    public void commentView(TableName name, @Nullable String column, @Nullable String text) {
        changeAndSave(before -> edits.commentView(before, name, column, text));
    }

    /** @param text null takes it away */
    public void commentSchema(String schema, @Nullable String text) {
        changeAndSave(before -> {
            if (fromFiles.remarks().containsKey(lower(schema))) {
                throw NicolError.NOT_PERMITTED.because(
                        "The comment on schema `virtual." + schema + "` comes from a file. Change it there.");
            }
            return edits.commentSchema(before, schema, text);
        });
    }

    /** Called after every change, by whoever made it; it must not throw. */
    public void addListener(Runnable listener) {
        listeners.add(listener);
    }

    /** Saved first: what is in force is never more than what survives. */
    private synchronized void changeAndSave(Function<State, ViewEdits.Changed> change) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            ViewEdits.Changed after = change.apply(state.get());
            if (after.state() == state.get()) {
                return;
            }
            boolean saved = storage.save(withoutFiles(after.state()), after.changes(), kept);
            // a view of a file comes to be in force where the one that kept it out is gone
            load();
            if (saved) {
                listeners.forEach(Runnable::run);
                return;
            }
        }
        throw NicolError.TRAIL_UNAVAILABLE.because("Other servers change virtual schemas all the time. Try again.");
    }

    /** Comments of files stay theirs. */
    private State withoutFiles(State state) {
        Map<String, String> remarks = new TreeMap<>(state.remarks());
        remarks.keySet().removeAll(fromFiles.remarks().keySet());
        return state.withSchemas(state.schemas(), remarks);
    }

    static String key(TableName name) {
        // NUL stands in no name, a dot may
        return lower(name.schema()) + '\0' + lower(name.table());
    }

    static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
