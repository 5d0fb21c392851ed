package dev.nicol.server.pipeline;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.util.ImmutableBitSet;

/** Which fields of a row an expression names: by itself, or from within its sub-queries. */
final class RowReferences extends RexShuttle {
    private final ImmutableBitSet.Builder fields = ImmutableBitSet.builder();
    private final List<RexSubQuery> subQueries = new ArrayList<>();

    private RowReferences() {}

    static ImmutableBitSet of(RexNode expression) {
        RowReferences own = new RowReferences();
        expression.accept(own);
        for (RexSubQuery subQuery : own.subQueries) {
            Outer outer = new Outer();
            outer.enter(subQuery.rel);
            outer.read.stream()
                    .filter(read -> !outer.declared.contains(((RexCorrelVariable) read.getReferenceExpr()).id))
                    .forEach(read -> own.fields.set(read.getField().getIndex()));
        }
        return own.fields.build();
    }

    /** The sub-queries right in the expressions of a node. */
    static List<RexSubQuery> subQueries(RelNode node) {
        RowReferences found = new RowReferences();
        node.accept(found);
        return found.subQueries;
    }

    @Override
    public RexNode visitInputRef(RexInputRef reference) {
        fields.set(reference.getIndex());
        return reference;
    }

    @Override
    public RexNode visitSubQuery(RexSubQuery subQuery) {
        subQueries.add(subQuery);
        return super.visitSubQuery(subQuery);
    }

    /** What a sub-query reads of rows around it, but for conditions that can leave out nothing. */
    private static final class Outer extends RexShuttle {
        private final List<RexFieldAccess> read = new ArrayList<>();
        private final Set<CorrelationId> declared = new HashSet<>();

        void enter(RelNode node) {
            declared.addAll(node.getVariablesSet());
            if (!(node instanceof Filter filter) || EffectiveCondition.bounds(filter)) {
                node.accept(this);
            }
            node.getInputs().forEach(this::enter);
        }

        @Override
        public RexNode visitFieldAccess(RexFieldAccess access) {
            if (access.getReferenceExpr() instanceof RexCorrelVariable) {
                read.add(access);
            }
            return super.visitFieldAccess(access);
        }

        @Override
        public RexNode visitSubQuery(RexSubQuery subQuery) {
            enter(subQuery.rel);
            return super.visitSubQuery(subQuery);
        }
    }
}
