package dev.nicol.lineage;

import java.util.List;

/**
 * The lineage of one statement.
 *
 * @param complete false where a node was not understood; then there are no edges, because a part would read as the whole
 */
public record Lineage(boolean complete, List<LineageEdge> edges) {
    public static final Lineage UNKNOWN = new Lineage(false, List.of());

    public Lineage {
        edges = List.copyOf(edges);
    }
}
