package dev.nicol.policy.rewrite;

import com.google.common.collect.ImmutableSet;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.TableName;
import dev.nicol.policy.mask.JoinKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlExplainFormat;
import org.apache.calcite.sql.SqlExplainLevel;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * A policy's look-ups in tables of other sources: they are read first, and their values take their place in the row filter
 * as parameters, so that the data's source evaluates the whole filter and compares as it always does. For one execution
 * of one statement: equal look-ups are read once, and all of the statement sees the same values.
 */
public final class LookUps {
    /** Distinct values that one look-up may have. */
    public static final int MAX_VALUES = 10_000;

    /** Conditions that a look-up may become where a list of values cannot say what it means. */
    public static final int MAX_ALTERNATIVES = 1_000;

    private final LookUpReader reader;
    private final Map<String, List<List<@Nullable Object>>> read = new HashMap<>();

    /** Equal values are one parameter: the same policy stands in many places of a plan. */
    private final Map<List<@Nullable Object>, Integer> parameters = new HashMap<>();

    public LookUps(LookUpReader reader) {
        this.reader = reader;
    }

    /** Whether a policy on any table of the plan looks up tables of another source. */
    public static boolean needed(RelNode plan) {
        return Seals.in(plan).stream().anyMatch(LookUps::needed);
    }

    private static boolean needed(SealedScan scan) {
        return ForeignScans.anywhere(scan.governed(), scan.decision().table().catalog());
    }

    /**
     * Why a policy's look-ups in other sources cannot become bound values; null where they can, or where there are none.
     *
     * @param filtered {@code SELECT * FROM table WHERE filter} over stored tables, as {@link PolicyCatalog#filtered} makes it
     */
    public static @Nullable String problem(TableName table, RelNode filtered) {
        try {
            new LookUps(LookUpReader.NONE).new Binding(table).node(filtered);
            return null;
        } catch (NicolException refused) {
            return refused.getMessage();
        }
    }

    /** The plan with every look-up bound, in sub-queries too. */
    public RelNode bound(RelNode plan) {
        if (!needed(plan)) {
            return plan;
        }
        if (plan instanceof SealedScan scan) {
            return bound(scan);
        }
        List<RelNode> inputs = new ArrayList<>();
        plan.getInputs().forEach(input -> inputs.add(bound(input)));
        return plan.copy(plan.getTraitSet(), inputs).accept(new SubQueries());
    }

    /** The expression with the look-ups of all tables that its sub-queries read bound. */
    public RexNode bound(RexNode expression) {
        return expression.accept(new SubQueries());
    }

    /** The seal with its look-ups bound. */
    public SealedScan bound(SealedScan scan) {
        SealedScan inner = scan.ofView() ? scan.withInner(bound(scan.viewPlan())) : scan;
        return needed(inner) ? inner.withGoverned(new Binding(inner.decision().table()).node(inner.governed())) : inner;
    }

    private final class SubQueries extends RexShuttle {
        @Override
        public RexNode visitSubQuery(RexSubQuery subQuery) {
            RexSubQuery walked = (RexSubQuery) super.visitSubQuery(subQuery);
            return walked.clone(bound(walked.rel));
        }
    }

    /** Binds within the policy of one table. */
    final class Binding {
        private final TableName table;

        Binding(TableName table) {
            this.table = table;
        }

        /** A part of the policy over tables of its own source, with what its expressions look up elsewhere bound. */
        RelNode node(RelNode node) {
            if (!ForeignScans.anywhere(node, table.catalog())) {
                return node;
            }
            List<RelNode> inputs = new ArrayList<>();
            node.getInputs().forEach(input -> inputs.add(node(input)));
            Set<CorrelationId> here = node.getVariablesSet();
            if (node instanceof Filter filter) {
                RexNode condition = RexUtil.flatten(
                        node.getCluster().getRexBuilder(), expression(filter.getCondition(), here, true));
                return LogicalFilter.create(inputs.get(0), condition, used(here, List.of(condition)));
            } else if (node instanceof Project project) {
                List<RexNode> expressions = project.getProjects().stream()
                        .map(expression -> expression(expression, here, false))
                        .toList();
                return LogicalProject.create(
                        inputs.get(0),
                        List.of(),
                        expressions,
                        project.getRowType().getFieldNames(),
                        used(here, expressions));
            } else if (node instanceof Join join) {
                RexNode condition = expression(join.getCondition(), here, false);
                return join.copy(
                        join.getTraitSet(),
                        condition,
                        inputs.get(0),
                        inputs.get(1),
                        join.getJoinType(),
                        join.isSemiJoinDone());
            }
            return node.copy(node.getTraitSet(), inputs);
        }

