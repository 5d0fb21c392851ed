package dev.nicol.adapters.execution;

import dev.nicol.adapters.execution.SourceExecution.Use;
import dev.nicol.adapters.sql.JoinKeys;
import dev.nicol.adapters.sql.KeyedSql;
import dev.nicol.adapters.sql.SourceSql;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.calcite.DataContext;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.adapter.enumerable.JavaRowFormat;
import org.apache.calcite.adapter.enumerable.PhysType;
import org.apache.calcite.adapter.enumerable.PhysTypeImpl;
import org.apache.calcite.linq4j.AbstractEnumerable;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.Enumerator;
import org.apache.calcite.linq4j.Linq4j;
import org.apache.calcite.linq4j.tree.BlockBuilder;
import org.apache.calcite.linq4j.tree.Expression;
import org.apache.calcite.linq4j.tree.Expressions;
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
 * A part of a plan that one source computes, for the rows only whose keys the other side of a join has: that side is read
 * first. With no key there, nothing is asked; with too many, or where they would leave out too little, all is.
 */
public final class ReducedSource extends AbstractRelNode implements EnumerableRel, EngineLeaf {
    /** Keys are sent where the column has so many times as many values. */
    public static final double LEAST_SHARE = 1.5;

    private final SourceRel whole;
    private final List<Column> columns;
    private final List<KeyedSql> keyed;

    /**
     * @param whole what is asked without keys
     * @param keyed what is asked with keys, for each set of {@code columns} but the empty one: bit by bit, from 1
     */
    public ReducedSource(SourceRel whole, List<Column> columns, List<KeyedSql> keyed) {
        super(whole.getCluster(), whole.getTraitSet());
        this.whole = whole;
        this.columns = List.copyOf(columns);
        this.keyed = List.copyOf(keyed);
    }

    /**
     * A column that is compared with keys.
     *
     * @param field of this leaf's rows
     * @param keys whose {@code position} of columns it is compared with
     * @param distinct how many values it is thought to have
     */
    public record Column(int field, JoinKeys keys, int position, double distinct) {
        /** Whether so many keys leave out enough to be sent. */
        boolean pays(int count) {
            return count * LEAST_SHARE <= distinct;
        }
    }

    @Override
    public RelNode standsFor() {
        return whole.standsFor();
    }

    @Override
    protected RelDataType deriveRowType() {
        return whole.getRowType();
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return this;
    }

    @Override
    public double estimateRowCount(RelMetadataQuery metadata) {
        return metadata.getRowCount(whole);
    }

    @Override
    public @Nullable RelOptCost computeSelfCost(RelOptPlanner planner, RelMetadataQuery metadata) {
        return whole.computeSelfCost(planner, metadata);
    }

    @Override
    public RelWriter explainTerms(RelWriter writer) {
        List<String> told = new ArrayList<>();
        for (Column column : columns) {
            String name = getRowType().getFieldNames().get(column.field());
            told.add(name + " in keys " + column.keys().names().get(column.position()));
        }
        return super.explainTerms(writer)
                .item("source", whole.sql().source())
                .item("id", whole.getId())
                .item("reduced", told);
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        PhysType rows =
                PhysTypeImpl.of(implementor.getTypeFactory(), getRowType(), preferred.prefer(JavaRowFormat.ARRAY));
        Expression leaf = implementor.stash(new Leaf(whole.sql(), columns, keyed), Leaf.class);
        BlockBuilder block = new BlockBuilder();
        block.add(Expressions.return_(null, Expressions.call(leaf, "open", DataContext.ROOT)));
        return implementor.result(rows, block.toBlock());
    }

    /** Opens the query of one leaf in one execution. Public because generated code calls it. */
    public static final class Leaf {
        private final SourceSql whole;
        private final List<Column> columns;
        private final List<KeyedSql> keyed;

        Leaf(SourceSql whole, List<Column> columns, List<KeyedSql> keyed) {
            this.whole = whole;
            this.columns = columns;
            this.keyed = keyed;
        }

        /** Rows as {@link SourceRel} has them. */
        public Enumerable<@Nullable Object> open(DataContext root) {
            SourceExecution execution = LocalPlan.execution(root);
            return new AbstractEnumerable<@Nullable Object>() {
                @Override
                public Enumerator<@Nullable Object> enumerator() {
                    return rows(root, execution);
                }
            };
        }

        private Enumerator<@Nullable Object> rows(DataContext root, SourceExecution execution) {
            Map<Integer, Collection<Object>> told = new HashMap<>();
            int set = 0;
            for (int i = 0; i < columns.size(); i++) {
                Column column = columns.get(i);
                KeptRows<?> kept = LocalPlan.kept(root).get(column.keys());
                Collection<Object> keys = kept == null ? null : kept.keys(column.position());
                if (keys != null && keys.isEmpty()) {
                    return Linq4j.emptyEnumerator();
                }
                if (keys != null
                        && column.pays(keys.size())
                        && keyed.get((1 << i) - 1).takes(keys)) {
                    told.put(KeyedSql.parameter(i), keys);
                    set |= 1 << i;
                }
            }
            if (set == 0) {
                return SourceRel.rows(execution.open(whole, Use.JOIN), whole.rowType());
            }
            KeyedSql.Bound bound = keyed.get(set - 1).bound(told);
            return SourceRel.rows(execution.open(bound.sql(), bound.values(), Use.JOIN), whole.rowType());
        }
    }
}
