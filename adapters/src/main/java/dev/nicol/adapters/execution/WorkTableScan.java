package dev.nicol.adapters.execution;

import java.util.List;
import java.util.Objects;
import org.apache.calcite.DataContext;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.adapter.enumerable.JavaRowFormat;
import org.apache.calcite.adapter.enumerable.PhysType;
import org.apache.calcite.adapter.enumerable.PhysTypeImpl;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.tree.BlockBuilder;
import org.apache.calcite.linq4j.tree.Expression;
import org.apache.calcite.linq4j.tree.Expressions;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.AbstractRelNode;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelWriter;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.schema.ScannableTable;
import org.jspecify.annotations.Nullable;

/** The rows that a recursive query found in its last step. The engine keeps them in the run's own scratch schema. */
public final class WorkTableScan extends AbstractRelNode implements EnumerableRel, EngineLeaf {
    private final TableScan scan;
    private final String name;
    private final RelDataType workRowType;

    /** @param scan of a transient table */
    public WorkTableScan(TableScan scan) {
        super(scan.getCluster(), scan.getCluster().traitSetOf(EnumerableConvention.INSTANCE));
        this.scan = scan;
        List<String> names = scan.getTable().getQualifiedName();
        this.name = names.get(names.size() - 1);
        this.workRowType = scan.getRowType();
    }

    @Override
    public RelNode standsFor() {
        return scan;
    }

    @Override
    protected RelDataType deriveRowType() {
        return workRowType;
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return this;
    }

    @Override
    public RelWriter explainTerms(RelWriter writer) {
        return super.explainTerms(writer).item("table", name);
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        PhysType rows =
                PhysTypeImpl.of(implementor.getTypeFactory(), getRowType(), preferred.prefer(JavaRowFormat.ARRAY));
        Expression leaf = implementor.stash(new Leaf(name, workRowType.getFieldCount() == 1), Leaf.class);
        BlockBuilder block = new BlockBuilder();
        block.add(Expressions.return_(null, Expressions.call(leaf, "open", DataContext.ROOT)));
        return implementor.result(rows, block.toBlock());
    }

    /** Finds the work table of one run. Public because generated code calls it. */
    public static final class Leaf {
        private final String name;
        private final boolean scalar;

        Leaf(String name, boolean scalar) {
            this.name = name;
            this.scalar = scalar;
        }

        /** Rows as arrays, or bare values where there is one column. */
        public Enumerable<? extends @Nullable Object> open(DataContext root) {
            ScannableTable table = (ScannableTable) Objects.requireNonNull(
                    Objects.requireNonNull(root.getRootSchema()).tables().get(name), name);
            Enumerable<@Nullable Object[]> rows = table.scan(root);
            return scalar ? rows.select(row -> row[0]) : rows;
        }
    }
}
