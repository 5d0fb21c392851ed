package dev.nicol.policy.rewrite;

import dev.nicol.policy.TableName;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;

/**
 * The tables as they are stored, without policy: what row filters are written against. Whoever holds one sees raw values,
 * so only the {@link Sealer} does.
 */
public interface PolicyCatalog {
    /** The stored table. */
    RelOptTable stored(TableName table);

    /**
     * {@code SELECT * FROM table WHERE condition} over stored tables, as a plan in the given cluster whose leaves are
     * {@link SourceScan}s; sub-queries of the condition included (the system seal).
     *
     * @throws dev.nicol.policy.NicolException {@code NOT_PERMITTED} where the condition does not validate
     */
    RelNode filtered(RelOptCluster cluster, TableName table, String condition);
}
