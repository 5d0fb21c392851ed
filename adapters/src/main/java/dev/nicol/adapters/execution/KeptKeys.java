package dev.nicol.adapters.execution;

import dev.nicol.adapters.sql.JoinKeys;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.DataContext;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.linq4j.Enumerable;
import org.apache.calcite.linq4j.function.Function1;
import org.apache.calcite.linq4j.tree.BlockBuilder;
import org.apache.calcite.linq4j.tree.Expression;
import org.apache.calcite.linq4j.tree.Expressions;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelWriter;
import org.apache.calcite.rel.SingleRel;
import org.apache.calcite.util.ImmutableIntList;
import org.jspecify.annotations.Nullable;

/** The side of a join that is read first; its rows, and what their keys are, is kept in each run (see {@link KeptRows}). */
public final class KeptKeys extends SingleRel implements EnumerableRel {
    private final JoinKeys keys;

    /** @param keys which of the input's columns */
    public KeptKeys(RelNode input, JoinKeys keys) {
        super(input.getCluster(), input.getCluster().traitSetOf(EnumerableConvention.INSTANCE), input);
        this.keys = keys;
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return new KeptKeys(inputs.get(0), keys);
    }

    @Override
    public RelWriter explainTerms(RelWriter writer) {
        return super.explainTerms(writer).item("keys", keys.names());
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        Result child = implementor.visitChild(this, 0, (EnumerableRel) getInput(), preferred);
        BlockBuilder block = new BlockBuilder();
        Expression rows = block.append("first", child.block);
        List<Expression> columns = new ArrayList<>();
        for (int column : keys.columns()) {
            columns.add(child.physType.generateAccessor(ImmutableIntList.of(column)));
        }
        block.add(Expressions.return_(
                null,
                Expressions.call(
                        KeptKeys.class,
                        "kept",
                        rows,
                        DataContext.ROOT,
                        implementor.stash(keys, Object.class),
                        Expressions.newArrayInit(Function1.class, columns))));
        return implementor.result(child.physType, block.toBlock());
    }

    /** Keeps {@code rows} and their keys. Public because generated code calls it. */
    @SuppressWarnings("unchecked") // generated code makes what the columns are of the rows
    public static <T extends @Nullable Object> Enumerable<T> kept(
            Enumerable<T> rows, DataContext root, Object keys, Function1<?, ?>[] columns) {
        List<Function1<T, @Nullable Object>> read = new ArrayList<>();
        for (Function1<?, ?> column : columns) {
            read.add((Function1<T, @Nullable Object>) column);
        }
        return KeptRows.in(root, rows, (JoinKeys) keys, read);
    }
}
