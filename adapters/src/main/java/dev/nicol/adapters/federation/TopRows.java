package dev.nicol.adapters.federation;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelFieldCollation;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.RepeatUnion;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.logical.LogicalSort;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.jspecify.annotations.Nullable;

/**
 * A LIMIT over outer joins in the order of the side of which no row is lost: each of its rows makes one at least, so no more of
 * them are asked of its source.
 */
final class TopRows {
    private final Function<RelNode, @Nullable String> sourceOf;

    /** @param sourceOf the one source that computes a tree; null where none does */
    TopRows(Function<RelNode, @Nullable String> sourceOf) {
        this.sourceOf = sourceOf;
    }

    /** The same plan with limits at sources, too. */
    RelNode apply(RelNode plan) {
        if (plan instanceof Correlate || plan instanceof RepeatUnion) {
            return plan;
        }
        List<RelNode> inputs = plan.getInputs().stream().map(this::apply).toList();
        RelNode node = inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
        RexNode most = node instanceof Sort sort ? most(sort) : null;
        if (most == null || sourceOf.apply(node) != null) {
            return node;
        }
        RelNode limited = limited(node.getInput(0), ((Sort) node).getCollation().getFieldCollations(), most);
        return limited == null ? node : node.copy(node.getTraitSet(), List.of(limited));
    }

    /** How many rows come first, with those that are passed over; null where that is not known, or all are wanted. */
    private static @Nullable RexNode most(Sort sort) {
        if (sort.offset == null) {
            return sort.fetch;
        }
        return sort.fetch instanceof RexLiteral fetch && sort.offset instanceof RexLiteral offset
                ? sort.getCluster()
                        .getRexBuilder()
                        .makeExactLiteral(number(fetch).add(number(offset)))
                : null;
    }

    private static BigDecimal number(RexLiteral literal) {
        return Objects.requireNonNull(literal.getValueAs(BigDecimal.class));
    }

    /** The same node without rows that come after the first ones; null where none are left out. */
    private @Nullable RelNode limited(RelNode node, List<RelFieldCollation> order, RexNode most) {
        if (sourceOf.apply(node) != null) {
            boolean ordered = order.stream()
                    .allMatch(key -> PartialExpressions.isOrdered(node.getRowType()
                            .getFieldList()
                            .get(key.getFieldIndex())
                            .getType()));
            RelNode top = LogicalSort.create(node, RelCollations.of(order), null, most);
            return ordered && sourceOf.apply(top) != null ? top : null;
        } else if (node instanceof Project project) {
            List<RelFieldCollation> below = new ArrayList<>();
            for (RelFieldCollation key : order) {
                if (!(project.getProjects().get(key.getFieldIndex()) instanceof RexInputRef column)) {
                    return null;
                }
                below.add(key.withFieldIndex(column.getIndex()));
            }
            RelNode limited = limited(project.getInput(), below, most);
            return limited == null ? null : project.copy(project.getTraitSet(), List.of(limited));
        }
        return node instanceof Join join ? ofJoin(join, order, most) : null;
    }

    private @Nullable RelNode ofJoin(Join join, List<RelFieldCollation> order, RexNode most) {
        boolean left = join.getJoinType() == JoinRelType.LEFT;
        if (!left && join.getJoinType() != JoinRelType.RIGHT) {
            return null;
        }
        int width = join.getLeft().getRowType().getFieldCount();
        List<RelFieldCollation> below = new ArrayList<>();
        for (RelFieldCollation key : order) {
            if (key.getFieldIndex() < width != left) {
                return null;
            }
            below.add(left ? key : key.shift(-width));
        }
        RelNode limited = limited(join.getInput(left ? 0 : 1), below, most);
        if (limited == null) {
            return null;
        }
        List<RelNode> sides = left ? List.of(limited, join.getRight()) : List.of(join.getLeft(), limited);
        return join.copy(join.getTraitSet(), sides);
    }
}
