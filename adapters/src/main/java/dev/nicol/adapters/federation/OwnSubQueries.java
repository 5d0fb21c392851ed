package dev.nicol.adapters.federation;

import com.google.common.collect.ImmutableSet;
import dev.nicol.adapters.sql.Whole;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.ImmutableBitSet;
import org.apache.calcite.util.Util;
import org.jspecify.annotations.Nullable;

/**
 * Leaves EXISTS and IN to the source of the one joined table that they ask about, where it has what they read too. Made a join,
 * as others are, each would read that table and all it is joined with once more.
 */
final class OwnSubQueries extends RelHomogeneousShuttle {
    private final Function<RelNode, @Nullable String> sourceOf;

    /** @param sourceOf the one source that computes a whole subtree; null where none does */
    OwnSubQueries(Function<RelNode, @Nullable String> sourceOf) {
        this.sourceOf = sourceOf;
    }

    @Override
    public RelNode visit(RelNode other) {
        RelNode node = super.visit(other);
        return node instanceof Filter filter
                        && RexUtil.SubQueryFinder.containsSubQuery(filter)
                        && sourceOf.apply(filter) == null
                ? new Placing(filter).placed()
                : node;
    }

    private final class Placing {
        private final Filter filter;
        private final RexBuilder rex;
        private final List<RelNode> factors = new ArrayList<>();
        private final Map<Integer, Factor> asked = new HashMap<>();

        Placing(Filter filter) {
            this.filter = filter;
            this.rex = filter.getCluster().getRexBuilder();
            collect(filter.getInput());
        }

        /** What is asked of one factor, and the name its rows have there. */
        private final class Factor {
            final List<RexNode> conditions = new ArrayList<>();
            final CorrelationId row = filter.getCluster().createCorrel();
        }

        private void collect(RelNode node) {
            if (inner(node)) {
                node.getInputs().forEach(this::collect);
            } else {
                factors.add(node);
            }
        }

        private static boolean inner(RelNode node) {
            return node instanceof Join join
                    && join.getJoinType() == JoinRelType.INNER
                    && join.getVariablesSet().isEmpty();
        }

        RelNode placed() {
            List<RexNode> left = new ArrayList<>();
            for (RexNode condition : RelOptUtil.conjunctions(filter.getCondition())) {
                if (!place(condition)) {
                    left.add(condition);
                }
            }
            if (asked.isEmpty()) {
                return filter;
            }
            RelNode joined = rebuilt(filter.getInput(), new int[1]);
            return left.isEmpty()
                    ? joined
                    : LogicalFilter.create(
                            joined,
                            RexUtil.composeConjunction(rex, left),
                            ImmutableSet.copyOf(filter.getVariablesSet()));
        }

        private boolean place(RexNode condition) {
            ImmutableBitSet read = read(condition);
            if (read == null || read.isEmpty()) {
                return false;
            }
            int start = 0;
            for (int i = 0; i < factors.size(); i++) {
                int end = start + factors.get(i).getRowType().getFieldCount();
                if (ImmutableBitSet.range(start, end).contains(read)) {
                    return place(condition, i, start);
                }
                start = end;
            }
            return false;
        }

        private boolean place(RexNode condition, int at, int start) {
            Factor factor = asked.getOrDefault(at, new Factor());
            factor.conditions.add(condition.accept(new OfFactor(factors.get(at), factor.row, start)));
            if (sourceOf.apply(filtered(at, factor)) == null) {
                factor.conditions.remove(factor.conditions.size() - 1);
                return false;
            }
            asked.put(at, factor);
            return true;
        }

        private RelNode filtered(int at, Factor factor) {
            RexNode all = RexUtil.composeConjunction(rex, factor.conditions);
            return LogicalFilter.create(factors.get(at), all, ImmutableSet.of(factor.row));
        }