        private static ImmutableSet<CorrelationId> used(Set<CorrelationId> here, List<RexNode> expressions) {
            Set<CorrelationId> used = new LinkedHashSet<>();
            expressions.forEach(expression -> used.addAll(Correlations.free(expression)));
            used.retainAll(here);
            return ImmutableSet.copyOf(used);
        }

        /**
         * The expression with its look-ups bound.
         *
         * @param here how its sub-queries name the row it is evaluated on
         * @param unknownIsFalse whether nobody sees a difference between the two
         */
        private RexNode expression(RexNode expression, Set<CorrelationId> here, boolean unknownIsFalse) {
            if (!ForeignScans.anywhere(expression, table.catalog()) || !(expression instanceof RexCall call)) {
                return expression;
            } else if (call instanceof RexOver) {
                throw refused("it stands within a window function");
            }
            boolean passed = unknownIsFalse && (call.getKind() == SqlKind.AND || call.getKind() == SqlKind.OR)
                    || call.getKind() == SqlKind.IS_TRUE;
            List<RexNode> operands = call.getOperands().stream()
                    .map(operand -> expression(operand, here, passed))
                    .toList();
            if (!(call instanceof RexSubQuery subQuery)) {
                return call.clone(call.getType(), operands);
            }
            if (ForeignScans.in(subQuery.rel, table.catalog())) {
                return new LookUp(this, subQuery, operands, here, unknownIsFalse).bound();
            }
            return subQuery.clone(subQuery.getType(), operands).clone(node(subQuery.rel));
        }

        /** The distinct rows of a look-up, read once. */
        List<List<@Nullable Object>> rows(RelNode query, int most) {
            String digest = RelOptUtil.dumpPlan("", query, SqlExplainFormat.TEXT, SqlExplainLevel.DIGEST_ATTRIBUTES);
            List<List<@Nullable Object>> rows = read.get(digest);
            if (rows == null) {
                rows = reader.rows(unpadded(query), MAX_VALUES);
                read.put(digest, rows);
            }
            if (rows.size() > most) {
                throw tooMany(most);
            }
            return rows;
        }

        /** CHAR is compared without the blanks that fill it, and H2 keeps them where it casts to VARCHAR. */
        private static RelNode unpadded(RelNode plan) {
            List<RelNode> inputs = new ArrayList<>();
            plan.getInputs().forEach(input -> inputs.add(unpadded(input)));
            RexBuilder rex = plan.getCluster().getRexBuilder();
            return plan.copy(plan.getTraitSet(), inputs).accept(new RexShuttle() {
                @Override
                public RexNode visitCall(RexCall call) {
                    RexNode walked = super.visitCall(call);
                    boolean padded = walked.getKind() == SqlKind.CAST
                            && walked.getType().getSqlTypeName() == SqlTypeName.VARCHAR
                            && ((RexCall) walked).getOperands().get(0).getType().getSqlTypeName() == SqlTypeName.CHAR;
                    return padded
                            ? rex.makeAbstractCast(
                                    walked.getType(),
                                    JoinKey.unpadded(
                                            rex,
                                            ((RexCall) walked).getOperands().get(0)),
                                    false)
                            : walked;
                }

                @Override
                public RexNode visitSubQuery(RexSubQuery subQuery) {
                    RexSubQuery walked = (RexSubQuery) super.visitSubQuery(subQuery);
                    return walked.clone(unpadded(walked.rel));
                }
            });
        }

        /** A look-up with more values than can be bound. */
        NicolException tooMany(int most) {
            return NicolError.OUT_OF_BUDGET.because("The policy on `" + table + "` depends on more than " + most
                    + " values of another source, so nothing is shown. Ask a steward to keep what it looks up beside the"
                    + " data.");
        }

        int parameter(@Nullable Object value, RelDataType type) {
            return parameters.computeIfAbsent(Arrays.asList(value, type), added -> reader.parameter(value, type));
        }

        /** A look-up that cannot become bound values. */
        NicolException refused(String reason) {
            return NicolError.NOT_SUPPORTED.because("The policy on `" + table
                    + "` looks up a table of another source in a way that is not supported: " + reason
                    + ". Ask a steward to write it with IN or EXISTS and plain conditions, or to keep the look-up table"
                    + " beside the data.");
        }
    }
}
