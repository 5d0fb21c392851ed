package dev.nicol.server;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.policy.Problem;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.BrokenDefinition;
import dev.nicol.server.catalog.ViewFiles;
import dev.nicol.server.catalog.ViewLineage;
import dev.nicol.server.catalog.VirtualSchemaStore;
import dev.nicol.server.catalog.VirtualSchemas;
import dev.nicol.server.config.NicolConfig;
import dev.nicol.server.pipeline.Pipelines;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code nicol check} says of views: those of files, and, where no server has the store to itself, those that were
 * created in SQL and what has drifted.
 *
 * @param problems views that do not hold, names that clash, comments on nothing
 * @param warnings what is not as it was when a view was defined
 */
record ViewCheck(List<String> problems, List<String> warnings) {
    static ViewCheck of(NicolConfig config, CatalogSnapshot snapshot) {
        ViewCheck found = new ViewCheck(new ArrayList<>(), new ArrayList<>());
        Path directory = config.views();
        try {
            VirtualSchemas.FileViews files = directory == null
                    ? VirtualSchemas.FileViews.NONE
                    : ViewFiles.read(directory, Pipelines.viewReader());
            found.look(config, snapshot, files);
        } catch (ProblemsException refused) {
            found.add(refused.problems());
        }
        return found;
    }

    private void look(NicolConfig config, CatalogSnapshot snapshot, VirtualSchemas.FileViews files) {
        VirtualSchemas.State state = VirtualSchemas.of(VirtualSchemaStore.peek(config.storeSettings()), files);
        Map<TableName, ViewLineage.Definition> definitions =
                new LinkedHashMap<>(new ViewLineage(Pipelines.sqlReader()).wouldBe(snapshot, state));
        definitions.values().removeIf(definition -> isUnknown(definition.broken()));
        Path directory = config.views();
        if (directory != null) {
            add(LoadedViews.problems(directory, files.views(), definitions));
            add(LoadedViews.conflicts(directory, files.views(), state, snapshot));
        }
        for (VirtualSchemas.View view : state.views().values()) {
            ViewLineage.Definition definition = definitions.get(view.name());
            BrokenDefinition broken = definition == null ? null : definition.broken();
            String drift = definition == null ? null : definition.drifted();
            if (broken != null && !view.fromFile()) {
                problems.add("view `" + view.name() + "` does not hold. " + broken.text() + " — define it anew");
            } else if (drift != null) {
                warnings.add("view `" + view.name() + "` is not what it was defined as. " + drift
                        + " — define it anew, or change the source back");
            }
        }
    }

    /** Whether it is about what nothing is known of without a server: views that were created in SQL, and tables of Nicol. */
    private static boolean isUnknown(@Nullable BrokenDefinition broken) {
        return broken != null
                && (broken.lacksUnknownView()
                        || !broken.table().isEmpty() && broken.table().get(0).equalsIgnoreCase("nicol"));
    }

    private void add(List<Problem> found) {
        found.stream().map(Problem::toString).forEach(problems::add);
    }
}
