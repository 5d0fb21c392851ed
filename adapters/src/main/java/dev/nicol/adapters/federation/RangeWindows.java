package dev.nicol.adapters.federation;

import com.google.common.collect.ImmutableList;
import dev.nicol.policy.NicolError;
import java.math.BigDecimal;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexFieldCollation;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexWindow;
import org.apache.calcite.rex.RexWindowBound;
import org.apache.calcite.rex.RexWindowBounds;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;

/**
 * Windows over a RANGE from a row's value to others. The engine subtracts the bound's number from the key's: milliseconds
 * from days where the key is a date, months from either. Here a bound over dates counts days; months, and parts of days, are refused. And it subtracts
 * in descending order too, where it should add: such a window is turned round. It takes no NULL for a key.
 */
final class RangeWindows extends RelHomogeneousShuttle {
    /** What is the same over rows in any order. */
    private static final Set<SqlKind> ANY_ORDER =
            EnumSet.of(SqlKind.SUM, SqlKind.SUM0, SqlKind.COUNT, SqlKind.AVG, SqlKind.MIN, SqlKind.MAX);

    private static final BigDecimal MILLIS_OF_A_DAY = BigDecimal.valueOf(86_400_000);

    @Override
    public RelNode visit(RelNode other) {
        RelNode node = super.visit(other);
        return node instanceof Project
                ? node.accept(new Windows(node.getCluster().getRexBuilder()))
                : node;
    }

    private static final class Windows extends RexShuttle {
        private final RexBuilder rex;

        Windows(RexBuilder rex) {
            this.rex = rex;
        }

        @Override
        public RexNode visitOver(RexOver over) {
            RexWindow window = over.getWindow();
            if (window.isRows() || window.orderKeys.size() != 1) {
                return super.visitOver(over);
            }
            RexFieldCollation key = window.orderKeys.get(0);
            RexWindowBound lower = bound(window.getLowerBound(), key.left.getType());
            RexWindowBound upper = bound(window.getUpperBound(), key.left.getType());
            if (lower.getOffset() == null && upper.getOffset() == null) {
                return super.visitOver(over);
            }
            boolean descends = key.right.contains(SqlKind.DESCENDING);
            if (descends && !ANY_ORDER.contains(over.getAggOperator().getKind())) {
                throw NicolError.NOT_SUPPORTED.because(
                        "Across sources, a RANGE of values below or above a row's, in descending"
                                + " order, is for SUM, COUNT, AVG, MIN and MAX. Order ascending.");
            }
            boolean unknown = key.left.getType().isNullable();
            if (unknown && !(around(lower, true) && around(upper, false))) {
                throw NicolError.NOT_SUPPORTED.because(
                        "Across sources, a RANGE of values below or above a row's has the row's"
                                + " value in it and two bounds, where it may be NULL. Leave NULL out.");
            }
            RexNode value = unknown ? known(key.left) : key.left;
            Set<SqlKind> ascending = EnumSet.of(SqlKind.NULLS_LAST);
            return rex.makeOver(
                    over.getType(),
                    over.getAggOperator(),
                    over.getOperands(),
                    unknown ? apart(window, key.left) : window.partitionKeys,
                    ImmutableList.of(new RexFieldCollation(value, ascending)),
                    descends ? turned(upper) : lower,
                    descends ? turned(lower) : upper,
                    window.getExclude(),
                    false,
                    true,
                    false,
                    over.isDistinct(),
                    over.ignoreNulls());
        }

        /** Whether a bound leaves the row itself in its range, and what is unbounded out. */
        private static boolean around(RexWindowBound bound, boolean lower) {
            return !bound.isUnbounded() && (bound.getOffset() == null || bound.isPreceding() == lower);
        }

        /** NULLs are each other's range and nobody else's: a partition of their own, in which all keys are equal. */
        private List<RexNode> apart(RexWindow window, RexNode key) {
            return ImmutableList.<RexNode>builder()
                    .addAll(window.partitionKeys)
                    .add(rex.makeCall(SqlStdOperatorTable.IS_NULL, key))
                    .build();
        }

        private RexNode known(RexNode key) {
            RexNode value = rex.makeNotNull(key);
            return rex.makeCall(
                    SqlStdOperatorTable.CASE,
                    rex.makeCall(SqlStdOperatorTable.IS_NOT_NULL, key),
                    value,
                    rex.makeZeroLiteral(value.getType()));
        }

        private static RexWindowBound turned(RexWindowBound bound) {
            RexNode offset = bound.getOffset();
            if (bound.isUnbounded()) {
                return bound.isPreceding() ? RexWindowBounds.UNBOUNDED_FOLLOWING : RexWindowBounds.UNBOUNDED_PRECEDING;
            } else if (offset == null) {
                return bound;
            }
            return bound.isPreceding() ? RexWindowBounds.following(offset) : RexWindowBounds.preceding(offset);
        }

        private RexWindowBound bound(RexWindowBound bound, RelDataType key) {
            RexNode offset = bound.getOffset();
            if (offset == null || !SqlTypeUtil.isInterval(offset.getType())) {
                return bound;
            }
            if (offset.getType().getSqlTypeName().isYearMonth() || !(offset instanceof RexLiteral literal)) {
                throw refused();
            }
            if (key.getSqlTypeName() != SqlTypeName.DATE) {
                return bound;
            }
            BigDecimal[] days =
                    Objects.requireNonNull(literal.getValueAs(BigDecimal.class)).divideAndRemainder(MILLIS_OF_A_DAY);
            if (days[1].signum() != 0) {
                throw refused();
            }
            RexNode whole = rex.makeExactLiteral(days[0], rex.getTypeFactory().createSqlType(SqlTypeName.INTEGER));
            return bound.isPreceding() ? RexWindowBounds.preceding(whole) : RexWindowBounds.following(whole);
        }

        private static RuntimeException refused() {
            return NicolError.NOT_SUPPORTED.because(
                    "Across sources, RANGE over time takes a number of whole days over dates, and"
                            + " of days, hours, minutes or seconds over timestamps.");
        }
    }
}
