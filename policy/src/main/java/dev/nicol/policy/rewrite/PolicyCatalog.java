package dev.nicol.policy.rewrite;

import dev.nicol.policy.TableName;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rex.RexNode;

/**
 * The tables as they are stored, without policy: what row filters and custom masks are written against. Whoever holds one sees raw values,
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

    /**
     * An expression over one stored row: what a custom mask is. It has no sub-query, aggregate, window or parameter; its
     * input references count the table's columns.
     *
     * @throws dev.nicol.policy.NicolException {@code NOT_PERMITTED} where it does not validate
     */
    RexNode expression(RelOptCluster cluster, TableName table, String expression);
}
