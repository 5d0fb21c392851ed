package dev.nicol.adapters.execution;

import dev.nicol.policy.rewrite.SealedScan;
import java.util.List;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.plan.RelOptCost;
import org.apache.calcite.plan.RelOptPlanner;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.AbstractRelNode;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelWriter;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/**
 * A view with rules of its own, over sources that no one of them can compute alone. Its query and those rules are planned
 * by themselves.
 *
 * <p>INVARIANT: a leaf. Rows that a rule hides never reach what stands above, whatever rule of a planner moves there.
 */
public final class SealedView extends AbstractRelNode implements EnumerableRel, EngineLeaf {
    private final SealedScan scan;
    private final RelNode shown;
    private final EnumerableRel plan;

    /**
     * @param shown those of the scan's columns that are wanted
     * @param plan of what stands behind the seal, executable
     */
    public SealedView(SealedScan scan, RelNode shown, EnumerableRel plan) {
        super(scan.getCluster(), scan.getCluster().traitSetOf(EnumerableConvention.INSTANCE));
        this.scan = scan;
        this.shown = shown;
        this.plan = plan;
    }

    @Override
    public RelNode standsFor() {
        return shown;
    }

    /** Of what stands behind the seal. */
    EnumerableRel plan() {
        return plan;
    }

    @Override
    protected RelDataType deriveRowType() {
        return plan.getRowType();
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return this;
    }

    @Override
    public double estimateRowCount(RelMetadataQuery metadata) {
        return metadata.getRowCount(plan);
    }

    @Override
    public @Nullable RelOptCost computeSelfCost(RelOptPlanner planner, RelMetadataQuery metadata) {
        double rows = metadata.getRowCount(this);
        return planner.getCostFactory().makeCost(rows, rows, rows);
    }

    @Override
    public RelWriter explainTerms(RelWriter writer) {
        return super.explainTerms(writer).item("view", scan.decision().table()).item("id", getId());
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        return plan.implement(implementor, preferred);
    }
}
