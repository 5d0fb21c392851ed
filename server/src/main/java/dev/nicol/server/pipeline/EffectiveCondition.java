package dev.nicol.server.pipeline;

import dev.nicol.policy.rewrite.SealedScan;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptPredicateList;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSimplify;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlQuantifyOperator;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.jspecify.annotations.Nullable;

/**
 * What of a condition can leave out some rows and keep others. {@code 1=1}, {@code id=id}, {@code x OR TRUE} and
 * {@code x IS NULL OR x IS NOT NULL} cannot; nor can what names no column of the row, which keeps all rows or none.
 */
final class EffectiveCondition {
    /** Comparisons that hold between a value and itself. */
    private static final Set<SqlKind> REFLEXIVE = Set.of(
            SqlKind.EQUALS, SqlKind.LESS_THAN_OR_EQUAL, SqlKind.GREATER_THAN_OR_EQUAL, SqlKind.IS_NOT_DISTINCT_FROM);

    private final RexBuilder rex;
    private final Set<RexNode> testedForNull = new HashSet<>();

    private EffectiveCondition(RexBuilder rex) {
        this.rex = rex;
    }

    /** @param rows that it is about, where these are the rows of one table; else anything */
    static boolean bounds(RexNode condition, RelNode rows) {
        return !of(condition, rows).isEmpty();
    }

    static boolean bounds(Filter filter) {
        return bounds(filter.getCondition(), filter.getInput());
    }

    /** Those of its conjuncts that bound the rows; none where it bounds nothing. */
    static List<RexNode> of(RexNode condition, RelNode rows) {
        RexBuilder rex = rows.getCluster().getRexBuilder();
        EffectiveCondition effective = new EffectiveCondition(rex);
        RexNode plain = condition.accept(effective.new Vacuous(rows));
        RexNode simple =
                new RexSimplify(rex, RelOptPredicateList.EMPTY, RexUtil.EXECUTOR).simplifyUnknownAsFalse(plain);
        List<RexNode> bounding = new ArrayList<>();
        for (RexNode conjunct : RelOptUtil.conjunctions(simple)) {
            if (effective.bounding(conjunct)) {
                bounding.add(conjunct);
            }
        }
        return bounding;
    }

    private boolean bounding(RexNode part) {
        if (part.isAlwaysTrue()) {
            return false;
        } else if (part.isAlwaysFalse() || RexLiteral.isNullLiteral(part)) {
            return true;
        } else if (RowReferences.of(part).isEmpty()) {
            return false;
        } else if (part.getKind() == SqlKind.AND) {
            return ((RexCall) part).getOperands().stream().anyMatch(this::bounding);
        } else if (part.getKind() == SqlKind.OR) {
            return ((RexCall) part).getOperands().stream().allMatch(this::bounding);
        }
        // Simplifying makes `x IS NOT NULL` of what is true of every other x: only where it was written it was meant.
        return part.getKind() != SqlKind.IS_NOT_NULL
                || testedForNull.contains(((RexCall) part).getOperands().get(0));
    }

    /** Replaces what is true, or false, of every row: {@code id = id} leaves out NULLs at most, and is meant to bound nothing. */
    private final class Vacuous extends RexShuttle {
        private final @Nullable SealedScan table;

        Vacuous(RelNode rows) {
            this.table = rows instanceof SealedScan scan ? scan : null;
        }

        @Override
        public RexNode visitCall(RexCall call) {
            boolean reflexive = REFLEXIVE.contains(call.getKind()) || call.getKind() == SqlKind.LIKE;
            if (reflexive && call.getOperands().get(0).equals(call.getOperands().get(1))) {
                return rex.makeLiteral(true);
            }
            if (REFLEXIVE.contains(call.getKind()) && equalsItself(call.getOperands())) {
                return rex.makeLiteral(true);
            }
            boolean pattern = call.getKind() == SqlKind.LIKE || call.getKind() == SqlKind.SIMILAR;
            if (pattern
                    && call.getOperands().get(1) instanceof RexLiteral like
                    && String.valueOf(like.getValueAs(String.class)).matches("%+")) {
                return rex.makeLiteral(true);
            }
            RexNode seen = super.visitCall(call);
            if (call.getKind() == SqlKind.IS_NOT_NULL || call.getKind() == SqlKind.IS_NULL) {
                testedForNull.add(((RexCall) seen).getOperands().get(0));
            }
            RexNode chosen = SqlKind.COMPARISON.contains(seen.getKind()) ? ofEachCase((RexCall) seen) : null;
            if (chosen != null) {
                return chosen;
            }
            return seen.getKind() == SqlKind.OR && complementary((RexCall) seen) ? rex.makeLiteral(true) : seen;
        }

