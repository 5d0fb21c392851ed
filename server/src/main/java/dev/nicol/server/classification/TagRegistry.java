package dev.nicol.server.classification;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceTable;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classification;
import dev.nicol.policy.classify.Classifications;
import dev.nicol.policy.classify.Detectors;
import dev.nicol.server.classification.TableTags.Carried;
import dev.nicol.server.classification.TableTags.Examined;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is known of every column, by name and structure: a column that changed is not the one that was looked at. Changes
 * are durable before they are in force.
 */
public final class TagRegistry implements Function<CatalogSnapshot, Classifications> {
    /** The kind of event that every change leaves in {@code audit.events}. */
    static final String EVENT = "classify";

    /** Who acts where nobody asked. */
    static final String SYSTEM = "nicol";

    private final TagStore store;
    private final Clock clock;
    private final String detectors;
    private volatile State state;
    private volatile @Nullable Answer answer;

    /** How often a change is made anew because another server was first. */
    private static final int ATTEMPTS = 20;

    /** @param kept the version of what is kept that the tables are of */
    private record State(long version, long kept, Map<TableName, TableTags> tables) {}

    /** What is to be kept of some tables, given what is kept of all. */
    private interface Change {
        Map<TableName, TableTags> of(Map<TableName, TableTags> now);
    }

    private record Answer(long snapshot, State state, Classifications classifications) {}

    /** @param sampleRows 0: columns are judged by names and types alone */
    public TagRegistry(TagStore store, int sampleRows, Clock clock) {
        this.store = store;
        this.clock = clock;
        // other detectors, or values where there were none, see another column
        this.detectors = (sampleRows == 0 ? "names " : "values ")
                + Integer.toHexString(
                        new TreeSet<>(Detectors.entities()).toString().hashCode());
        TagStore.Kept kept = store.load();
        this.state = new State(1, kept.version(), kept.tables());
    }

    /** Puts in force what another server has changed. */
    public synchronized void catchUp(long version) {
        if (version != state.kept()) {
            load();
        }
    }

    private void load() {
        TagStore.Kept kept = store.load();
        state = new State(state.version() + 1, kept.version(), kept.tables());
    }

    /** The classifications of the columns that a snapshot has; those of changed columns are of no account. */
    @Override
    public Classifications apply(CatalogSnapshot snapshot) {
        State now = state;
        Answer known = answer;
        if (known == null || known.snapshot() != snapshot.version() || known.state() != now) {
            known = new Answer(snapshot.version(), now, build(now, snapshot));
            answer = known;
        }
        return known.classifications();
    }

    private Classifications build(State now, CatalogSnapshot snapshot) {
        Map<String, Map<String, List<Carried>>> carried = new HashMap<>();
        now.tables().forEach((name, tags) -> tags.carried()
                .forEach((column, found) -> carried.computeIfAbsent(lower(name.toString()), table -> new HashMap<>())
                        .merge(lower(column), found, TagRegistry::union)));
        Map<TableName, Map<String, List<Classification>>> all = new HashMap<>();
        Map<TableName, Set<String>> copies = new HashMap<>();
        for (SourceCatalog source : snapshot.sources().values()) {
            for (SourceTable table : source.tables().values()) {
                TableTags tags = now.tables().getOrDefault(table.name(), TableTags.NOTHING);
                // a source may spell a new table's name in its own way
                Map<String, List<Carried>> came =
                        carried.getOrDefault(lower(table.name().toString()), Map.of());
                Map<String, List<Classification>> columns = new HashMap<>();
                for (SourceColumn column : table.columns()) {
                    Examined examined = tags.examined().get(column.name());
                    List<Classification> found = new ArrayList<>();
                    if (examined != null && examined.structure().equals(structure(column))) {
                        found.addAll(examined.found());
                    } else {
                        found.add(new Classification(Classifications.UNCLASSIFIED, 1, "not looked at yet"));
                    }
                    List<Carried> copied = came.getOrDefault(lower(column.name()), List.of());
                    if (found.isEmpty() && !copied.isEmpty()) {
                        copies.computeIfAbsent(table.name(), name -> new HashSet<>())
                                .add(column.name());
                    }
                    copied.forEach(one -> found.add(one.tag()));
                    columns.put(column.name(), List.copyOf(found));
                }
                all.put(table.name(), columns);
            }
        }
        return new Classifications(now.version(), all, copies);
    }