        private RelNode rebuilt(RelNode node, int[] next) {
            if (inner(node)) {
                List<RelNode> inputs = new ArrayList<>();
                node.getInputs().forEach(input -> inputs.add(rebuilt(input, next)));
                return inputs.equals(node.getInputs()) ? node : node.copy(node.getTraitSet(), inputs);
            }
            int at = next[0]++;
            Factor factor = asked.get(at);
            return factor == null ? node : new Whole(filtered(at, factor));
        }

        /** Columns of the joined row that a condition reads; null where it has no sub-query, or one that may fail. */
        private @Nullable ImmutableBitSet read(RexNode condition) {
            ImmutableBitSet.Builder read = ImmutableBitSet.builder();
            read.addAll(RelOptUtil.InputFinder.bits(condition));
            Outer outer = new Outer(read);
            try {
                condition.accept(outer);
                return outer.subQueries ? read.build() : null;
            } catch (Util.FoundOne found) {
                return null;
            }
        }

        /** Finds what sub-queries read of the joined row. */
        private final class Outer extends RexShuttle {
            private final ImmutableBitSet.Builder read;
            private boolean subQueries;

            Outer(ImmutableBitSet.Builder read) {
                this.read = read;
            }

            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                if (subQuery.getKind() != SqlKind.EXISTS && subQuery.getKind() != SqlKind.IN) {
                    throw Util.FoundOne.NULL;
                }
                subQueries = true;
                subQuery.rel.accept(new RelHomogeneousShuttle() {
                    @Override
                    public RelNode visit(RelNode other) {
                        other.accept(Outer.this);
                        return super.visit(other);
                    }
                });
                return super.visitSubQuery(subQuery);
            }

            @Override
            public RexNode visitFieldAccess(RexFieldAccess access) {
                if (ofJoined(access)) {
                    read.set(access.getField().getIndex());
                    return access;
                }
                return super.visitFieldAccess(access);
            }

            @Override
            public RexNode visitCorrelVariable(RexCorrelVariable variable) {
                if (filter.getVariablesSet().contains(variable.id)) {
                    throw Util.FoundOne.NULL;
                }
                return variable;
            }
        }

        private boolean ofJoined(RexFieldAccess access) {
            return access.getReferenceExpr() instanceof RexCorrelVariable variable
                    && filter.getVariablesSet().contains(variable.id);
        }

        /** The same condition of the factor's own row. */
        private final class OfFactor extends RexShuttle {
            private final RelNode factor;
            private final CorrelationId row;
            private final int start;

            OfFactor(RelNode factor, CorrelationId row, int start) {
                this.factor = factor;
                this.row = row;
                this.start = start;
            }

            @Override
            public RexNode visitInputRef(RexInputRef reference) {
                return rex.makeInputRef(factor, reference.getIndex() - start);
            }

            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                RexSubQuery visited = (RexSubQuery) super.visitSubQuery(subQuery);
                return visited.clone(visited.rel.accept(new Inside(this)));
            }
        }

        /** Sub-queries have rows of their own: only what names the joined row changes there. */
        private final class Inside extends RelHomogeneousShuttle {
            private final RexShuttle names;

            Inside(OfFactor of) {
                this.names = new RexShuttle() {
                    @Override
                    public RexNode visitFieldAccess(RexFieldAccess access) {
                        return ofJoined(access)
                                ? rex.makeFieldAccess(
                                        rex.makeCorrel(of.factor.getRowType(), of.row),
                                        access.getField().getIndex() - of.start)
                                : super.visitFieldAccess(access);
                    }

                    @Override
                    public RexNode visitSubQuery(RexSubQuery subQuery) {
                        RexSubQuery visited = (RexSubQuery) super.visitSubQuery(subQuery);
                        return visited.clone(visited.rel.accept(Inside.this));
                    }
                };
            }

            @Override
            public RelNode visit(RelNode other) {
                return super.visit(other).accept(names);
            }
        }
    }
}