        /** {@code CASE WHEN p THEN 1 ELSE 2 END > 0} compares each result, which then may turn out to be the same. */
        private @Nullable RexNode ofEachCase(RexCall comparison) {
            RexNode left = comparison.getOperands().get(0);
            RexNode right = comparison.getOperands().get(1);
            RexNode choice = left.getKind() == SqlKind.CASE ? left : right;
            RexNode constant = choice == left ? right : left;
            if (choice.getKind() != SqlKind.CASE || !RexUtil.isConstant(constant)) {
                return null;
            }
            List<RexNode> results = new ArrayList<>(((RexCall) choice).getOperands());
            for (int i = 0; i < results.size(); i++) {
                if (i % 2 == 1 || i == results.size() - 1) {
                    RexNode result = results.get(i);
                    results.set(
                            i,
                            rex.makeCall(
                                    comparison.getOperator(),
                                    choice == left ? List.of(result, constant) : List.of(constant, result)));
                }
            }
            return rex.makeCall(SqlStdOperatorTable.CASE, results);
        }

        /** {@code x IS NULL OR x IS NOT NULL}, {@code p OR NOT p}, {@code a < b OR a >= b}. */
        private boolean complementary(RexCall or) {
            List<RexNode> parts = RelOptUtil.disjunctions(or);
            return parts.stream()
                    .anyMatch(part -> parts.contains(RexUtil.not(part))
                            || part instanceof RexCall call && parts.contains(RexUtil.negate(rex, call))
                            || part.getKind() == SqlKind.IS_NULL
                                    && parts.stream()
                                            .anyMatch(other -> other.getKind() == SqlKind.IS_NOT_NULL
                                                    && ((RexCall) other)
                                                            .getOperands()
                                                            .equals(((RexCall) part).getOperands())));
        }

        @Override
        public RexNode visitSubQuery(RexSubQuery subQuery) {
            boolean exists = subQuery.getKind() == SqlKind.EXISTS;
            if (subQuery.getKind() != SqlKind.SCALAR_QUERY && isEmpty(subQuery.rel)) {
                return rex.makeLiteral(false);
            }
            Double least = subQuery.rel.getCluster().getMetadataQuery().getMinRowCount(subQuery.rel);
            boolean always = exists && least != null && least > 0;
            boolean membership = exists || subQuery.getKind() == SqlKind.IN || isReflexive(subQuery);
            return always || membership && findsItself(subQuery, subQuery.getOperands())
                    ? rex.makeLiteral(true)
                    : super.visitSubQuery(subQuery);
        }

        private boolean findsItself(RexSubQuery subQuery, List<RexNode> compared) {
            return table != null && new SelfMatch(table, REFLEXIVE).in(subQuery.rel, compared);
        }

        /** {@code id = (SELECT o.id FROM the same table AS o WHERE o.id = outer.id)}. */
        private boolean equalsItself(List<RexNode> sides) {
            return sides.get(0) instanceof RexSubQuery subQuery && findsItself(subQuery, List.of(sides.get(1)))
                    || sides.get(1) instanceof RexSubQuery other && findsItself(other, List.of(sides.get(0)));
        }

        /** {@code = ANY (…)} and the like. */
        private static boolean isReflexive(RexSubQuery subQuery) {
            return subQuery.getKind() == SqlKind.SOME
                    && subQuery.op instanceof SqlQuantifyOperator quantified
                    && REFLEXIVE.contains(quantified.comparisonKind);
        }

        private boolean isEmpty(RelNode rows) {
            if (rows instanceof Project || rows instanceof Filter filter && !isNever(filter)) {
                return isEmpty(rows.getInput(0));
            }
            return rows instanceof Filter
                    || Double.valueOf(0)
                            .equals(rows.getCluster().getMetadataQuery().getMaxRowCount(rows));
        }

        private boolean isNever(Filter filter) {
            return new RexSimplify(rex, RelOptPredicateList.EMPTY, RexUtil.EXECUTOR)
                    .simplifyUnknownAsFalse(filter.getCondition())
                    .isAlwaysFalse();
        }
    }
}
