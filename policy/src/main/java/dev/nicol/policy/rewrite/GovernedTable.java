package dev.nicol.policy.rewrite;

import dev.nicol.policy.Decision;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Schema;
import org.apache.calcite.schema.Statistic;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;

/**
 * A stored table as one policy fingerprint sees it. A query can turn it into a plan in one way only, and that way is
 * sealed: sub-queries, views and correlated queries all pass here.
 */
public final class GovernedTable extends AbstractTable implements TranslatableTable {
    private final RelDataType storedRowType;
    private final Decision decision;
    private final String fingerprint;
    private final Sealer sealer;
    private final Statistic statistic;

    public GovernedTable(
            RelDataType storedRowType, Decision decision, String fingerprint, Sealer sealer, Statistic statistic) {
        this.storedRowType = storedRowType;
        this.decision = decision;
        this.fingerprint = fingerprint;
        this.sealer = sealer;
        this.statistic = statistic;
    }

    public Decision decision() {
        return decision;
    }

    public RelDataType storedRowType() {
        return storedRowType;
    }

    @Override
    public RelDataType getRowType(RelDataTypeFactory types) {
        return Sealer.visibleRowType(storedRowType, decision, types);
    }

    @Override
    public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
        return sealer.seal(context.getCluster(), table, decision, fingerprint);
    }

    @Override
    public Statistic getStatistic() {
        return statistic;
    }

    @Override
    public Schema.TableType getJdbcTableType() {
        return Schema.TableType.TABLE;
    }
}
