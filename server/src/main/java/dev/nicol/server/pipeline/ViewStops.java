package dev.nicol.server.pipeline;

import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.lineage.LineageExtractor;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.PlanningSpace;
import dev.nicol.server.catalog.VirtualSchemas;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;

/**
 * The views on a statement's way to its origins: their columns, traced as if views stored them. The statement is planned once
 * more for that, and only where it names a view.
 */
final class ViewStops {
    private final ValidatedStatement validated;
    private final Map<TableName, Set<String>> masked = new HashMap<>();

    private ViewStops(ValidatedStatement validated) {
        this.validated = validated;
    }

    /** Edges from columns of views; none where they are unknown. */
    static List<LineageEdge> of(ValidatedStatement validated) {
        return validated.space().expandedViews().isEmpty() ? List.of() : new ViewStops(validated).edges();
    }

    private List<LineageEdge> edges() {
        Body body = ConvertStage.body(new ValidatedStatement(
                validated.parsed(),
                validated.catalog(),
                validated.space().stoppingAtViews(),
                validated.checked(),
                validated.explained()));
        List<RelNode> plans = body instanceof Body.Command command && command.defines() != null
                ? List.of(command.defines().plan())
                : ConvertStage.plans(body);
        List<LineageEdge> edges = new ArrayList<>();
        if (!plans.isEmpty()) {
            Lineage found = LineageExtractor.of(plans.get(0)).renamed(TraceStage.filledColumns(body));
            for (LineageEdge edge : found.edges()) {
                if (edge.sourceTable().catalog().equals(VirtualSchemas.CATALOG)) {
                    edges.add(masked(edge) ? edge.underMask() : edge);
                }
            }
        }
        return edges;
    }

    /** Whether all that the view's column shows to this subject is masked below the view. */
    private boolean masked(LineageEdge edge) {
        return masked.computeIfAbsent(edge.sourceTable(), this::maskedColumns).contains(edge.sourceColumn());
    }

    private Set<String> maskedColumns(TableName view) {
        PlanningSpace space = validated.space();
        RelOptTable table =
                Objects.requireNonNull(space.catalogReader().getTable(view.parts()), "a view that was read");
        RelNode plan = space.converter(
                        Objects.requireNonNull(validated.checked()).validator())
                .toRel(table, List.of());
        // a view that orders by what it does not show has more columns in its plan than in its row
        List<String> shown = table.getRowType().getFieldNames();
        Map<String, Boolean> allMasked = LineageExtractor.of(plan).edges().stream()
                .filter(edge -> edge.kind().direct() && edge.targetOrdinal() <= shown.size())
                .collect(Collectors.toMap(
                        edge -> shown.get(edge.targetOrdinal() - 1), LineageEdge::masked, Boolean::logicalAnd));
        return allMasked.entrySet().stream()
                .filter(Map.Entry::getValue)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }
}
