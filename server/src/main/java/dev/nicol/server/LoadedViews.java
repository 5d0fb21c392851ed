package dev.nicol.server;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.policy.HotReload;
import dev.nicol.policy.Problem;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.catalog.BrokenDefinition;
import dev.nicol.server.catalog.ViewFiles;
import dev.nicol.server.catalog.ViewLineage;
import dev.nicol.server.catalog.VirtualSchemas;
import dev.nicol.server.pipeline.Pipelines;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The views of the files: put in force as a whole, and again whenever a file changes. */
final class LoadedViews implements AutoCloseable {
    private static final String SYSTEM = "nicol";

    private final Supplier<CatalogSnapshot> snapshot;
    private final VirtualSchemas views;
    private final ViewLineage lineage;
    private final AuditTrail trail;
    private final HotReload<VirtualSchemas.FileViews> files;
    private volatile boolean started;

    /** @throws ProblemsException where a file cannot be read as views */
    LoadedViews(
            Path directory,
            Supplier<CatalogSnapshot> snapshot,
            VirtualSchemas views,
            ViewLineage lineage,
            AuditTrail trail) {
        this.snapshot = snapshot;
        this.views = views;
        this.lineage = lineage;
        this.trail = trail;
        this.files = new HotReload<>(directory, HotReload.DEFAULT_POLL_INTERVAL, this::read, this::loaded);
        views.addFromFiles(files.get());
        lineage.pin(snapshot.get(), views);
        started = true;
    }

    /** A view that does not hold keeps new files out only where it is new: a source that changed must not. */
    private VirtualSchemas.FileViews read(Path directory) {
        VirtualSchemas.FileViews read = ViewFiles.read(directory, Pipelines.viewReader());
        if (!started) {
            return read;
        }
        Map<TableName, ViewLineage.Definition> definitions = lineage.wouldBe(snapshot.get(), views.withFiles(read));
        Collection<VirtualSchemas.View> inForce = views.state().views().values();
        List<VirtualSchemas.View> changed =
                read.views().stream().filter(view -> !inForce.contains(view)).toList();
        List<Problem> problems = problems(directory, changed, definitions);
        problems.addAll(conflicts(directory, changed, views.state(), snapshot.get()));
        if (!problems.isEmpty()) {
            throw new ProblemsException(problems);
        }
        return read;
    }

    /** What is wrong with views of files, over what is stored. */
    static List<Problem> problems(
            Path directory, List<VirtualSchemas.View> read, Map<TableName, ViewLineage.Definition> definitions) {
        List<Problem> problems = new ArrayList<>();
        for (VirtualSchemas.View view : read) {
            ViewLineage.Definition definition = definitions.get(view.name());
            if (definition == null) {
                continue;
            }
            BrokenDefinition broken = definition.broken();
            if (broken != null) {
                problems.add(problem(
                        directory,
                        view,
                        "view `" + view.name() + "` does not hold. "
                                + (readsItself(view.name(), definitions)
                                        ? "It would read itself, by way of the views that it reads."
                                        : broken.text())
                                + " — correct its definition"));
            }
            for (String column : definition.strangers(view.comments().keySet())) {
                problems.add(problem(
                        directory,
                        view,
                        "view `" + view.name() + "` has no column `" + column + "` — correct the comment on it"));
            }
        }
        return problems;
    }

    /** Whether what keeps it from holding is a view that is kept from it by this one. */
    private static boolean readsItself(TableName view, Map<TableName, ViewLineage.Definition> definitions) {
        Set<TableName> seen = new HashSet<>();
        TableName next = lacking(view, definitions);
        while (next != null && !next.equals(view) && seen.add(next)) {
            next = lacking(next, definitions);
        }
        return view.equals(next);
    }

    /** The view that another one reads and that does not hold; null where it lacks something else, or nothing. */
    private static @Nullable TableName lacking(TableName view, Map<TableName, ViewLineage.Definition> definitions) {
        ViewLineage.Definition definition = definitions.get(view);
        BrokenDefinition broken = definition == null ? null : definition.broken();
        if (broken == null || !broken.view()) {
            return null;
        }
        List<String> written = broken.table();
        List<String> front = view.parts().subList(0, Math.max(0, 3 - written.size()));
        String name = Stream.concat(front.stream(), written.stream()).collect(Collectors.joining("."));
        return definitions.keySet().stream()
                .filter(known -> known.toString().equalsIgnoreCase(name))
                .findFirst()
                .orElse(null);
    }

    /** Names that views of files share with others. */
    static List<Problem> conflicts(
            Path directory, List<VirtualSchemas.View> read, VirtualSchemas.State state, CatalogSnapshot snapshot) {
        List<Problem> problems = new ArrayList<>();
        for (VirtualSchemas.View view : read) {
            VirtualSchemas.View other = state.createdInSql(view.name());
            if (other != null) {
                problems.add(problem(directory, view, conflict(view, other)));
            }
            String schema = view.name().schema();
            if (snapshot.sources().keySet().stream().anyMatch(schema::equalsIgnoreCase)) {
                problems.add(problem(
                        directory,
                        view,
                        "schema `virtual." + schema + "` of view `" + view.name()
                                + "` is called as a source is — name it otherwise"));
            }
        }
        return problems;
    }

    static String conflict(VirtualSchemas.View file, VirtualSchemas.View other) {
        return "view `" + file.name() + "` is in " + file.owner() + " and was created in SQL by `" + other.owner()
                + "` too; the one that was created in SQL is in force — drop it, or take it out of the file";
    }

    private static Problem problem(Path directory, VirtualSchemas.View view, String text) {
        return new Problem(directory.resolve(view.owner()).toString(), 0, text);
    }

    private void loaded(HotReload.Load<VirtualSchemas.FileViews> load) {
        if (load.succeeded()) {
            views.addFromFiles(load.inForce());
            lineage.pin(snapshot.get(), views);
            trail.event("views_load", SYSTEM, load.inForce().views().size() + " views of files are in force");
        } else {
            trail.event(
                    "views_load_failed",
                    SYSTEM,
                    "the earlier views stay in force; refused:\n"
                            + load.problems().stream().map(Problem::toString).collect(Collectors.joining("\n")));
        }
    }

    /** Reads the files now: a view that did not hold may do so over what the catalogue has learnt. */
    List<Problem> reload() {
        return files.reload().problems();
    }

    @Override
    public void close() {
        files.close();
    }
}
