package dev.nicol.policy.rewrite;

import java.util.List;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.TableScan;

/**
 * A table as its source stores it, with raw values. It stands only behind a seal: in a {@link SealedScan}'s governed
 * plan, and (the system seal) in the sub-queries of a policy's own filters. {@link SealProof} refuses it anywhere else.
 */
public final class SourceScan extends TableScan {
    public SourceScan(RelOptCluster cluster, RelOptTable table) {
        super(cluster, cluster.traitSetOf(org.apache.calcite.plan.Convention.NONE), List.of(), table);
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return this;
    }
}
