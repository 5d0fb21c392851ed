package dev.nicol.lineage;

import dev.nicol.lineage.LineageEdge.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.calcite.rel.RelNode;

/** Derives the lineage of a governed relational plan, optimised or not. */
public final class LineageExtractor {
    private static final Comparator<LineageEdge> ORDER = Comparator.comparingInt(LineageEdge::targetOrdinal)
            .thenComparing(LineageEdge::kind)
            .thenComparing(LineageEdge::sourceTable)
            .thenComparing(LineageEdge::sourceColumn);

    private LineageExtractor() {}

    /**
     * Direct and CONDITIONAL edges have an output column as target; all other indirect edges concern every row and have
     * none. There is one direct edge from a stored column to an output column, of the strongest kind of all its paths;
     * it is masked when every path passes a mask. Targets are named as the plan's row type names them.
     *
     * @return edges ordered by target, kind and origin; {@link Lineage#UNKNOWN} where the plan holds a node or an
     *     expression that is not understood
     */
    public static Lineage of(RelNode plan) {
        return of(plan, UnaryOperator.identity());
    }

    /**
     * Columns that a plan's projections compute with, whether or not anything comes of it: an optimiser may come to use in a
     * join what the statement computes and does not show.
     *
     * @return statement-level FILTER edges; {@link Lineage#UNKNOWN} where the plan is not understood
     */
    public static Lineage mentionedBy(RelNode plan) {
        Influences influences = new Influences();
        try {
            new RelOrigins(influences, Scope.EMPTY, UnaryOperator.identity()).of(plan);
        } catch (NotUnderstood notUnderstood) {
            return Lineage.UNKNOWN;
        }
        List<LineageEdge> edges = new ArrayList<>();
        influences
                .mentioned()
                .forEach((origin, masked) ->
                        edges.add(new LineageEdge(null, 0, origin.table(), origin.column(), Kind.FILTER, masked)));
        return new Lineage(true, edges);
    }

    /**
     * The columns that each parameter is compared or computed with.
     *
     * @return statement-level FILTER edges by index; a parameter of which it is not known all that it meets is not in it
     */
    public static Map<Integer, Lineage> besideParameters(RelNode plan) {
        Influences influences = new Influences();
        try {
            new RelOrigins(influences, Scope.EMPTY, UnaryOperator.identity()).of(plan);
        } catch (NotUnderstood notUnderstood) {
            return Map.of();
        }
        Map<Integer, Lineage> found = new HashMap<>();
        influences.parameters().known().forEach((index, columns) -> {
            List<LineageEdge> edges = columns.stream()
                    .map(column -> new LineageEdge(null, 0, column.table(), column.column(), Kind.FILTER, false))
                    .toList();
            found.put(index, new Lineage(true, edges));
        });
        return found;
    }

    /**
     * The same of a plan with leaves that are not known here.
     *
     * @param standsFor the plan to trace in place of a node; the node itself where it may be traced as it is
     */
    public static Lineage of(RelNode plan, UnaryOperator<RelNode> standsFor) {
        Influences influences = new Influences();
        List<ColumnOrigins> columns;
        try {
            columns = new RelOrigins(influences, Scope.EMPTY, standsFor).of(plan);
        } catch (NotUnderstood notUnderstood) {
            return Lineage.UNKNOWN;
        }
        List<LineageEdge> edges = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            String target = plan.getRowType().getFieldNames().get(i);
            int ordinal = i + 1;
            ColumnOrigins origins = columns.get(i);
            origins.direct()
                    .forEach((origin, flow) -> edges.add(new LineageEdge(
                            target, ordinal, origin.table(), origin.column(), flow.kind(), flow.masked())));
            origins.conditional()
                    .forEach((origin, masked) -> edges.add(new LineageEdge(
                            target, ordinal, origin.table(), origin.column(), Kind.CONDITIONAL, masked)));
        }
        influences
                .recorded()
                .forEach((influence, masked) -> edges.add(new LineageEdge(
                        null, 0, influence.origin().table(), influence.origin().column(), influence.kind(), masked)));
        edges.sort(ORDER);
        return new Lineage(true, edges);
    }
}
