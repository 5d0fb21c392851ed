package dev.nicol.adapters.federation;

import dev.nicol.policy.rewrite.SealedScan;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.RelFactories;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql2rel.RelDecorrelator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes joins of what is computed for each outer row, where Calcite can. */
final class Decorrelation {
    private static final Logger LOG = LoggerFactory.getLogger(Decorrelation.class);

    /** Its operand. Calcite does not know that, so what it does to literals it does not do to these. */
    private static final SqlFunction SAME = new SqlFunction(
            "NICOL_SAME", SqlKind.OTHER_FUNCTION, ReturnTypes.ARG0, null, OperandTypes.ANY, SqlFunctionCategory.SYSTEM);

    private Decorrelation() {}

    /** The plan itself where Calcite fails, or would mistake rows: it is computed as it was written. */
    static RelNode of(RelNode correlated) {
        if (mistaken(correlated)) {
            return correlated;
        }
        try {
            RelNode hidden = correlated
                    .accept(new GrandTotals(true))
                    .accept(new LateralAggregates())
                    .accept(new HiddenLiterals())
                    .accept(new OwnLeaves());
            RelNode joins = RelDecorrelator.decorrelateQuery(
                    hidden, RelFactories.LOGICAL_BUILDER.create(correlated.getCluster(), null));
            return RelOptUtil.getVariablesUsed(joins).isEmpty() ? joins.accept(new ShownLiterals()) : correlated;
        } catch (RuntimeException | AssertionError failure) {
            LOG.debug("not decorrelated", failure);
            return correlated;
        }
    }

    /**
     * What Calcite 1.42 makes wrong joins of. Where both sides of a join name the same outer row, it does not ask that it is
     * the same for both (RelDecorrelator, {@code decorrelateRel(Join)}; corrected in later versions); where an outer join asks
     * something of the outer row, it forgets those with NULLs; and windows over rows of one outer row become windows over
     * those of all.
     */
    private static boolean mistaken(RelNode plan) {
        if (plan instanceof Join join) {
            Set<CorrelationId> both = RelOptUtil.getVariablesUsed(join.getLeft());
            both.retainAll(RelOptUtil.getVariablesUsed(join.getRight()));
            boolean asked = join.getJoinType().isOuterJoin() && RexUtil.containsCorrelation(join.getCondition());
            if (asked || !both.isEmpty()) {
                return true;
            }
        }
        boolean windows = plan instanceof Project project
                && project.containsOver()
                && !RelOptUtil.getVariablesUsed(project).isEmpty();
        return windows || plan.getInputs().stream().anyMatch(Decorrelation::mistaken);
    }

    /** Says what the inner side really reads of the outer one, which rules that rewrite it do not. */
    static final class Required extends RelHomogeneousShuttle {
        @Override
        public RelNode visit(RelNode other) {
            RelNode node = super.visit(other);
            return node instanceof Correlate correlate
                    ? correlate.copy(
                            correlate.getTraitSet(),
                            correlate.getLeft(),
                            correlate.getRight(),
                            correlate.getCorrelationId(),
                            RelOptUtil.correlationColumns(correlate.getCorrelationId(), correlate.getRight()),
                            correlate.getJoinType())
                    : node;
        }
    }

    /**
     * Calcite 1.42 leaves literals out of the keys of a correlated aggregate and adds them again in other places than those
     * where they are then looked for (RelDecorrelator, {@code omittedConstants}).
     */
    private static final class HiddenLiterals extends RelHomogeneousShuttle {
        @Override
        public RelNode visit(RelNode other) {
            RelNode node = super.visit(other);
            if (!(node instanceof Project project)) {
                return node;
            }
            RexBuilder rex = node.getCluster().getRexBuilder();
            List<RexNode> fields = new ArrayList<>();
            for (RexNode field : project.getProjects()) {
                fields.add(field instanceof RexLiteral ? rex.makeCall(field.getType(), SAME, List.of(field)) : field);
            }
            return project.copy(project.getTraitSet(), project.getInput(), fields, project.getRowType());
        }
    }

    /**
     * Calcite 1.42 remembers of each node what became of it, and of one that stands in two places what became of it in the
     * last: names of the other place would then be those of other columns.
     */
    private static final class OwnLeaves extends RelHomogeneousShuttle {
        @Override
        public RelNode visit(RelNode other) {
            if (other instanceof SealedScan scan) {
                return scan.letThrough(scan.crossing());
            }
            return other.getInputs().isEmpty() ? other.copy(other.getTraitSet(), List.of()) : super.visit(other);
        }
    }

    private static final class ShownLiterals extends RelHomogeneousShuttle {
        @Override
        public RelNode visit(RelNode other) {
            RelNode node = super.visit(other);
            RexBuilder rex = node.getCluster().getRexBuilder();
            return node.accept(new RexShuttle() {
                @Override
                public RexNode visitCall(RexCall call) {
                    RexNode visited = super.visitCall(call);
                    return visited instanceof RexCall same && same.getOperator() == SAME
                            ? ActualTypes.typed(rex, same.getOperands().get(0), call.getType())
                            : visited;
                }
            });
        }
    }
}
