package dev.nicol.server.classification;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.lineage.Lineage;
import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classification;
import dev.nicol.policy.classify.Classifications;
import dev.nicol.server.catalog.ViewLineage;
import dev.nicol.server.catalog.VirtualSchemas;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the columns of virtual views hold, by lineage, for {@code policy.classifications} to show. Nothing is enforced by
 * it: what flows through a view is masked where it is stored.
 */
public final class ViewTags {
    private static final Logger LOG = LoggerFactory.getLogger(ViewTags.class);

    private final Supplier<CatalogSnapshot> snapshot;
    private final VirtualSchemas views;
    private final ViewLineage lineage;
    private final Function<CatalogSnapshot, Classifications> classifications;
    private final TagStore store;
    private Map<TableName, Map<String, List<Classification>>> shown;
    private long seen;

    public ViewTags(
            Supplier<CatalogSnapshot> snapshot,
            VirtualSchemas views,
            ViewLineage lineage,
            Function<CatalogSnapshot, Classifications> classifications,
            TagStore store) {
        this.snapshot = snapshot;
        this.views = views;
        this.lineage = lineage;
        this.classifications = classifications;
        this.store = store;
        this.shown = store.loadViews();
    }

    /** Another server has changed what is shown. */
    public synchronized void catchUp(long version) {
        if (version != seen) {
            seen = version;
            shown = store.loadViews();
        }
    }

    /** Views or tags may have changed. What cannot be saved now is saved with the next change. */
    public synchronized void refresh() {
        try {
            Map<TableName, Map<String, List<Classification>>> now = tags();
            if (!now.equals(shown)) {
                store.saveViews(
                        now,
                        new TagStore.Reason(
                                TagRegistry.EVENT, TagRegistry.SYSTEM, "views with tagged columns: " + now.keySet()));
                shown = now;
            }
        } catch (RuntimeException failure) {
            LOG.warn("the tags of views are not up to date", failure);
        }
    }

    private Map<TableName, Map<String, List<Classification>>> tags() {
        VirtualSchemas.State state = views.state();
        if (state.views().isEmpty()) {
            return Map.of();
        }
        CatalogSnapshot current = snapshot.get();
        Classifications known = classifications.apply(current);
        Map<TableName, Map<String, List<Classification>>> tags = new HashMap<>();
        Map<TableName, Lineage> lineages = lineage.of(current, state);
        lineages.forEach((view, origins) -> {
            Map<String, List<Classification>> columns = TagFlow.along(origins, known, "lineage from");
            columns.values().forEach(found -> found.removeIf(tag -> tag.entity().equals(Classifications.UNCLASSIFIED)));
            columns.values().removeIf(List::isEmpty);
            if (!columns.isEmpty()) {
                tags.put(view, columns);
            }
        });
        return tags;
    }
}
