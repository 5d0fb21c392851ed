package dev.nicol.adapters.execution;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.DataContext;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableHashJoin;
import org.apache.calcite.adapter.enumerable.EnumerableNestedLoopJoin;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.tree.BlockBuilder;
import org.apache.calcite.linq4j.tree.Expression;
import org.apache.calcite.linq4j.tree.Expressions;
import org.apache.calcite.linq4j.tree.Types;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.SingleRel;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.core.Collect;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.RepeatUnion;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Spool;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rel.core.Window;
import org.apache.calcite.sql.SqlKind;
import org.jspecify.annotations.Nullable;

/**
 * Rows that an operator of the engine keeps in memory, counted against the statement's budget: their bytes, and how many
 * they are. Rows that come straight from a source are counted by number there; here it is what joins have made of them.
 */
public final class HeldRows extends SingleRel implements EnumerableRel {
    private static final Method OF = Types.lookupMethod(HeldPlace.class, "of", Enumerable.class, DataContext.class);

    private final HeldPlace held;

    private HeldRows(RelNode input, HeldPlace held) {
        super(input.getCluster(), input.getCluster().traitSetOf(EnumerableConvention.INSTANCE), input);
        this.held = held;
    }

    /** The same plan with every input counted that an operator keeps. */
    public static RelNode counted(RelNode plan) {
        return counted(plan, false);
    }

    /** @param again whether the plan runs more than once in a run of the statement */
    private static RelNode counted(RelNode plan, boolean again) {
        List<RelNode> inputs = new ArrayList<>();
        for (RelNode input : plan.getInputs()) {
            int position = inputs.size();
            RelNode counted = counted(input, again || position == 1 && repeats(plan));
            HeldPlace.Kept kept = kept(plan, position);
            boolean numbered =
                    kept != null && (kept == HeldPlace.Kept.HERE || joins(input) && !(plan instanceof Spool));
            inputs.add(
                    kept == null ? counted : new HeldRows(counted, new HeldPlace(kept, numbered, again, sets(plan))));
        }
        return inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
    }

    private static boolean repeats(RelNode plan) {
        return plan instanceof Correlate || plan instanceof RepeatUnion;
    }

    private static int sets(RelNode plan) {
        return plan instanceof Aggregate aggregate ? aggregate.getGroupSets().size() : 1;
    }

    private static HeldPlace.@Nullable Kept kept(RelNode plan, int position) {
        if (plan instanceof Aggregate aggregate) {
            boolean grouped = !aggregate.getGroupSet().isEmpty();
            boolean little = aggregate.getAggCallList().stream().allMatch(call -> little(call, grouped));
            return little ? grouped ? HeldPlace.Kept.GROUPS : null : HeldPlace.Kept.ALL;
        } else if (plan instanceof EnumerableNestedLoopJoin) {
            return position == 1 ? HeldPlace.Kept.HERE : null;
        }
        boolean all = plan instanceof Sort
                || plan instanceof EnumerableHashJoin && position == 1
                || plan instanceof Window
                || plan instanceof Collect
                || plan instanceof Spool
                || plan instanceof RepeatUnion union && !union.all
                || plan instanceof SetOp operation && !(operation instanceof Union union && union.all);
        return all ? HeldPlace.Kept.ALL : null;
    }

    /** Whether what is kept of a group has the size of a number, or of one value where there is one group. */
    private static boolean little(AggregateCall call, boolean grouped) {
        return switch (call.getType().getSqlTypeName()) {
            case ARRAY, MULTISET, MAP, ROW, ANY, OTHER -> false;
            case CHAR, VARCHAR, BINARY, VARBINARY ->
                !grouped && call.getAggregation().getKind() != SqlKind.LISTAGG;
            default -> !call.isDistinct();
        };
    }

    /** Whether a plan may have more rows than its sources gave. */
    public static boolean joins(RelNode plan) {
        return plan instanceof Join
                || plan instanceof Correlate
                || plan instanceof RepeatUnion
                || plan.getInputs().stream().anyMatch(HeldRows::joins);
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return new HeldRows(inputs.get(0), held);
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        Result child = implementor.visitChild(this, 0, (EnumerableRel) getInput(), preferred);
        BlockBuilder block = new BlockBuilder();
        Expression rows = block.append("held", child.block);
        Expression how = implementor.stash(held, HeldPlace.class);
        block.add(Expressions.return_(null, Expressions.call(how, OF, rows, DataContext.ROOT)));
        return implementor.result(child.physType, block.toBlock());
    }
}
