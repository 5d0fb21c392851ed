package dev.nicol.adapters.federation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.jspecify.annotations.Nullable;

/**
 * The way from a node down to one of the parts it joins: the joins and filters between, without projections. What stands above
 * is said of one row: the columns of the part, then those of each other side in the order of the joins.
 */
final class JoinPath {
    private final RelNode part;
    private final List<Step> steps = new ArrayList<>();
    private int width;

    /** Whether some join makes rows in which the part's columns are NULL. */
    private boolean filledWithNull;

    private JoinPath(RelNode part) {
        this.part = part;
        this.width = part.getRowType().getFieldCount();
    }

    /**
     * @param node a filter or a join
     * @param condition of the one row
     * @param otherStart where the columns of a join's other side begin in the one row
     */
    private record Step(RelNode node, boolean partOnRight, RexNode condition, int otherStart) {}

    /** A way, and what the node's columns are in the one row; null stands for those that cannot be said of it. */
    record Found(JoinPath path, List<@Nullable RexNode> columns) {}

    /** The way from a node to one of its parts; null where there is none that keeps all to joins, filters and projections. */
    static @Nullable Found find(RelNode node, RelNode part) {
        if (node == part) {
            return new Found(new JoinPath(part), new ArrayList<>(identity(part, 0)));
        } else if (node instanceof Project project) {
            Found found = find(project.getInput(), part);
            return found == null || RexOver.containsOver(project.getProjects(), null)
                    ? null
                    : new Found(found.path, said(project.getProjects(), found.columns));
        } else if (node instanceof Filter filter) {
            Found found = find(filter.getInput(), part);
            RexNode condition = found == null ? null : said(filter.getCondition(), found.columns);
            if (found == null || condition == null) {
                return null;
            }
            found.path.steps.add(new Step(filter, false, condition, found.path.width));
            return found;
        }
        return node instanceof Join join ? ofJoin(join, part) : null;
    }

    private static @Nullable Found ofJoin(Join join, RelNode part) {
        Found left = find(join.getLeft(), part);
        Found found = left == null && join.getJoinType().projectsRight() ? find(join.getRight(), part) : left;
        if (found == null || !join.getVariablesSet().isEmpty()) {
            return null;
        }
        boolean onRight = left == null;
        JoinPath path = found.path;
        int otherStart = path.width;
        RelNode other = join.getInput(onRight ? 0 : 1);
        List<@Nullable RexNode> both = new ArrayList<>(onRight ? identity(other, otherStart) : found.columns);
        both.addAll(onRight ? found.columns : identity(other, otherStart));
        RexNode condition = said(join.getCondition(), both);
        if (condition == null) {
            return null;
        }
        path.steps.add(new Step(join, onRight, condition, otherStart));
        path.width += other.getRowType().getFieldCount();
        boolean fills = onRight
                ? join.getJoinType().generatesNullsOnRight()
                : join.getJoinType().generatesNullsOnLeft();
        path.filledWithNull |= fills;
        List<@Nullable RexNode> columns = new ArrayList<>();
        List<RelDataTypeField> fields = join.getRowType().getFieldList();
        for (RelDataTypeField field : fields) {
            RexNode column = both.get(field.getIndex());
            boolean filled =
                    fills && (field.getIndex() < join.getLeft().getRowType().getFieldCount()) != onRight;
            // where the join fills in NULL, an expression must make NULL of NULL to be said above it
            columns.add(column != null && filled && !PartialExpressions.isStrict(column) ? null : column);
        }
        return new Found(path, columns);
    }

    private static List<RexNode> identity(RelNode node, int start) {
        List<RexNode> columns = new ArrayList<>();
        for (RelDataTypeField field : node.getRowType().getFieldList()) {
            columns.add(new RexInputRef(start + field.getIndex(), field.getType()));
        }
        return columns;
    }

    private static List<@Nullable RexNode> said(List<RexNode> expressions, List<@Nullable RexNode> columns) {
        List<@Nullable RexNode> said = new ArrayList<>();
        expressions.forEach(expression -> said.add(said(expression, columns)));
        return said;
    }