    private static List<Carried> union(List<Carried> one, List<Carried> other) {
        List<Carried> all = new ArrayList<>(one);
        all.addAll(other);
        return all;
    }

    /** What a column is, as far as a detector can tell: its type, and which detectors there are. */
    String structure(SourceColumn column) {
        return column.nativeType() + " | " + column.type() + " | " + detectors;
    }

    /** What was found in a column as it is now; null where it was not looked at. */
    @Nullable
    Examined examined(TableName table, SourceColumn column) {
        Examined examined =
                state.tables().getOrDefault(table, TableTags.NOTHING).examined().get(column.name());
        return examined != null && examined.structure().equals(structure(column)) ? examined : null;
    }

    /**
     * Takes over what was found.
     *
     * @param afresh what was found earlier no longer counts; else tags are added and none goes, because whoever may write
     *     rows could otherwise make a tag go
     */
    synchronized void found(
            Map<TableName, Map<String, Examined>> results, boolean afresh, String userName, String detail) {
        change(
                tables -> {
                    Map<TableName, TableTags> changed = new HashMap<>();
                    results.forEach((table, columns) ->
                            changed.put(table, found(tables.getOrDefault(table, TableTags.NOTHING), columns, afresh)));
                    return changed;
                },
                changed -> new TagStore.Reason(EVENT, userName, detail));
    }

    private static TableTags found(TableTags before, Map<String, Examined> columns, boolean afresh) {
        Map<String, Examined> now = new HashMap<>();
        columns.forEach((column, examined) -> {
            Examined earlier = before.examined().get(column);
            now.put(column, afresh || earlier == null ? examined : merged(earlier, examined));
        });
        TableTags after = before.withExamined(now);
        return afresh ? withoutGuesses(after, columns) : after;
    }

    private static Examined merged(Examined earlier, Examined now) {
        Map<String, Classification> tags = new TreeMap<>();
        earlier.found().forEach(tag -> tags.put(tag.entity(), tag));
        now.found().forEach(tag -> tags.put(tag.entity(), tag));
        return new Examined(
                now.structure(), now.sampledRows(), now.estimatedRows(), now.at(), List.copyOf(tags.values()));
    }

    /** A column that was filled from one that nobody knew has been looked at itself now. */
    private static TableTags withoutGuesses(TableTags tags, Map<String, Examined> lookedAt) {
        Map<String, List<Carried>> carried = new HashMap<>();
        tags.carried().forEach((column, found) -> {
            List<Carried> kept = found.stream()
                    .filter(one ->
                            !lookedAt.containsKey(column) || !one.tag().entity().equals(Classifications.UNCLASSIFIED))
                    .toList();
            if (!kept.isEmpty()) {
                carried.put(column, kept);
            }
        });
        return tags.withCarried(carried);
    }

    /**
     * Gives columns the tags of what is about to be written into them; durable when this returns. The table need not be
     * there yet.
     *
     * @param tags by column of the target
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE}: nothing may be written
     */
    public synchronized void carry(TableName target, Map<String, List<Classification>> tags, String userName) {
        change(
                tables -> {
                    TableTags before = tables.getOrDefault(target, TableTags.NOTHING);
                    TableTags after = carried(before, tags);
                    return after.equals(before) ? Map.of() : Map.of(target, after);
                },
                changed -> new TagStore.Reason(
                        EVENT, userName, "`" + target + "` gets the tags of what is written to it: " + entities(tags)));
    }

    private TableTags carried(TableTags before, Map<String, List<Classification>> tags) {
        Map<String, List<Carried>> carried = new HashMap<>(before.carried());
        boolean more = false;
        for (Map.Entry<String, List<Classification>> column : tags.entrySet()) {
            List<Carried> all = new ArrayList<>(carried.getOrDefault(column.getKey(), List.of()));
            for (Classification tag : column.getValue()) {
                if (all.stream().noneMatch(one -> one.tag().entity().equals(tag.entity()))) {
                    all.add(new Carried(tag, clock.instant()));
                    more = true;
                }
            }
            carried.put(column.getKey(), List.copyOf(all));
        }
        return more ? before.withCarried(carried) : before;
    }

