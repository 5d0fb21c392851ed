package dev.nicol.policy.rewrite;

import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;

/** Which rows of outer queries a plan or an expression names. */
final class Correlations {
    private final Set<CorrelationId> used = new LinkedHashSet<>();

    private Correlations() {}

    /** Rows from outside of the plan that it names, in sub-queries too. */
    static Set<CorrelationId> free(RelNode plan) {
        Correlations collected = new Correlations();
        collected.add(plan);
        return collected.used;
    }

    /** Rows that an expression names, less those that its own sub-queries define. */
    static Set<CorrelationId> free(RexNode expression) {
        Correlations collected = new Correlations();
        expression.accept(collected.new Collector());
        return collected.used;
    }

    private void add(RelNode plan) {
        Correlations own = new Correlations();
        plan.accept(own.new Collector());
        plan.getInputs().forEach(own::add);
        own.used.removeAll(plan.getVariablesSet());
        used.addAll(own.used);
    }

    private final class Collector extends RexShuttle {
        @Override
        public RexNode visitCorrelVariable(RexCorrelVariable variable) {
            used.add(variable.id);
            return variable;
        }

        @Override
        public RexNode visitSubQuery(RexSubQuery subQuery) {
            add(subQuery.rel);
            return super.visitSubQuery(subQuery);
        }
    }
}
