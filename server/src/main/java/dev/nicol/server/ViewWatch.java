package dev.nicol.server;

import dev.nicol.adapters.Catalog;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.catalog.ViewLineage;
import dev.nicol.server.catalog.VirtualSchemas;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the trail of views that do not hold any more over what they read, and of those that hold again. */
final class ViewWatch implements AutoCloseable {
    private static final String SYSTEM = "nicol";
    private static final Logger LOG = LoggerFactory.getLogger(ViewWatch.class);

    private final Catalog catalog;
    private final VirtualSchemas views;
    private final ViewLineage lineage;
    private final AuditTrail trail;

    /** By view, why it does not hold; of the worker's thread alone. */
    private Map<TableName, String> told = Map.of();

    private final ExecutorService worker = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "nicol-view-watch");
        thread.setDaemon(true);
        return thread;
    });

    ViewWatch(Catalog catalog, VirtualSchemas views, ViewLineage lineage, AuditTrail trail) {
        this.catalog = catalog;
        this.views = views;
        this.lineage = lineage;
        this.trail = trail;
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
            Map<TableName, String> broken = new TreeMap<>();
            VirtualSchemas.State state = views.state();
            lineage.definitions(catalog.snapshot(), state).forEach((view, definition) -> {
                if (definition.broken() != null) {
                    broken.put(view, definition.broken().text());
                }
            });
            for (Map.Entry<TableName, String> one : broken.entrySet()) {
                if (!one.getValue().equals(told.get(one.getKey()))) {
                    LOG.error("view {} does not hold: {}", one.getKey(), one.getValue());
                    trail.event("view_broken", SYSTEM, one.getKey() + ": " + one.getValue());
                }
            }
            for (TableName view : told.keySet()) {
                if (!broken.containsKey(view)
                        && state.views().values().stream()
                                .anyMatch(known -> known.name().equals(view))) {
                    trail.event("view_holds", SYSTEM, view.toString());
                }
            }
            told = broken;
        } catch (RuntimeException failure) {
            LOG.warn("whether views hold could not be told", failure);
        }
    }

    @Override
    public void close() {
        worker.shutdownNow();
    }
}