    private static Map<String, List<String>> entities(Map<String, List<Classification>> tags) {
        Map<String, List<String>> entities = new TreeMap<>();
        tags.forEach((column, found) ->
                entities.put(column, found.stream().map(Classification::entity).toList()));
        return entities;
    }

    /** A table that is about to be renamed: it keeps its tags, and until then has them under both names. */
    public synchronized void renameTable(TableName from, TableName to, String userName) {
        change(
                tables -> {
                    TableTags tags = tables.getOrDefault(from, TableTags.NOTHING);
                    return tags.isEmpty() ? Map.of() : Map.of(to, tags);
                },
                changed -> new TagStore.Reason(EVENT, userName, "`" + to + "` gets the tags of `" + from + "`"));
    }

    /** A column that is about to be renamed: the same. */
    public synchronized void renameColumn(TableName table, String from, String to, String userName) {
        String detail = "column `" + to + "` of `" + table + "` gets the tags of `" + from + "`";
        change(
                tables -> Map.of(table, renamed(tables.getOrDefault(table, TableTags.NOTHING), from, to)),
                changed -> new TagStore.Reason(EVENT, userName, detail));
    }

    private static TableTags renamed(TableTags before, String from, String to) {
        Map<String, Examined> examined = new HashMap<>(before.examined());
        Map<String, List<Carried>> carried = new HashMap<>(before.carried());
        Examined found = examined.get(from);
        if (found != null) {
            examined.put(to, found);
        }
        List<Carried> came = carried.get(from);
        if (came != null) {
            carried.put(to, came);
        }
        return new TableTags(examined, carried);
    }

    /**
     * Forgets what a source no longer has. Tags that a write carried stay where other servers may be about to create the
     * column: what is not looked at is hidden, but what has lost such a tag would be shown.
     *
     * @param before the source as it was; what it did not have then may be about to be created, and is kept. Null: nothing
     *     is under way
     */
    synchronized void forget(@Nullable SourceCatalog before, SourceCatalog now) {
        change(
                tables -> {
                    Map<TableName, TableTags> changed = new HashMap<>();
                    tables.forEach((name, tags) -> {
                        if (name.catalog().equals(now.source())) {
                            TableTags left = new TableTags(
                                    left(tags.examined(), name, before, now),
                                    store.shared() ? tags.carried() : left(tags.carried(), name, before, now));
                            if (!left.equals(tags)) {
                                changed.put(name, left);
                            }
                        }
                    });
                    return changed;
                },
                changed -> new TagStore.Reason(
                        EVENT, SYSTEM, "dropped columns lost their tags, of " + new TreeSet<>(changed.keySet())));
    }

    private static <T> Map<String, T> left(
            Map<String, T> columns, TableName table, @Nullable SourceCatalog before, SourceCatalog now) {
        Map<String, T> left = new HashMap<>(columns);
        left.keySet().removeIf(column -> !has(now, table, column) && (before == null || has(before, table, column)));
        return left;
    }

    private static boolean has(SourceCatalog source, TableName name, String column) {
        SourceTable table = source.tables().get(name);
        if (table == null) {
            table = source.tables().values().stream()
                    .filter(one -> one.name().toString().equalsIgnoreCase(name.toString()))
                    .findFirst()
                    .orElse(null);
        }
        return table != null
                && table.columns().stream().anyMatch(one -> one.name().equalsIgnoreCase(column));
    }

    /** What has changed is saved, or, where another server was first, found out anew from what that one saved. */
    private void change(Change change, Function<Map<TableName, TableTags>, TagStore.Reason> reason) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Map<TableName, TableTags> changed = change.of(state.tables());
            if (changed.isEmpty()) {
                return;
            }
            if (store.save(changed, state.kept(), reason.apply(changed))) {
                saved(changed);
                return;
            }
            load();
        }
        throw NicolError.TRAIL_UNAVAILABLE.because("Other servers change tags all the time. Try again.");
    }

    private void saved(Map<TableName, TableTags> changed) {
        State before = state;
        Map<TableName, TableTags> tables = new HashMap<>(before.tables());
        changed.forEach((name, tags) -> {
            if (tags.isEmpty()) {
                tables.remove(name);
            } else {
                tables.put(name, tags);
            }
        });
        state = new State(before.version() + 1, before.kept() + 1, tables);
    }

    private static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
