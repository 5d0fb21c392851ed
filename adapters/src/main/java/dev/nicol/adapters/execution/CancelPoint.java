package dev.nicol.adapters.execution;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.DataContext;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.linq4j.AbstractEnumerable;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.Enumerator;
import org.apache.calcite.linq4j.tree.BlockBuilder;
import org.apache.calcite.linq4j.tree.Expression;
import org.apache.calcite.linq4j.tree.Expressions;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.SingleRel;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.RepeatUnion;

/**
 * Where rows multiply here in the engine: each row that passes asks whether the statement was cancelled or ran out of time.
 * Without it a cross join below an aggregate, or a recursion without end, yields nothing and hears nothing for ever.
 */
public final class CancelPoint extends SingleRel implements EnumerableRel {
    private CancelPoint(RelNode input) {
        super(input.getCluster(), input.getCluster().traitSetOf(EnumerableConvention.INSTANCE), input);
    }

    /** The same plan with a point above every join, correlation and recursive step. */
    public static RelNode above(RelNode plan) {
        List<RelNode> inputs = new ArrayList<>();
        for (RelNode input : plan.getInputs()) {
            RelNode checked = above(input);
            inputs.add(plan instanceof RepeatUnion ? new CancelPoint(checked) : checked);
        }
        RelNode copy = inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
        return copy instanceof Join || copy instanceof Correlate ? new CancelPoint(copy) : copy;
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return new CancelPoint(inputs.get(0));
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        BlockBuilder block = new BlockBuilder();
        Result result = implementor.visitChild(this, 0, (EnumerableRel) getInput(), preferred);
        Expression rows = block.append("rows", result.block);
        block.add(Expressions.return_(null, Expressions.call(CancelPoint.class, "checked", rows, DataContext.ROOT)));
        return implementor.result(result.physType, block.toBlock());
    }

    /** The same rows. Public because generated code calls it. */
    public static <T> Enumerable<T> checked(Enumerable<T> rows, DataContext root) {
        SourceExecution execution = LocalPlan.execution(root);
        return new AbstractEnumerable<>() {
            @Override
            public Enumerator<T> enumerator() {
                return new Checked<>(rows.enumerator(), execution);
            }
        };
    }

    private record Checked<T>(Enumerator<T> rows, SourceExecution execution) implements Enumerator<T> {
        @Override
        public T current() {
            return rows.current();
        }

        @Override
        public boolean moveNext() {
            execution.refuseCancelled();
            return rows.moveNext();
        }

        @Override
        public void reset() {
            rows.reset();
        }

        @Override
        public void close() {
            rows.close();
        }
    }
}
