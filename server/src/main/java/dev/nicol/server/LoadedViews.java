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
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

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
                        "view `" + view.name() + "` does not hold. " + broken.text() + " — correct its definition"));
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

    @Override
    public void close() {
        files.close();
    }
}
