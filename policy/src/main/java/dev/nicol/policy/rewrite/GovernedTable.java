package dev.nicol.policy.rewrite;

import dev.nicol.policy.Decision;
import java.util.Set;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.schema.ColumnStrategy;
import org.apache.calcite.schema.Schema;
import org.apache.calcite.schema.Statistic;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.sql2rel.InitializerContext;
import org.apache.calcite.sql2rel.InitializerExpressionFactory;
import org.apache.calcite.sql2rel.NullInitializerExpressionFactory;
import org.jspecify.annotations.Nullable;

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
    private final Set<String> optionalColumns;

    /** @param optionalColumns columns that an INSERT may leave out because the source fills them */
    public GovernedTable(
            RelDataType storedRowType,
            Decision decision,
            String fingerprint,
            Sealer sealer,
            Statistic statistic,
            Set<String> optionalColumns) {
        this.storedRowType = storedRowType;
        this.decision = decision;
        this.fingerprint = fingerprint;
        this.sealer = sealer;
        this.statistic = statistic;
        this.optionalColumns = Set.copyOf(optionalColumns);
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
    public <C> @Nullable C unwrap(Class<C> wanted) {
        return wanted == InitializerExpressionFactory.class ? wanted.cast(new Defaults()) : super.unwrap(wanted);
    }

    /** Tells the validator which columns the source fills by itself. */
    private final class Defaults extends NullInitializerExpressionFactory {
        @Override
        public ColumnStrategy generationStrategy(RelOptTable table, int column) {
            String name = table.getRowType().getFieldNames().get(column);
            return optionalColumns.contains(name) ? ColumnStrategy.DEFAULT : super.generationStrategy(table, column);
        }

        /** A placeholder: what is left out of the INSERT is left out of the source's INSERT too. */
        @Override
        public RexNode newColumnDefaultValue(RelOptTable table, int column, InitializerContext context) {
            return context.getRexBuilder()
                    .makeNullLiteral(
                            table.getRowType().getFieldList().get(column).getType());
        }
    }

    @Override
    public Schema.TableType getJdbcTableType() {
        return Schema.TableType.TABLE;
    }
}
