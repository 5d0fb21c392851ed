package dev.nicol.server.pipeline;

import dev.nicol.policy.rewrite.SealedScan;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;
import org.jspecify.annotations.Nullable;

/**
 * Whether every row of a table finds itself in a sub-query: {@code id IN (SELECT id FROM the same table)}, or the same with
 * EXISTS, under other names, through views, DISTINCT or UNION, or by way of {@code IN (SELECT the row's own id)}.
 */
final class SelfMatch {
    private final SealedScan table;
    private final Set<SqlKind> reflexive;

    /** @param reflexive comparisons that hold between a value and itself */
    SelfMatch(SealedScan table, Set<SqlKind> reflexive) {
        this.table = table;
        this.reflexive = reflexive;
    }

    /** @param compared what of the row is compared with the columns of the sub-query; none for EXISTS */
    boolean in(RelNode subQuery, List<RexNode> compared) {
        Map<Integer, Integer> sought = new HashMap<>();
        for (int i = 0; i < compared.size(); i++) {
            if (!(compared.get(i) instanceof RexInputRef own)) {
                return false;
            }
            sought.put(i, own.getIndex());
        }
        return offers(subQuery, sought);
    }

    /** @param sought for fields of the node, the column of the row whose value one of its rows must have there */
    private boolean offers(RelNode node, Map<Integer, Integer> sought) {
        if (node instanceof SealedScan scan) {
            return scan(scan, sought);
        } else if (node instanceof Project project) {
            Map<Integer, Integer> below = new HashMap<>();
            for (Map.Entry<Integer, Integer> one : sought.entrySet()) {
                RexNode shown = project.getProjects().get(one.getKey());
                Integer own = outer(shown);
                if (own == null && !(shown instanceof RexInputRef) || own != null && !own.equals(one.getValue())) {
                    return false;
                } else if (shown instanceof RexInputRef ref && !seek(below, ref.getIndex(), one.getValue())) {
                    return false;
                }
            }
            return offers(project.getInput(), below);
        } else if (node instanceof Filter filter) {
            Map<Integer, Integer> below = new HashMap<>(sought);
            return (!EffectiveCondition.bounds(filter)
                            || RelOptUtil.conjunctions(filter.getCondition()).stream()
                                    .allMatch(conjunct -> relates(conjunct, below)))
                    && offers(filter.getInput(), below);
        } else if (node instanceof Aggregate aggregate) {
            List<Integer> keys = aggregate.getGroupSet().asList();
            Map<Integer, Integer> below = new HashMap<>();
            sought.forEach((field, own) -> below.put(field < keys.size() ? keys.get(field) : -1, own));
            return !keys.isEmpty() && !below.containsKey(-1) && offers(aggregate.getInput(), below);
        } else if (node instanceof Sort sort) {
            return sort.fetch == null && sort.offset == null && offers(sort.getInput(), sought);
        } else if (node instanceof Union union) {
            return union.getInputs().stream().anyMatch(input -> offers(input, sought));
        }
        Double least = node.getCluster().getMetadataQuery().getMinRowCount(node);
        return sought.isEmpty() && least != null && least > 0;
    }

    /** Where nothing more is sought, any row will do: whether there is one does not depend on the row that asks. */
    private boolean scan(SealedScan scan, Map<Integer, Integer> sought) {
        if (!scan.crossing().isEmpty()) {
            return false;
        } else if (sought.isEmpty()) {
            return true;
        } else if (!scan.ofView()) {
            return scan.decision().table().equals(table.decision().table())
                    && sought.entrySet().stream().allMatch(one -> one.getKey().equals(one.getValue()));
        }
        Map<Integer, Integer> below = new HashMap<>();
        sought.forEach((field, own) -> below.put(scan.storedColumn(field), own));
        return below.size() == sought.size() && !below.containsKey(-1) && offers(scan.viewPlan(), below);
    }

    private static boolean seek(Map<Integer, Integer> sought, int field, int own) {
        Integer before = sought.put(field, own);
        return before == null || before == own;
    }

    /** {@code inner.id = outer.id}, which is then sought too. */
    private boolean relates(RexNode conjunct, Map<Integer, Integer> sought) {
        if (!reflexive.contains(conjunct.getKind())) {
            return false;
        }
        RexNode left = ((RexCall) conjunct).getOperands().get(0);
        RexNode right = ((RexCall) conjunct).getOperands().get(1);
        RexNode inner = left instanceof RexInputRef ? left : right;
        Integer own = outer(inner == left ? right : left);
        return own != null && inner instanceof RexInputRef ref && seek(sought, ref.getIndex(), own);
    }

    private static @Nullable Integer outer(RexNode value) {
        return value instanceof RexFieldAccess access && access.getReferenceExpr() instanceof RexCorrelVariable
                ? access.getField().getIndex()
                : null;
    }
}
