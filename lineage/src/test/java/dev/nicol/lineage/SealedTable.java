package dev.nicol.lineage;

import com.google.common.collect.ImmutableList;
import dev.nicol.policy.Action;
import dev.nicol.policy.Audience;
import dev.nicol.policy.Decision;
import dev.nicol.policy.TableName;
import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.mask.Mask;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.SourceScan;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.Convention;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.prepare.RelOptTableImpl;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;
import org.jspecify.annotations.Nullable;

/** A table every use of which is sealed, by hand. */
final class SealedTable extends AbstractTable implements TranslatableTable {
    private final TableName name;
    private final Map<String, RelDataType> columns;
    private final Map<String, Mask> masks = new LinkedHashMap<>();
    private final Set<String> denied = new HashSet<>();
    private @Nullable Condition filter;

    /** Makes the condition of a row filter over the raw table. */
    @FunctionalInterface
    interface Condition {
        RexNode over(RelOptCluster cluster, RelNode raw);
    }

    /** @param columns all that the source has, in order, denied ones too */
    SealedTable(TableName name, Map<String, RelDataType> columns) {
        this.name = name;
        this.columns = columns;
    }

    SealedTable mask(String column, Mask mask) {
        masks.put(column, mask);
        return this;
    }

    SealedTable deny(String column) {
        denied.add(column);
        return this;
    }

    SealedTable filter(Condition condition) {
        filter = condition;
        return this;
    }

    /** What the subject sees: without denied columns. */
    @Override
    public RelDataType getRowType(RelDataTypeFactory types) {
        return rowType(types, denied);
    }

    private RelDataType rowType(RelDataTypeFactory types, Set<String> left) {
        RelDataTypeFactory.Builder row = types.builder();
        columns.forEach((column, type) -> {
            if (!left.contains(column)) {
                row.add(column, type);
            }
        });
        return row.build();
    }

    @Override
    public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
        RelOptCluster cluster = context.getCluster();
        RelOptTable stored = RelOptTableImpl.create(
                null, rowType(cluster.getTypeFactory(), Set.of()), this, ImmutableList.copyOf(name.parts()));
        return seal(cluster, table, new SourceScan(cluster, stored));
    }

    /** @param raw the table, or the plan of the view that this stands for */
    SealedScan seal(RelOptCluster cluster, RelOptTable table, RelNode raw) {
        RexBuilder rex = cluster.getRexBuilder();
        RelNode rows = filter == null ? raw : LogicalFilter.create(raw, filter.over(cluster, raw));
        List<String> names = new ArrayList<>();
        List<RexNode> shown = new ArrayList<>();
        List<Decision.Column> decided = new ArrayList<>();
        for (String column : columns.keySet()) {
            RexNode value = rex.makeInputRef(rows, decided.size());
            Mask mask = masks.get(column);
            decided.add(new Decision.Column(
                    column, denied.contains(column), mask, mask == null ? null : "m", "", List.of()));
            if (!denied.contains(column)) {
                names.add(column);
                shown.add(mask == null ? value : mask.apply(rex, value));
            }
        }
        RelNode governed = LogicalProject.create(rows, List.of(), shown, names, Set.of());
        List<RowFilter> filters = filter == null
                ? List.of()
                : List.of(new RowFilter("f", List.of(), Audience.EVERYONE, "stands in the plan"));
        Decision decision = new Decision(name, Set.of(Action.SELECT), decided, filters, List.of("g"), null);
        return new SealedScan(cluster, cluster.traitSetOf(Convention.NONE), table, governed, decision, "p1", List.of());
    }
}
