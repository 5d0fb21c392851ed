package dev.nicol.server;

import dev.nicol.server.audit.SharedVersions;
import dev.nicol.server.audit.Store;
import dev.nicol.server.catalog.VirtualSchemas;
import dev.nicol.server.classification.TagRegistry;
import dev.nicol.server.classification.ViewTags;
import dev.nicol.server.materialized.MaterializedViews;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at the store for what other servers have changed of that which this one keeps in memory. */
final class OtherServers implements AutoCloseable {
    /** Between two looks, in milliseconds. */
    private static final long INTERVAL_MS = 500;

    private static final Logger LOG = LoggerFactory.getLogger(OtherServers.class);

    private final Store store;
    private final VirtualSchemas virtualSchemas;
    private final TagRegistry tags;
    private final ViewTags viewTags;
    private final MaterializedViews materialized;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "other-servers");
        thread.setDaemon(true);
        return thread;
    });
    private boolean failing;

    /** Nothing is watched where the store is this server's alone. */
    static OtherServers watched(
            Store store,
            VirtualSchemas virtualSchemas,
            TagRegistry tags,
            ViewTags viewTags,
            MaterializedViews materialized) {
        OtherServers others = new OtherServers(store, virtualSchemas, tags, viewTags, materialized);
        if (store.shared()) {
            others.timer.scheduleWithFixedDelay(others::look, INTERVAL_MS, INTERVAL_MS, TimeUnit.MILLISECONDS);
        }
        return others;
    }

    private OtherServers(
            Store store,
            VirtualSchemas virtualSchemas,
            TagRegistry tags,
            ViewTags viewTags,
            MaterializedViews materialized) {
        this.store = store;
        this.materialized = materialized;
        this.virtualSchemas = virtualSchemas;
        this.tags = tags;
        this.viewTags = viewTags;
    }

    private void look() {
        try {
            Map<String, Long> now = store.read(SharedVersions::all);
            tags.catchUp(now.getOrDefault(SharedVersions.TAGS, 0L));
            virtualSchemas.catchUp(now.getOrDefault(SharedVersions.VIRTUAL_SCHEMAS, 0L));
            materialized.catchUp(now.getOrDefault(SharedVersions.MATERIALIZED_VIEWS, 0L));
            viewTags.catchUp(now.getOrDefault(SharedVersions.VIEW_TAGS, 0L));
            failing = false;
        } catch (RuntimeException failure) {
            // a store that does not answer lets nothing run either
            if (!failing) {
                LOG.warn("what other servers have changed cannot be read", failure);
            }
            failing = true;
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
