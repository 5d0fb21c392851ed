package dev.nicol.server.catalog;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.server.audit.Flow;
import dev.nicol.server.audit.FlowColumn;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the definitions of virtual views say of their columns, those of files too, which no statement made. */
public final class ViewFlows implements Supplier<List<Flow>> {
    private final Supplier<CatalogSnapshot> snapshot;
    private final VirtualSchemas views;
    private final ViewLineage lineage;
    private volatile @Nullable Known known;

    private record Known(long sources, long views, List<Flow> flows) {}

    public ViewFlows(Supplier<CatalogSnapshot> snapshot, VirtualSchemas views, ViewLineage lineage) {
        this.snapshot = snapshot;
        this.views = views;
        this.lineage = lineage;
    }

    @Override
    public List<Flow> get() {
        CatalogSnapshot current = snapshot.get();
        VirtualSchemas.State state = views.state();
        Known last = known;
        if (last == null || last.sources() != current.version() || last.views() != state.version()) {
            last = new Known(current.version(), state.version(), flows(current, state));
            known = last;
        }
        return last.flows();
    }

    private List<Flow> flows(CatalogSnapshot current, VirtualSchemas.State state) {
        List<Flow> flows = new ArrayList<>();
        lineage.of(current, state).forEach((view, origins) -> origins.edges()
                .forEach(edge -> flows.add(new Flow(
                        new FlowColumn(edge.sourceTable(), edge.sourceColumn()),
                        new FlowColumn(view, edge.targetColumn()),
                        edge.kind().name(),
                        edge.kind().direct(),
                        edge.masked(),
                        0,
                        null,
                        null,
                        null))));
        return List.copyOf(flows);
    }
}
