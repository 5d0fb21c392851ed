package dev.nicol.adapters;

import dev.nicol.policy.rewrite.SourceScan;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Statistic;
import org.apache.calcite.schema.Statistics;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.util.ImmutableBitSet;

/** A source's table in Calcite's terms, with raw values: what policies are written against, and what seals hold. */
public final class StoredTable extends AbstractTable implements TranslatableTable {
    private final SourceTable table;
    private final RelDataType rowType;

    public StoredTable(SourceTable table, RelDataTypeFactory types) {
        this.table = table;
        RelDataTypeFactory.Builder row = types.builder();
        table.columns().forEach(column -> row.add(column.name(), column.type()));
        this.rowType = row.build();
    }

    public SourceTable table() {
        return table;
    }

    public RelDataType rowType() {
        return rowType;
    }

    @Override
    public RelDataType getRowType(RelDataTypeFactory types) {
        return rowType;
    }

    @Override
    public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable relOptTable) {
        return new SourceScan(context.getCluster(), relOptTable);
    }

    @Override
    public Statistic getStatistic() {
        List<ImmutableBitSet> keys = new ArrayList<>();
        for (List<String> key : table.uniqueKeys()) {
            ImmutableBitSet.Builder bits = ImmutableBitSet.builder();
            for (String column : key) {
                bits.set(rowType.getFieldNames().indexOf(column));
            }
            keys.add(bits.build());
        }
        return Statistics.of(table.rowCount(), keys);
    }
}
