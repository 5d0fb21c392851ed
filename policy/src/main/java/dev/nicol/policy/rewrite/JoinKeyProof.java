package dev.nicol.policy.rewrite;

import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.Decision;
import dev.nicol.policy.mask.MaskFunctions;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * Proves that the join keys of a plan are compared with one another and do nothing else: none is shown, grouped, sorted,
 * computed with or compared with anything that is no key. Part of {@link SealProof}, and like it apart from what it checks.
 */
final class JoinKeyProof {
    private final Function<String, RuntimeException> refused;
    private final Map<CorrelationId, ImmutableBitSet> rows = new HashMap<>();
    private boolean keyed;
    private boolean lost;

    private JoinKeyProof(Function<String, RuntimeException> refused) {
        this.refused = refused;
    }

    /** @param refused makes the error of a reason */
    static void prove(RelNode plan, Function<String, RuntimeException> refused) {
        JoinKeyProof proof = new JoinKeyProof(refused);
        proof.closed(plan);
        if (proof.keyed && proof.lost) {
            throw refused.apply("it names a row that is not there beside join keys");
        }
    }

    /** A plan none of whose columns is a key. */
    private void closed(RelNode plan) {
        if (!keys(plan).isEmpty()) {
            throw refused.apply("it shows a join key");
        }
    }

    /** Which columns of a node are keys. */
    private ImmutableBitSet keys(RelNode node) {
        if (node instanceof SealedScan scan) {
            if (scan.ofView()) {
                closed(scan.viewPlan());
            }
            keyed |= !scan.keys().isEmpty();
            int width = scan.getRowType().getFieldCount() - scan.rowKeys();
            return ImmutableBitSet.range(width - scan.keys().size(), width);
        } else if (node instanceof Filter filter) {
            ImmutableBitSet row = keys(filter.getInput());
            named(filter, row);
            condition(filter.getCondition(), row);
            return row;
        } else if (node instanceof Project project) {
            return projected(project);
        } else if (node instanceof LogicalJoin join) {
            ImmutableBitSet left = keys(join.getLeft());
            named(join, left);
            int width = join.getLeft().getRowType().getFieldCount();
            ImmutableBitSet both = left.union(keys(join.getRight()).shift(width));
            named(join, both);
            condition(join.getCondition(), both);
            return join.getJoinType().projectsRight() ? both : left;
        }
        named(node, ImmutableBitSet.of());
        node.getInputs().forEach(this::closed);
        node.accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                withoutKeys(subQuery, ImmutableBitSet.of());
                return subQuery;
            }

            @Override
            public RexNode visitFieldAccess(RexFieldAccess access) {
                withoutKeys(access, ImmutableBitSet.of());
                return access;
            }
        });
        return ImmutableBitSet.of();
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
                withoutKeys(column, row);
            }
        }
        return keys.build();
    }

    /** What a correlation variable that the node sets stands for. */
    private void named(RelNode node, ImmutableBitSet row) {
        node.getVariablesSet().forEach(variable -> rows.put(variable, row));
    }

    private static boolean key(RexNode node, ImmutableBitSet row) {
        return node instanceof RexInputRef reference && row.get(reference.getIndex());
    }

    private void condition(RexNode condition, ImmutableBitSet row) {
        for (RexNode part : RelOptUtil.conjunctions(condition)) {
            RexNode in = part.getKind() == SqlKind.NOT
                    ? ((RexCall) part).getOperands().get(0)
                    : part;
            boolean equality = part.getKind() == SqlKind.EQUALS
                    && ((RexCall) part).getOperands().stream().allMatch(side -> key(side, row));
            boolean among = in instanceof RexSubQuery list
                    && list.getKind() == SqlKind.IN
                    && list.getOperands().size() == 1
                    && key(list.getOperands().get(0), row);
            if (among) {
                RelNode list = ((RexSubQuery) in).rel;
                if (list.getRowType().getFieldCount() != 1 || keys(list).isEmpty()) {
                    throw refused.apply("it compares a join key with something else");
                }
            } else if (!equality) {
                withoutKeys(part, row);
            }
        }
    }

    private void withoutKeys(RexNode expression, ImmutableBitSet row) {
        expression.accept(new RexVisitorImpl<Void>(true) {
            @Override
            public Void visitInputRef(RexInputRef reference) {
                if (row.get(reference.getIndex())) {
                    throw refused.apply("it computes with a join key");
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
                // The whole row, or its key.
                if (!keysOf(variable).isEmpty()) {
                    throw refused.apply("it computes with a join key");
                }
                return null;
            }
        });
    }

    private ImmutableBitSet keysOf(RexCorrelVariable variable) {
        lost |= !rows.containsKey(variable.id);
        return rows.getOrDefault(variable.id, ImmutableBitSet.of());
    }

    /**
     * That an expression of a seal is the key of one stored column which the decision lets joins compare: the keyed hash of
     * its text.
     */
    static void made(RexNode key, int stored, Decision decision, Function<String, RuntimeException> refused) {
        if (stored < 0 || stored >= decision.columns().size() || !decision.comparesRaw(stored)) {
            throw refused.apply("its seal has a join key of a column that joins may not compare");
        }
        if (!(key instanceof RexCall hash)
                || hash.getOperator() != MaskFunctions.HASH
                || hash.getOperands().size() != 3
                || !pad(hash.getOperands().get(1), false)
                || !pad(hash.getOperands().get(2), true)
                || !text(hash.getOperands().get(0), stored)) {
            throw refused.apply("its seal has a join key that is not the keyed hash of its column");
        }
    }

    private static boolean pad(RexNode node, boolean outer) {
        return node instanceof RexDynamicParam pad
                && pad.getIndex()
                        == BoundParameter.of(new BoundValue.KeyPad(outer), pad.getType())
                                .getIndex();
    }

    /** The column itself, cast or without the blanks that pad it. */
    private static boolean text(RexNode node, int stored) {
        if (node instanceof RexInputRef reference) {
            return reference.getIndex() == stored;
        }
        return node instanceof RexCall call
                && (call.getKind() == SqlKind.CAST || call.getKind() == SqlKind.TRIM)
                && text(call.getOperands().get(call.getOperands().size() - 1), stored);
    }
}
