package dev.nicol.policy.rewrite;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * Proves that the row keys of a plan stand at the end of its rows and do nothing else: none is compared, computed with, sorted
 * or grouped by, or shown. Part of {@link SealProof}, and like it apart from what it checks.
 */
final class RowKeyProof {
    private final Function<String, RuntimeException> refused;
    private final Map<CorrelationId, ImmutableBitSet> rows = new HashMap<>();

    private RowKeyProof(Function<String, RuntimeException> refused) {
        this.refused = refused;
    }

    /**
     * Proves it of one plan.
     *
     * @param shown how many of its columns the client sees
     * @param refused makes the error of a reason
     */
    static void prove(RelNode plan, int shown, Function<String, RuntimeException> refused) {
        ImmutableBitSet keys = new RowKeyProof(refused).keys(plan);
        if (!keys.equals(ImmutableBitSet.range(shown, plan.getRowType().getFieldCount()))) {
            throw refused.apply("a row key stands where it does not belong");
        }
    }

    /** Which columns of a node are row keys. */
    private ImmutableBitSet keys(RelNode node) {
        if (node instanceof SealedScan scan) {
            return sealed(scan);
        } else if (node instanceof Filter filter) {
            ImmutableBitSet row = keys(filter.getInput());
            named(filter, row);
            without(filter.getCondition(), row);
            return row;
        } else if (node instanceof Project project) {
            return projected(project);
        } else if (node instanceof Join join) {
            ImmutableBitSet both = both(join.getLeft(), keys(join.getLeft()), keys(join.getRight()));
            named(join, both);
            without(join.getCondition(), both);
            return kept(join.getJoinType().projectsRight(), both);
        } else if (node instanceof Correlate correlate) {
            ImmutableBitSet left = keys(correlate.getLeft());
            named(correlate, left);
            ImmutableBitSet both = both(correlate.getLeft(), left, keys(correlate.getRight()));
            return kept(correlate.getJoinType().projectsRight(), both);
        } else if (node instanceof Sort sort) {
            ImmutableBitSet row = keys(sort.getInput());
            if (sort.getCollation().getKeys().stream().anyMatch(row::get)) {
                throw refused.apply("it sorts by a row key");
            }
            return row;
        }
        node.getInputs().forEach(this::closed);
        node.getVariablesSet().forEach(variable -> rows.put(variable, ImmutableBitSet.of()));
        node.accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                closed(subQuery.rel);
                return super.visitSubQuery(subQuery);
            }
        });
        return ImmutableBitSet.of();
    }

    /** A plan none of whose columns is a row key. */
    private void closed(RelNode plan) {
        if (!keys(plan).isEmpty()) {
            throw refused.apply("a row key stands where it does not belong");
        }
    }

    private ImmutableBitSet sealed(SealedScan scan) {
        int width = scan.getRowType().getFieldCount();
        if (scan.ofView()) {
            ImmutableBitSet inner = keys(scan.viewPlan());
            List<RexNode> shown = ((Project) scan.governed()).getProjects();
            for (int i = 0; i < width; i++) {
                if (i < width - scan.rowKeys()) {
                    without(shown.get(i), inner);
                } else if (!key(shown.get(i), inner)) {
                    throw refused.apply("its seal has a row key that is none");
                }
            }
            if (scan.governed().getInput(0) instanceof Filter filter && filter != scan.viewPlan()) {
                without(filter.getCondition(), inner);
            }
        }
        return ImmutableBitSet.range(width - scan.rowKeys(), width);
    }

    private ImmutableBitSet projected(Project project) {
        ImmutableBitSet row = keys(project.getInput());
        named(project, row);
        ImmutableBitSet.Builder keys = ImmutableBitSet.builder();
        for (int i = 0; i < project.getProjects().size(); i++) {
            RexNode column = project.getProjects().get(i);
            if (key(column, row)) {
                keys.set(i);
            } else {
                without(column, row);
            }
        }
        return keys.build();
    }

    private static ImmutableBitSet both(RelNode left, ImmutableBitSet ofLeft, ImmutableBitSet ofRight) {
        return ofLeft.union(ofRight.shift(left.getRowType().getFieldCount()));
    }

    private ImmutableBitSet kept(boolean projectsRight, ImmutableBitSet both) {
        if (!projectsRight && !both.isEmpty()) {
            throw refused.apply("a row key is carried where rows are only looked for");
        }
        return both;
    }

    private static boolean key(RexNode node, ImmutableBitSet row) {
        return node instanceof RexInputRef reference && row.get(reference.getIndex());
    }

    /** What a correlation variable that the node sets stands for. */
    private void named(RelNode node, ImmutableBitSet row) {
        node.getVariablesSet().forEach(variable -> rows.put(variable, row));
    }

    private void without(RexNode expression, ImmutableBitSet row) {
        expression.accept(new RexVisitorImpl<Void>(true) {
            @Override
            public Void visitInputRef(RexInputRef reference) {
                if (row.get(reference.getIndex())) {
                    throw refused.apply("it computes with a row key");
                }
                return null;
            }

            @Override
            public Void visitSubQuery(RexSubQuery subQuery) {
                closed(subQuery.rel);
                return super.visitSubQuery(subQuery);
            }

            @Override
            public Void visitFieldAccess(RexFieldAccess access) {
                if (access.getReferenceExpr() instanceof RexCorrelVariable variable
                        && !keysOf(variable).get(access.getField().getIndex())) {
                    return null;
                }
                return super.visitFieldAccess(access);
            }

            @Override
            public Void visitCorrelVariable(RexCorrelVariable variable) {
                if (!keysOf(variable).isEmpty()) {
                    throw refused.apply("it computes with a row key");
                }
                return null;
            }
        });
    }

    /** Variables are set above what uses them, but for those of a policy, whose rows are stored ones. */
    private ImmutableBitSet keysOf(RexCorrelVariable variable) {
        return rows.getOrDefault(variable.id, ImmutableBitSet.of());
    }
}
