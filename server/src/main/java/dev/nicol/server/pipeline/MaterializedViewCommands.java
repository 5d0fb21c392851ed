package dev.nicol.server.pipeline;

import dev.nicol.policy.Action;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.GovernedCatalog;
import dev.nicol.server.catalog.VirtualSchemas;
import dev.nicol.server.materialized.MaterializedView;
import dev.nicol.server.materialized.MaterializedViews;
import dev.nicol.server.materialized.StorageName;
import dev.nicol.server.parser.CreateMaterializedView;
import java.util.List;
import java.util.Map;
import org.apache.calcite.sql.SqlIdentifier;
import org.jspecify.annotations.Nullable;

/** {@code CREATE}, {@code REFRESH} and what else becomes of materialised views. */
final class MaterializedViewCommands {
    private final VirtualSchemas virtualSchemas;
    private final MaterializedViews views;
    private final Refreshes refreshes;

    /** Held while a view and what is known of its rows come and go together. */
    private final Object defining = new Object();

    MaterializedViewCommands(VirtualSchemas virtualSchemas, MaterializedViews views, Refreshes refreshes) {
        this.virtualSchemas = virtualSchemas;
        this.views = views;
        this.refreshes = refreshes;
    }

    /**
     * Defines a view and fills it. Where it cannot be filled it is not defined; one that took another's place
     * stays, and answers from what it reads. So does what others have put in its place meanwhile.
     */
    void create(PlannedStatement planned, CreateMaterializedView create, VirtualSchemas.View written) {
        Subject subject = planned.invocation().subject();
        if (subject.agent() != null) {
            throw NicolError.NOT_PERMITTED.because(
                    "A materialized view goes on reading with its definer's rights, so people define them, not agents.");
        }
        GovernedCatalog catalog =
                planned.admitted().guarded().traced().governed().validated().catalog();
        MaterializedView.Place place = place(create.into(), catalog);
        refreshes.check(subject.userName(), place);
        boolean replaces = virtualSchemas.view(written.name()) != null;
        TableName name;
        int change;
        synchronized (defining) {
            change = virtualSchemas.createView(written, create.getReplace());
            name = virtualSchemas.known(written.name());
            views.define(MaterializedView.defined(name, place, create.every(), subject.userName(), subject.purpose()));
        }
        try {
            refreshes.first(name);
        } catch (NicolException failure) {
            synchronized (defining) {
                if (!replaces && virtualSchemas.dropView(name, change, subject.userName())) {
                    views.remove(name);
                }
            }
            throw failure;
        }
    }

    private MaterializedView.Place place(@Nullable SqlIdentifier into, GovernedCatalog catalog) {
        Map<String, String> places = views.places();
        if (into == null) {
            if (places.size() != 1) {
                throw NicolError.NOT_PERMITTED.because(
                        places.isEmpty()
                                ? "Say where the rows are kept: CREATE MATERIALIZED VIEW name INTO source.schema …, where you may"
                                        + " create tables. The operator can name a place in nicol.yaml: `materialized_views`."
                                : "Say where the rows are kept: INTO one of "
                                        + places.keySet().stream().sorted().toList() + ".");
            }
            Map.Entry<String, String> only = places.entrySet().iterator().next();
            return new MaterializedView.Place(only.getKey(), only.getValue());
        }
        List<String> names = into.names;
        String schema = names.size() == 1 ? places.get(names.get(0)) : names.get(names.size() - 1);
        if (names.size() > 2 || schema == null) {
            throw NicolError.SYNTAX.because("`" + into + "` is no place to keep rows in. Write INTO source.schema.");
        }
        MaterializedView.Place place = new MaterializedView.Place(names.get(0), schema);
        TableName table = new TableName(place.source(), schema, StorageName.PREFIX);
        if (!schema.equals(places.get(place.source()))
                && !catalog.decideNew(table).allows(Action.CREATE)) {
            throw NicolError.NOT_PERMITTED.because("You may not keep rows in `" + place
                    + "`: that takes a grant with action create, or `materialized_views` in nicol.yaml.");
        }
        return place;
    }

    /** By whoever may define views; with the rights of its definer. */
    void refresh(TableName written) {
        refreshes.refresh(virtualSchemas.known(written));
    }

    /** A view without rows of its own is not dropped by what drops one with them. */
    void refuseOther(TableName name) {
        if (virtualSchemas.view(name) != null && views.get(name) == null) {
            throw NicolError.UNKNOWN_TABLE.because("There is no materialized view `" + name
                    + "`: it is a view without rows of its own. Write DROP VIEW to drop it.");
        }
    }

    /** A view is dropped, or takes the place of one with rows of its own: these are dropped soon. */
    void forget(TableName written) {
        views.remove(virtualSchemas.known(written));
    }

    void renamed(TableName from, TableName to) {
        views.rename(from, to);
    }

    void schemaRenamed(String from, String to) {
        for (MaterializedView view : views.all()) {
            TableName name = view.name();
            if (name.schema().equalsIgnoreCase(from)) {
                views.rename(name, new TableName(name.catalog(), to, name.table()));
            }
        }
    }
}
