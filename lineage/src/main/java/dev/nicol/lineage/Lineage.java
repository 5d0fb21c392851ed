package dev.nicol.lineage;

import java.util.List;
import java.util.stream.Stream;

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

    /**
     * The same edges with other names for their targets: the output columns as the statement names them, or the columns
     * that an INSERT fills.
     *
     * @param targetColumns one per output column, in order
     */
    public Lineage renamed(List<String> targetColumns) {
        return new Lineage(
                complete,
                edges.stream()
                        .map(edge -> edge.targetOrdinal() == 0
                                ? edge
                                : new LineageEdge(
                                        targetColumns.get(edge.targetOrdinal() - 1),
                                        edge.targetOrdinal(),
                                        edge.sourceTable(),
                                        edge.sourceColumn(),
                                        edge.kind(),
                                        edge.masked()))
                        .toList());
    }

    /** The edges to the first output columns, and those of every row. */
    public Lineage first(int columns) {
        return edges.stream().allMatch(edge -> edge.targetOrdinal() <= columns)
                ? this
                : new Lineage(
                        complete,
                        edges.stream()
                                .filter(edge -> edge.targetOrdinal() <= columns)
                                .toList());
    }

    /** With more edges; where this is unknown it stays so, and has none. */
    public Lineage and(List<LineageEdge> more) {
        return complete && !more.isEmpty()
                ? new Lineage(true, Stream.concat(edges.stream(), more.stream()).toList())
                : this;
    }

    /**
     * Whether this, the lineage of what is about to run, stays within what was asked: every column that it reads had a part
     * in the statement, and nothing that was asked masked runs clear. An optimiser may change kinds and targets (a
     * sub-query becomes a join, one of two equal columns stands for the other), so these are not compared.
     *
     * @return false also where either is unknown, because nothing can be shown then
     */
    public boolean within(Lineage asked) {
        return within(asked, UNKNOWN);
    }

    /**
     * The same, where columns may have a say too that the statement computes with and does not show.
     *
     * @param mentioned as {@link LineageExtractor#mentionedBy} finds them
     */
    public boolean within(Lineage asked, Lineage mentioned) {
        return complete
                && asked.complete
                && edges.stream()
                        .allMatch(ran -> asked.covers(ran) || !ran.kind().direct() && mentioned.covers(ran));
    }

    private boolean covers(LineageEdge ran) {
        return edges.stream()
                .anyMatch(edge -> edge.sourceColumn().equals(ran.sourceColumn())
                        && edge.sourceTable().equals(ran.sourceTable())
                        && (ran.masked() || !edge.masked()));
    }
}
