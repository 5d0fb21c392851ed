package dev.nicol.adapters.execution;

import dev.nicol.adapters.dialect.Decimals;
import dev.nicol.adapters.sql.Pushed;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.adapters.sql.Whole;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import org.apache.calcite.DataContext;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.adapter.enumerable.JavaRowFormat;
import org.apache.calcite.adapter.enumerable.PhysType;
import org.apache.calcite.adapter.enumerable.PhysTypeImpl;
import org.apache.calcite.linq4j.AbstractEnumerable;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.Enumerator;
import org.apache.calcite.linq4j.tree.BlockBuilder;
import org.apache.calcite.linq4j.tree.Expression;
import org.apache.calcite.linq4j.tree.Expressions;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptCost;
import org.apache.calcite.plan.RelOptPlanner;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.AbstractRelNode;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelWriter;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** A part of a plan that one source computes: a leaf for the engine, one SQL text for the source. */
public final class SourceRel extends AbstractRelNode implements EnumerableRel, EngineLeaf, Pushed {
    private final RelNode pushed;
    private final RelNode opened;
    private final SourceSql sql;

    /** @param sql of {@code pushed} */
    public SourceRel(RelOptCluster cluster, RelNode pushed, SourceSql sql) {
        super(cluster, cluster.traitSetOf(EnumerableConvention.INSTANCE));
        this.pushed = pushed;
        this.opened = Whole.opened(pushed);
        this.sql = sql;
    }

    @Override
    public RelNode pushed() {
        return pushed;
    }

    @Override
    public RelNode standsFor() {
        return opened;
    }

    public SourceSql sql() {
        return sql;
    }

    @Override
    protected RelDataType deriveRowType() {
        return pushed.getRowType();
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return this;
    }

    @Override
    public double estimateRowCount(RelMetadataQuery metadata) {
        return metadata.getRowCount(pushed);
    }

    @Override
    public @Nullable RelOptCost computeSelfCost(RelOptPlanner planner, RelMetadataQuery metadata) {
        double rows = metadata.getRowCount(this);
        return planner.getCostFactory().makeCost(rows, rows, rows);
    }

    @Override
    public RelWriter explainTerms(RelWriter writer) {
        return super.explainTerms(writer).item("source", sql.source()).item("id", getId());
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        PhysType rows =
                PhysTypeImpl.of(implementor.getTypeFactory(), getRowType(), preferred.prefer(JavaRowFormat.ARRAY));
        Expression leaf = implementor.stash(new Leaf(sql), Leaf.class);
        BlockBuilder block = new BlockBuilder();
        block.add(Expressions.return_(null, Expressions.call(leaf, "open", DataContext.ROOT)));
        return implementor.result(rows, block.toBlock());
    }

    /** Opens the query of one leaf in one execution. Public because generated code calls it. */
    public static final class Leaf {
        private final SourceSql sql;

        Leaf(SourceSql sql) {
            this.sql = sql;
        }

        /** Rows as arrays, or bare values where there is one column, as the engine's row formats want them. */
        public Enumerable<@Nullable Object> open(DataContext root) {
            EarlyReads early = LocalPlan.early(root);
            return new AbstractEnumerable<@Nullable Object>() {
                @Override
                public Enumerator<@Nullable Object> enumerator() {
                    return rows(early.open(sql), sql.rowType());
                }
            };
        }
    }

    /** Rows as arrays, or bare values where there is one column. */
    static Enumerator<@Nullable Object> rows(SourceQuery query, RelDataType rowType) {
        return new Rows(query, rowType, rowType.getFieldCount() == 1);
    }

    private static final class Rows implements Enumerator<@Nullable Object> {
        private final SourceQuery query;
        private final int[] decimals;
        private final int[] scales;
        private final boolean scalar;
        private @Nullable Object current;

        Rows(SourceQuery query, RelDataType rowType, boolean scalar) {
            this.query = query;
            this.scalar = scalar;
            this.decimals = rowType.getFieldList().stream()
                    .filter(field -> field.getType().getSqlTypeName() == SqlTypeName.DECIMAL)
                    .mapToInt(RelDataTypeField::getIndex)
                    .toArray();
            this.scales = Arrays.stream(decimals)
                    .map(index -> rowType.getFieldList().get(index).getType().getScale())
                    .toArray();
        }

        @Override
        public @Nullable Object current() {
            return current;
        }

        @Override
        public boolean moveNext() {
            @Nullable Object[] row = query.next();
            if (row == null) {
                return false;
            }
            for (int i = 0; i < decimals.length; i++) {
                // Sources answer 1.5 and 1.50 for a decimal without a declared scale; here they must be one key.
                row[decimals[i]] = Decimals.canonical((BigDecimal) row[decimals[i]], scales[i]);
            }
            current = scalar ? row[0] : row;
            return true;
        }

        @Override
        public void reset() {
            throw new UnsupportedOperationException("a source's rows come once");
        }

        @Override
        public void close() {
            query.close();
        }
    }
}
