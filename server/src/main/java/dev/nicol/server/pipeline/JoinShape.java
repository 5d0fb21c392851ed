package dev.nicol.server.pipeline;

import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.ImmutableBitSet;
import org.jspecify.annotations.Nullable;

/** How many tables a plan joins, and whether conditions relate them. */
final class JoinShape {
    private JoinShape() {}

    /** Joins of any kind, and sub-queries in expressions. */
    static int joins(RelNode node) {
        int joins = node instanceof Join || node instanceof Correlate ? 1 : 0;
        for (RexSubQuery subQuery : RowReferences.subQueries(node)) {
            joins += 1 + joins(subQuery.rel);
        }
        if (node instanceof SealedScan scan && scan.ofView()) {
            joins += joins(scan.viewPlan());
        }
        for (RelNode input : node.getInputs()) {
            joins += joins(input);
        }
        return joins;
    }

    /** Whether anywhere two sides of more than one row are joined that nothing relates. */
    static boolean hasProduct(RelNode plan) {
        return product(plan, List.of());
    }

    /**
     * A condition.
     *
     * @param fields that it names
     * @param constant what the one field it names is equal to; null: it says something else
     */
    private record Relation(
            ImmutableBitSet fields, @Nullable String constant) {
        static Relation of(RexNode conjunct) {
            return new Relation(RowReferences.of(conjunct), constantOf(conjunct));
        }

        private static @Nullable String constantOf(RexNode conjunct) {
            if (conjunct.getKind() != SqlKind.EQUALS) {
                return null;
            }
            List<RexNode> sides = ((RexCall) conjunct).getOperands();
            RexNode other = sides.get(0) instanceof RexInputRef ? sides.get(1) : sides.get(0);
            boolean compares = sides.get(0) instanceof RexInputRef || sides.get(1) instanceof RexInputRef;
            return compares && RexUtil.isConstant(other) ? other.toString() : null;
        }

        Relation shift(int by) {
            return new Relation(fields.shift(by), constant);
        }
    }

    private static boolean product(RelNode node, List<Relation> above) {
        for (RexSubQuery subQuery : RowReferences.subQueries(node)) {
            if (product(subQuery.rel, List.of())) {
                return true;
            }
        }
        if (node instanceof SealedScan scan) {
            return scan.ofView() && product(scan.viewPlan(), List.of());
        } else if (node instanceof Filter filter) {
            List<Relation> all = new ArrayList<>(above);
            all.addAll(relations(filter.getCondition(), filter.getInput()));
            return product(filter.getInput(), all);
        } else if (node instanceof Project project && !project.containsOver()) {
            return product(project.getInput(), below(above, project));
        } else if (node instanceof Join join) {
            Sides sides = new Sides();
            sides.relations.addAll(above);
            sides.take(join, 0);
            return sides.areUnrelated() || sides.anyWithin();
        } else if (node instanceof Correlate correlate && isUnrelated(correlate)) {
            return true;
        }
        return node.getInputs().stream().anyMatch(input -> product(input, List.of()));
    }

    /** Whether rows of a table stand beside each row of the other side, and no condition asks for that row's columns. */
    private static boolean isUnrelated(Correlate correlate) {
        return !Sides.isOneRow(correlate.getLeft())
                && !Sides.isOneRow(correlate.getRight())
                && !Seals.in(correlate.getRight()).isEmpty()
                && !asksForOther(correlate.getRight());
    }

    private static boolean asksForOther(RelNode node) {
        RexNode condition = node instanceof Filter filter
                ? filter.getCondition()
                : node instanceof Join join ? join.getCondition() : null;
        return condition != null
                        && EffectiveCondition.of(condition, node.getInput(0)).stream()
                                .anyMatch(part -> RexUtil.containsCorrelation(part)
                                        && !RowReferences.of(part).isEmpty())
                || node.getInputs().stream().anyMatch(JoinShape::asksForOther);
    }

    private static List<Relation> relations(RexNode condition, RelNode rows) {
        return EffectiveCondition.of(condition, rows).stream().map(Relation::of).toList();
    }

    private static List<Relation> below(List<Relation> above, Project project) {
        List<Relation> under = new ArrayList<>();
        for (Relation relation : above) {
            ImmutableBitSet.Builder fields = ImmutableBitSet.builder();
            relation.fields.forEachInt(field ->
                    fields.addAll(RowReferences.of(project.getProjects().get(field))));
            under.add(new Relation(fields.build(), relation.constant));
        }
        return under;
    }

    /** What a tree of joins joins. */
    private static final class Sides {
        private final List<RelNode> nodes = new ArrayList<>();
        private final List<ImmutableBitSet> fields = new ArrayList<>();
        private final List<Relation> relations = new ArrayList<>();

        void take(RelNode node, int offset) {
            if (node instanceof Join join) {
                relations(join.getCondition(), join).forEach(relation -> relations.add(relation.shift(offset)));
                take(join.getLeft(), offset);
                take(join.getRight(), offset + join.getLeft().getRowType().getFieldCount());
            } else if (node instanceof Filter filter && filter.getInput() instanceof Join) {
                relations(filter.getCondition(), filter).forEach(relation -> relations.add(relation.shift(offset)));
                take(filter.getInput(), offset);
            } else {
                RelNode bare = node;
                while (bare instanceof Filter filter) {
                    relations(filter.getCondition(), filter).forEach(relation -> relations.add(relation.shift(offset)));
                    bare = filter.getInput();
                }
                if (bare instanceof SealedScan scan) {
                    scan.crossing()
                            .forEach(crossed ->
                                    relations.add(Relation.of(crossed).shift(offset)));
                }
                nodes.add(node);
                fields.add(
                        ImmutableBitSet.range(offset, offset + node.getRowType().getFieldCount()));
            }
        }

        boolean areUnrelated() {
            int[] group = new int[nodes.size()];
            for (int i = 0; i < group.length; i++) {
                group[i] = i;
            }
            Map<String, ImmutableBitSet> equalTo = new HashMap<>();
            for (Relation relation : relations) {
                unite(group, relation.fields);
                if (relation.constant != null) {
                    equalTo.merge(relation.constant, relation.fields, ImmutableBitSet::union);
                }
            }
            equalTo.values().forEach(equal -> unite(group, equal));
            int first = -1;
            for (int i = 0; i < group.length; i++) {
                if (!isOneRow(nodes.get(i))) {
                    if (first >= 0 && group[i] != group[first]) {
                        return true;
                    }
                    first = i;
                }
            }
            return false;
        }

        private void unite(int[] group, ImmutableBitSet related) {
            int first = -1;
            for (int i = 0; i < group.length; i++) {
                if (fields.get(i).intersects(related)) {
                    if (first >= 0) {
                        int gone = group[i];
                        for (int j = 0; j < group.length; j++) {
                            group[j] = group[j] == gone ? group[first] : group[j];
                        }
                    }
                    first = i;
                }
            }
        }

        private static boolean isOneRow(RelNode node) {
            Double most = node.getCluster().getMetadataQuery().getMaxRowCount(node);
            return most != null && most <= 1;
        }

        boolean anyWithin() {
            for (int i = 0; i < nodes.size(); i++) {
                ImmutableBitSet own = fields.get(i);
                List<Relation> about = relations.stream()
                        .filter(relation -> own.contains(relation.fields))
                        .map(relation -> relation.shift(-own.nth(0)))
                        .toList();
                if (product(nodes.get(i), about)) {
                    return true;
                }
            }
            return false;
        }
    }
}
