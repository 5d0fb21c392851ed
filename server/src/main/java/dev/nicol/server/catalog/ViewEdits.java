package dev.nicol.server.catalog;

import static dev.nicol.server.catalog.VirtualSchemas.CATALOG;
import static dev.nicol.server.catalog.VirtualSchemas.key;
import static dev.nicol.server.catalog.VirtualSchemas.lower;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.VirtualSchemas.State;
import dev.nicol.server.catalog.VirtualSchemas.View;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What each statement makes of virtual schemas; they refuse as statements do. */
final class ViewEdits {
    private final VirtualSchemas.Ground ground;

    ViewEdits(VirtualSchemas.Ground ground) {
        this.ground = ground;
    }

    /** A state, and what of it belongs into the history. */
    record Changed(State state, List<ViewChange> changes) {}

    static Changed unchanged(State before) {
        return new Changed(before, List.of());
    }

    static Changed changed(State after, ViewChange... changes) {
        return new Changed(after, List.of(changes));
    }

    Changed createSchema(State before, String schema, boolean ifNotExists) {
        if (before.schemas().containsKey(lower(schema))) {
            if (ifNotExists) {
                return unchanged(before);
            }
            throw NicolError.ALREADY_EXISTS.because("Schema `virtual." + schema + "` exists. Choose another name.");
        }
        refuseSource(schema);
        Map<String, String> schemas = new TreeMap<>(before.schemas());
        schemas.put(lower(schema), schema);
        return changed(before.withSchemas(schemas, before.remarks()));
    }

    /** Names of two parts would be told apart by the session's schema alone. */
    private void refuseSource(String schema) {
        if (ground.sources().stream().anyMatch(schema::equalsIgnoreCase)) {
            throw NicolError.ALREADY_EXISTS.because(
                    "`" + schema + "` is the name of a source, and virtual schemas are not called as sources are."
                            + " Choose another name.");
        }
    }

    Changed dropSchema(State before, String schema, boolean ifExists) {
        if (!before.schemas().containsKey(lower(schema))) {
            if (ifExists) {
                return unchanged(before);
            }
            throw unknownSchema(schema);
        }
        String held = before.views().values().stream()
                .filter(view -> lower(view.name().schema()).equals(lower(schema)))
                .map(view -> "`" + view.name() + "`")
                .sorted()
                .collect(Collectors.joining(", "));
        if (!held.isEmpty()) {
            throw NicolError.NOT_PERMITTED.because(
                    "Schema `virtual." + schema + "` holds views: " + held + ". Drop them first.");
        }
        Map<String, String> schemas = new TreeMap<>(before.schemas());
        schemas.remove(lower(schema));
        Map<String, String> remarks = new TreeMap<>(before.remarks());
        remarks.remove(lower(schema));
        return changed(before.withSchemas(schemas, remarks));
    }

    private static RuntimeException unknownSchema(String schema) {
        return NicolError.UNKNOWN_TABLE.because("There is no schema `virtual." + schema + "`.");
    }

    Changed createView(State before, View written, boolean replace) {
        View view = spelled(before, written);
        if (!before.schemas().containsKey(lower(view.name().schema()))) {
            throw NicolError.UNKNOWN_TABLE.because(
                    "There is no schema `virtual." + view.name().schema() + "`. Create it: CREATE SCHEMA virtual."
                            + view.name().schema() + ".");
        }
        View existing = before.views().get(key(view.name()));
        if (existing != null && existing.fromFile()) {
            throw fromFile(existing);
        } else if (existing != null && !replace) {
            throw NicolError.ALREADY_EXISTS.because(
                    "View `" + view.name() + "` exists. Use CREATE OR REPLACE VIEW, or another name.");
        }
        ViewPins pinned = ground.check(before, view);
        Map<String, View> views = new TreeMap<>(before.views());
        views.put(key(view.name()), existing == null ? view : view.commented(stillThere(existing, pinned)));
        Map<String, ViewPins> pins = new TreeMap<>(before.pins());
        pins.remove(key(view.name()));
        if (pinned != null) {
            pins.put(key(view.name()), pinned);
        }
        String change = existing == null ? "create" : "replace";
        return changed(
                before.withViews(views, pins), new ViewChange(view.name(), change, view.definition(), view.owner()));
    }

    /** Spelled as its schema is, and as the view it replaces: rules match names exactly. */
    private static View spelled(State before, View view) {
        TableName name = view.name();
        View existing = before.views().get(key(name));
        String schema = before.schemas().getOrDefault(lower(name.schema()), name.schema());
        return view.named(existing != null ? existing.name() : new TableName(CATALOG, schema, name.table()));
    }

    /** Comments of columns that the view does not have any more are gone. */
    private static Map<String, String> stillThere(View existing, @Nullable ViewPins pinned) {
        Map<String, String> comments = new TreeMap<>(existing.comments());
        if (pinned != null) {
            Set<String> columns =
                    pinned.columns().stream().map(ViewPins.Column::name).collect(Collectors.toSet());
            comments.keySet().removeIf(column -> !column.isEmpty() && !columns.contains(column));
        }
        return comments;
    }

