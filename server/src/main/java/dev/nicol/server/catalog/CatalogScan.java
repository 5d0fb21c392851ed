package dev.nicol.server.catalog;

import java.util.List;
import org.apache.calcite.DataContext;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.adapter.enumerable.JavaRowFormat;
import org.apache.calcite.adapter.enumerable.PhysType;
import org.apache.calcite.adapter.enumerable.PhysTypeImpl;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.Linq4j;
import org.apache.calcite.linq4j.tree.BlockBuilder;
import org.apache.calcite.linq4j.tree.Expression;
import org.apache.calcite.linq4j.tree.Expressions;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.AbstractRelNode;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelWriter;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/**
 * What Nicol itself tells, as rows: facts of the subject's own catalogue, or lineage as far as the subject may know it. No
 * rows of a source are in it, so it needs no seal.
 */
public final class CatalogScan extends AbstractRelNode implements EnumerableRel {
    private final String name;
    private final RelDataType rowType;
    private final double estimate;
    private final Rows rows;

    /** Rows for one execution, in the engine's representation. */
    interface Rows {
        List<@Nullable Object[]> of(DataContext execution);
    }

    /** @param name with its arguments: scans of one name are one scan */
    CatalogScan(RelOptCluster cluster, String name, RelDataType rowType, double estimate, Rows rows) {
        super(cluster, cluster.traitSetOf(EnumerableConvention.INSTANCE));
        this.name = name;
        this.rowType = rowType;
        this.estimate = estimate;
        this.rows = rows;
    }

    @Override
    protected RelDataType deriveRowType() {
        return rowType;
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return new CatalogScan(getCluster(), name, rowType, estimate, rows);
    }

    @Override
    public double estimateRowCount(RelMetadataQuery metadata) {
        return estimate;
    }

    @Override
    public RelWriter explainTerms(RelWriter writer) {
        return super.explainTerms(writer).item("table", name);
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        PhysType type =
                PhysTypeImpl.of(implementor.getTypeFactory(), getRowType(), preferred.prefer(JavaRowFormat.ARRAY));
        Expression leaf = implementor.stash(new Leaf(rows), Leaf.class);
        BlockBuilder block = new BlockBuilder();
        block.add(Expressions.return_(null, Expressions.call(leaf, "open", DataContext.ROOT)));
        return implementor.result(type, block.toBlock());
    }

    /** The rows of one scan. Public because generated code calls it. */
    public static final class Leaf {
        private final Rows rows;

        Leaf(Rows rows) {
            this.rows = rows;
        }

        public Enumerable<@Nullable Object[]> open(DataContext execution) {
            return Linq4j.asEnumerable(rows.of(execution));
        }
    }
}
