package dev.nicol.adapters;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.DataContext;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableNestedLoopJoin;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.linq4j.AbstractEnumerable;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.Enumerator;
import org.apache.calcite.linq4j.Linq4j;
import org.apache.calcite.linq4j.tree.BlockBuilder;
import org.apache.calcite.linq4j.tree.Expression;
import org.apache.calcite.linq4j.tree.Expressions;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.SingleRel;
import org.jspecify.annotations.Nullable;

/** Rows that are read once and kept: a nested loop would otherwise ask its right side's source again for every row. */
public final class HeldRows extends SingleRel implements EnumerableRel {
    private HeldRows(RelOptCluster cluster, RelNode input) {
        super(cluster, cluster.traitSetOf(EnumerableConvention.INSTANCE), input);
    }

    /** The same plan with the right side of every nested loop held. */
    static RelNode inNestedLoops(RelNode plan) {
        List<RelNode> inputs = new ArrayList<>();
        plan.getInputs().forEach(input -> inputs.add(inNestedLoops(input)));
        if (plan instanceof EnumerableNestedLoopJoin) {
            inputs.set(1, new HeldRows(plan.getCluster(), inputs.get(1)));
        }
        return inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return new HeldRows(getCluster(), inputs.get(0));
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        Result child = implementor.visitChild(this, 0, (EnumerableRel) getInput(), preferred);
        BlockBuilder block = new BlockBuilder();
        Expression rows = block.append("held", child.block);
        block.add(Expressions.return_(null, Expressions.call(HeldRows.class, "held", rows, DataContext.ROOT)));
        return implementor.result(child.physType, block.toBlock());
    }

    /** Reads {@code rows} when they are first asked for. Public because generated code calls it. */
    public static <T> Enumerable<T> held(Enumerable<T> rows, DataContext root) {
        SourceExecution execution = (SourceExecution) root.get(LocalPlan.EXECUTION);
        return new AbstractEnumerable<>() {
            private @Nullable List<T> kept;

            @Override
            public Enumerator<T> enumerator() {
                List<T> all = kept;
                if (all == null) {
                    all = new ArrayList<>();
                    try (Enumerator<T> once = rows.enumerator()) {
                        while (once.moveNext()) {
                            execution.countHeld();
                            all.add(once.current());
                        }
                    }
                    kept = all;
                }
                return Linq4j.enumerator(all);
            }
        };
    }
}