    private static @Nullable RexNode said(RexNode expression, List<@Nullable RexNode> columns) {
        boolean known = RexUtil.isDeterministic(expression)
                && RexUtil.SubQueryFinder.find(expression) == null
                && RelOptUtil.InputFinder.bits(expression).asList().stream().allMatch(i -> columns.get(i) != null);
        return known
                ? expression.accept(new RexShuttle() {
                    @Override
                    public RexNode visitInputRef(RexInputRef reference) {
                        return Objects.requireNonNull(columns.get(reference.getIndex()));
                    }
                })
                : null;
    }

    RelNode part() {
        return part;
    }

    boolean filledWithNull() {
        return filledWithNull;
    }

    /** What the joins and filters compare. */
    List<RexNode> conditions() {
        return steps.stream().map(Step::condition).toList();
    }

    /** Whether an expression of the one row reads the part's columns, and no others. */
    boolean isOfPart(RexNode expression) {
        List<Integer> read = RelOptUtil.InputFinder.bits(expression).asList();
        return !read.isEmpty() && read.get(read.size() - 1) < part.getRowType().getFieldCount();
    }

    /** The part's columns that an expression of the one row reads. */
    List<Integer> ofPart(RexNode expression) {
        return RelOptUtil.InputFinder.bits(expression).asList().stream()
                .filter(column -> column < part.getRowType().getFieldCount())
                .toList();
    }

    /** The same joins and filters over another part. */
    Rebuilt over(RelNode other, Map<RexNode, Integer> kept) {
        Rebuilt rebuilt = new Rebuilt(other, kept);
        steps.forEach(rebuilt::add);
        return rebuilt;
    }

    /** The joins and filters over a part that has only some of the columns, and expressions over them. */
    final class Rebuilt {
        private final Map<RexNode, Integer> kept;
        private final List<Integer> positions;
        private int partStart;
        private RelNode node;

        private Rebuilt(RelNode part, Map<RexNode, Integer> kept) {
            this.node = part;
            this.kept = kept;
            this.positions = new ArrayList<>(Collections.nCopies(width, -1));
        }

        private void add(Step step) {
            if (step.node() instanceof Filter filter) {
                node = filter.copy(
                        filter.getTraitSet(),
                        node,
                        said(step.condition(), node.getRowType().getFieldList()));
                return;
            }
            Join join = (Join) step.node();
            RelNode other = join.getInput(step.partOnRight() ? 0 : 1);
            int shift = step.partOnRight() ? other.getRowType().getFieldCount() : 0;
            int otherAt = step.partOnRight() ? 0 : node.getRowType().getFieldCount();
            partStart += shift;
            positions.replaceAll(position -> position < 0 ? position : position + shift);
            for (int i = 0; i < other.getRowType().getFieldCount(); i++) {
                positions.set(step.otherStart() + i, otherAt + i);
            }
            RelNode left = step.partOnRight() ? other : node;
            RelNode right = step.partOnRight() ? node : other;
            List<RelDataTypeField> fields = new ArrayList<>(left.getRowType().getFieldList());
            fields.addAll(right.getRowType().getFieldList());
            RexNode condition = said(step.condition(), fields);
            node = join.copy(join.getTraitSet(), condition, left, right, join.getJoinType(), join.isSemiJoinDone());
        }

        RelNode node() {
            return node;
        }

        /** An expression of the one row, over the rebuilt node's row. */
        RexNode said(RexNode expression) {
            return said(expression, node.getRowType().getFieldList());
        }

        /** A column of the new part, over the rebuilt node's row. */
        RexNode ofPart(int column) {
            RexBuilder rex = node.getCluster().getRexBuilder();
            return rex.makeInputRef(node, partStart + column);
        }

        private RexNode said(RexNode expression, List<RelDataTypeField> fields) {
            Integer whole = kept.get(expression);
            if (whole != null) {
                return reference(partStart + whole, fields);
            }
            return expression.accept(new RexShuttle() {
                @Override
                public RexNode visitInputRef(RexInputRef column) {
                    Integer key = kept.get(column);
                    return reference(key == null ? positions.get(column.getIndex()) : partStart + key, fields);
                }
            });
        }

        private RexNode reference(int position, List<RelDataTypeField> fields) {
            if (position < 0) {
                throw new IllegalStateException("a column that is needed was not kept");
            }
            return new RexInputRef(position, fields.get(position).getType());
        }
    }
}
