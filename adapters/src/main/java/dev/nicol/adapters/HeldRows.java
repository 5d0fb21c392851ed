package dev.nicol.adapters;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.DataContext;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableHashJoin;
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
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.SingleRel;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.RepeatUnion;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rel.core.Window;
import org.jspecify.annotations.Nullable;

/**
 * Rows that an operator of the engine keeps in memory, counted against the statement's budget. Rows that come straight
 * from a source are counted there; these are what joins here have made of them.
 */
public final class HeldRows extends SingleRel implements EnumerableRel {
    /** The right side of a nested loop is kept here: it would otherwise ask its source again for every row. */
    private final boolean repeated;

    private HeldRows(RelNode input, boolean repeated) {
        super(input.getCluster(), input.getCluster().traitSetOf(EnumerableConvention.INSTANCE), input);
        this.repeated = repeated;
    }

    /** The same plan with every input counted that an operator keeps. */
    static RelNode counted(RelNode plan) {
        List<RelNode> inputs = new ArrayList<>();
        for (RelNode input : plan.getInputs()) {
            RelNode counted = counted(input);
            int position = inputs.size();
            if (plan instanceof EnumerableNestedLoopJoin && position == 1) {
                counted = new HeldRows(counted, true);
            } else if (keeps(plan, position) && joins(input)) {
                counted = new HeldRows(counted, false);
            }
            inputs.add(counted);
        }
        return inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
    }

    private static boolean keeps(RelNode plan, int position) {
        return plan instanceof Sort
                || plan instanceof EnumerableHashJoin && position == 1
                || plan instanceof Aggregate aggregate
                        && !aggregate.getGroupSet().isEmpty()
                || plan instanceof Window
                || plan instanceof SetOp operation && !(operation instanceof Union union && union.all);
    }

    /** Whether a plan may have more rows than its sources gave. */
    static boolean joins(RelNode plan) {
        return plan instanceof Join
                || plan instanceof Correlate
                || plan instanceof RepeatUnion
                || plan.getInputs().stream().anyMatch(HeldRows::joins);
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return new HeldRows(inputs.get(0), repeated);
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        Result child = implementor.visitChild(this, 0, (EnumerableRel) getInput(), preferred);
        BlockBuilder block = new BlockBuilder();
        Expression rows = block.append("held", child.block);
        block.add(Expressions.return_(
                null, Expressions.call(HeldRows.class, repeated ? "kept" : "passed", rows, DataContext.ROOT)));
        return implementor.result(child.physType, block.toBlock());
    }

    /** Counts {@code rows} on their way. Public because generated code calls it. */
    public static <T> Enumerable<T> passed(Enumerable<T> rows, DataContext root) {
        SourceExecution execution = LocalPlan.execution(root);
        return rows.where(row -> {
            execution.countHeld();
            return true;
        });
    }

    /** Reads {@code rows} once, when they are first asked for. Public because generated code calls it. */
    public static <T> Enumerable<T> kept(Enumerable<T> rows, DataContext root) {
        SourceExecution execution = LocalPlan.execution(root);
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
