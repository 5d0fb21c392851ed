package dev.nicol.server;

import dev.nicol.adapters.Catalog;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.ViewLineage;
import dev.nicol.server.catalog.ViewReports;
import dev.nicol.server.catalog.VirtualSchemas;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Pins new views; tells the trail of those that do not hold any more, that hold again, that drift and that clash. */
final class ViewWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ViewWatch.class);

    private final Catalog catalog;
    private final VirtualSchemas views;
    private final ViewLineage lineage;
    private final ViewReports reports;

    private final ExecutorService worker = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "nicol-view-watch");
        thread.setDaemon(true);
        return thread;
    });

    ViewWatch(Catalog catalog, VirtualSchemas views, ViewLineage lineage, ViewReports reports) {
        this.catalog = catalog;
        this.views = views;
        this.lineage = lineage;
        this.reports = reports;
        catalog.addListener(changed -> look());
        views.addListener(this::look);
        look();
    }

    /** Whoever calls it waits for nothing. */
    private void look() {
        if (!worker.isShutdown()) {
            worker.execute(this::tell);
        }
    }

    private void tell() {
        try {
            lineage.pin(catalog.snapshot(), views);
            VirtualSchemas.State state = views.state();
            Map<TableName, ViewLineage.Definition> definitions = lineage.definitions(catalog.snapshot(), state);
            Map<ViewReports.Report, String> now = new TreeMap<>();
            definitions.forEach((view, definition) -> {
                if (definition.broken() != null) {
                    now.put(
                            new ViewReports.Report(view, "view_broken"),
                            definition.broken().text());
                }
                String drift = definition.drifted();
                if (drift != null) {
                    now.put(new ViewReports.Report(view, "view_drifted"), drift);
                }
            });
            for (VirtualSchemas.View file : state.conflicts()) {
                VirtualSchemas.View other = state.createdInSql(file.name());
                if (other != null) {
                    now.put(new ViewReports.Report(other.name(), "view_conflict"), LoadedViews.conflict(file, other));
                }
            }
            Set<TableName> known = state.views().values().stream()
                    .map(VirtualSchemas.View::name)
                    .collect(Collectors.toSet());
            reports.tell(now, view -> known.contains(view) && isUntold(definitions.get(view)), known::contains);
        } catch (RuntimeException failure) {
            LOG.warn("whether views hold could not be told", failure);
        }
    }

    private static boolean isUntold(ViewLineage.@Nullable Definition definition) {
        return definition == null || definition.broken() == null && definition.rowType() == null;
    }

    @Override
    public void close() {
        worker.shutdownNow();
    }
}