    Changed dropView(State before, TableName name, boolean ifExists, String by) {
        View existing = before.views().get(key(name));
        if (existing == null) {
            if (ifExists) {
                return unchanged(before);
            }
            throw unknownView(name);
        }
        if (existing.fromFile()) {
            throw fromFile(existing);
        }
        boolean stays =
                before.conflicts().stream().anyMatch(view -> key(view.name()).equals(key(name)));
        if (!stays) {
            refuseReaders(before, List.of(existing));
        }
        Map<String, View> views = new TreeMap<>(before.views());
        views.remove(key(name));
        Map<String, ViewPins> pins = new TreeMap<>(before.pins());
        pins.remove(key(name));
        return changed(
                before.withViews(views, pins), new ViewChange(existing.name(), "drop", existing.definition(), by));
    }

    /** Within its schema. What reads it by the old name would not hold any more. */
    Changed renameView(State before, TableName name, String renamed, String by) {
        View view = before.views().get(key(name));
        if (view == null) {
            throw unknownView(name);
        }
        return renamed(before, List.of(view), view.name().schema(), renamed, by);
    }

    /** With its views. What reads them by their old names would not hold any more. */
    Changed renameSchema(State before, String schema, String renamed, String by) {
        String known = before.schemas().get(lower(schema));
        if (known == null) {
            throw unknownSchema(schema);
        } else if (before.schemas().containsKey(lower(renamed))
                && !lower(renamed).equals(lower(schema))) {
            throw NicolError.ALREADY_EXISTS.because("Schema `virtual." + renamed + "` exists. Choose another name.");
        }
        refuseSource(renamed);
        List<View> within = before.views().values().stream()
                .filter(view -> lower(view.name().schema()).equals(lower(schema)))
                .sorted(Comparator.comparing(View::name))
                .toList();
        Map<String, String> schemas = new TreeMap<>(before.schemas());
        schemas.remove(lower(schema));
        schemas.put(lower(renamed), renamed);
        Map<String, String> remarks = new TreeMap<>(before.remarks());
        String remark = remarks.remove(lower(schema));
        if (remark != null) {
            remarks.put(lower(renamed), remark);
        }
        return renamed(before.withSchemas(schemas, remarks), within, renamed, null, by);
    }

    /** @param view the new name of the only view; null where each keeps its own */
    private Changed renamed(State before, List<View> of, String schema, @Nullable String view, String by) {
        of.stream().filter(View::fromFile).findFirst().ifPresent(file -> {
            throw fromFile(file);
        });
        refuseReaders(before, of);
        Map<String, View> views = new TreeMap<>(before.views());
        Map<String, ViewPins> pins = new TreeMap<>(before.pins());
        List<ViewChange> changes = new ArrayList<>();
        for (View one : of) {
            TableName to =
                    new TableName(CATALOG, schema, view == null ? one.name().table() : view);
            views.remove(key(one.name()));
            if (views.putIfAbsent(key(to), one.named(to)) != null) {
                throw NicolError.ALREADY_EXISTS.because("View `" + to + "` exists. Choose another name.");
            }
            ViewPins pinned = pins.remove(key(one.name()));
            if (pinned != null) {
                pins.put(key(to), pinned);
            }
            changes.add(new ViewChange(one.name(), "rename to " + to, one.definition(), by));
            changes.add(new ViewChange(to, "rename from " + one.name(), one.definition(), by));
        }
        return new Changed(before.withViews(views, pins), changes);
    }

    /**
     * Sets a comment.
     *
     * @param column null for the view itself
     * @param text null takes it away
     */
    Changed commentView(State before, TableName name, @Nullable String column, @Nullable String text) {
        View view = before.views().get(key(name));
        if (view == null) {
            throw unknownView(name);
        } else if (view.fromFile()) {
            throw fromFile(view);
        }
        ViewPins pinned = before.pins(view);
        String spelled = column == null ? "" : ViewComments.column(view, pinned, column);
        Map<String, View> views = new TreeMap<>(before.views());
        views.put(key(name), view.commented(ViewComments.with(view.comments(), spelled, text)));
        return changed(before.withViews(views, before.pins()));
    }

    /** @param text null takes it away */
    Changed commentSchema(State before, String schema, @Nullable String text) {
        if (!before.schemas().containsKey(lower(schema))) {
            throw unknownSchema(schema);
        }
        return changed(before.withSchemas(before.schemas(), ViewComments.with(before.remarks(), lower(schema), text)));
    }

    private void refuseReaders(State now, List<View> of) {
        for (View view : of) {
            Set<TableName> readers = ground.readers(now, view.name());
            if (!readers.isEmpty()) {
                throw NicolError.NOT_PERMITTED.because("View `" + view.name() + "` is read by "
                        + readers.stream().map(reader -> "`" + reader + "`").collect(Collectors.joining(", "))
                        + ". Drop or replace them first.");
            }
        }
    }

    private static RuntimeException unknownView(TableName name) {
        return NicolError.UNKNOWN_TABLE.because("There is no view `" + name + "`.");
    }

    private static RuntimeException fromFile(View view) {
        return NicolError.NOT_PERMITTED.because(
                "View `" + view.name() + "` comes from file " + view.owner() + ". Change it there.");
    }
}
