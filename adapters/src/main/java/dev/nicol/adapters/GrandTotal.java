package dev.nicol.adapters;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.adapter.enumerable.EnumerableAggregate;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.adapter.enumerable.PhysType;
import org.apache.calcite.linq4j.AbstractEnumerable;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.Enumerator;
import org.apache.calcite.linq4j.tree.BlockBuilder;
import org.apache.calcite.linq4j.tree.Expression;
import org.apache.calcite.linq4j.tree.Expressions;
import org.apache.calcite.linq4j.tree.Primitive;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.SingleRel;
import org.apache.calcite.rel.core.AggregateCall;
import org.jspecify.annotations.Nullable;

/**
 * The row of a grouping set without columns, where there are no rows to group: {@code GROUP BY CUBE (a)} of nothing has a
 * total, as every aggregate without keys has. The engine's aggregate has it only where it is alone.
 */
public final class GrandTotal extends SingleRel implements EnumerableRel {
    private final List<AggregateCall> calls;

    private GrandTotal(RelNode aggregate, List<AggregateCall> calls) {
        super(aggregate.getCluster(), aggregate.getCluster().traitSetOf(EnumerableConvention.INSTANCE), aggregate);
        this.calls = calls;
    }

    /** The same plan with a total above each aggregate that may lack it. */
    static RelNode above(RelNode plan) {
        List<RelNode> inputs = new ArrayList<>();
        plan.getInputs().forEach(input -> inputs.add(above(input)));
        RelNode copy = inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
        boolean lacking = copy instanceof EnumerableAggregate aggregate
                && aggregate.getGroupSets().size() > 1
                && aggregate
                        .getGroupSets()
                        .get(aggregate.getGroupSets().size() - 1)
                        .isEmpty();
        return lacking ? new GrandTotal(copy, ((EnumerableAggregate) copy).getAggCallList()) : copy;
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return new GrandTotal(inputs.get(0), calls);
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        BlockBuilder block = new BlockBuilder();
        Result result = implementor.visitChild(this, 0, (EnumerableRel) getInput(), preferred);
        Expression rows = block.append("rows", result.block);
        block.add(
                Expressions.return_(null, Expressions.call(GrandTotal.class, "orTotal", rows, total(result.physType))));
        return implementor.result(result.physType, block.toBlock());
    }

    private Expression total(PhysType row) {
        int keys = getRowType().getFieldCount() - calls.size();
        List<Expression> values = new ArrayList<>();
        for (int field = 0; field < getRowType().getFieldCount(); field++) {
            values.add(value(field < keys ? null : calls.get(field - keys), row.fieldClass(field)));
        }
        return row.record(values);
    }

    private static Expression value(@Nullable AggregateCall call, Class<?> type) {
        Long number = call == null
                ? null
                : switch (call.getAggregation().getKind()) {
                    case COUNT, SUM0 -> 0L;
                    case GROUPING, GROUPING_ID -> (1L << call.getArgList().size()) - 1;
                    default -> null;
                };
        if (number == null) {
            return Expressions.constant(null, Primitive.box(type));
        }
        return BigDecimal.class.equals(type)
                ? Expressions.constant(BigDecimal.valueOf(number))
                : Expressions.convert_(Expressions.constant(number), type);
    }

    /** The same rows, or that one. Public because generated code calls it. */
    @SuppressWarnings("unchecked") // generated code makes the row in the form that it reads
    public static <T> Enumerable<T> orTotal(Enumerable<T> rows, Object total) {
        return new AbstractEnumerable<>() {
            @Override
            public Enumerator<T> enumerator() {
                return new OrTotal<>(rows.enumerator(), (T) total);
            }
        };
    }

    private static final class OrTotal<T> implements Enumerator<T> {
        private final Enumerator<T> rows;
        private final T total;
        private boolean begun;
        private boolean atTotal;

        OrTotal(Enumerator<T> rows, T total) {
            this.rows = rows;
            this.total = total;
        }

        @Override
        public T current() {
            return atTotal ? total : rows.current();
        }

        @Override
        public boolean moveNext() {
            if (atTotal) {
                return false;
            }
            boolean moved = rows.moveNext();
            atTotal = !begun && !moved;
            begun = true;
            return moved || atTotal;
        }

        @Override
        public void reset() {
            rows.reset();
            begun = false;
            atTotal = false;
        }

        @Override
        public void close() {
            rows.close();
        }
    }
}
