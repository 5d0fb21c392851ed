package dev.nicol.adapters.sql;

import dev.nicol.policy.rewrite.SealedScan;
import java.util.EnumSet;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.Util;

/**
 * Whether a source's optimizer must be kept from mixing a statement's own expressions with row filters. It need not be
 * where every expression is total: none can fail on a row that a filter hides, or show in another way that it was
 * evaluated. The source may then use an index for a join, which no fence would let through.
 */
final class Barrier {
    private static final Set<SqlKind> TOTAL = EnumSet.of(
            SqlKind.AND,
            SqlKind.OR,
            SqlKind.NOT,
            SqlKind.IS_NULL,
            SqlKind.IS_NOT_NULL,
            SqlKind.IS_TRUE,
            SqlKind.IS_NOT_TRUE,
            SqlKind.IS_FALSE,
            SqlKind.IS_NOT_FALSE,
            SqlKind.SEARCH,
            SqlKind.CASE);

    private static final Set<SqlKind> AGGREGATES =
            EnumSet.of(SqlKind.COUNT, SqlKind.MIN, SqlKind.MAX, SqlKind.SUM, SqlKind.AVG);

    /** Masks that can be computed of any value. */
    private static final Set<String> TOTAL_MASKS =
            Set.of("redact", "partial", "hash", "tokenize", "null", "constant", "bucket", "date_part");

    private static final Set<SqlKind> ARITHMETIC =
            EnumSet.of(SqlKind.PLUS, SqlKind.MINUS, SqlKind.TIMES, SqlKind.MINUS_PREFIX);

    /** Of a decimal that every kind of source computes. */
    private static final int MOST_DIGITS = 38;

    private Barrier() {}

    /** Whether anything in a plan, seals of tables left out, is not known to be total. */
    static boolean needed(RelNode plan) {
        if (plan instanceof SealedScan scan && scan.ofView()) {
            // Its own rules and expressions stand above the seals of what it reads.
            return needed(scan.governed());
        }
        boolean known = plan instanceof SealedScan scan
                ? scan.decision().columns().stream()
                        .allMatch(column -> column.mask() == null
                                || TOTAL_MASKS.contains(column.mask().kind()))
                : plan instanceof Filter
                        || plan instanceof Project
                        || plan instanceof Join
                        || plan instanceof Sort
                        || plan instanceof SetOp
                        || plan instanceof Values
                        || plan instanceof Aggregate aggregate
                                && aggregate.getAggCallList().stream()
                                        .allMatch(call -> AGGREGATES.contains(
                                                call.getAggregation().getKind()));
        return !known || !total(plan) || plan.getInputs().stream().anyMatch(Barrier::needed);
    }

    private static boolean total(RelNode node) {
        try {
            node.accept(new Totality());
            return true;
        } catch (Util.FoundOne found) {
            return false;
        }
    }

    private static final class Totality extends RexShuttle {
        @Override
        public RexNode visitCall(RexCall call) {
            boolean total = TOTAL.contains(call.getKind())
                    || ARITHMETIC.contains(call.getKind()) && fits(call)
                    || call.isA(SqlKind.COMPARISON) && call.getOperands().size() == 2 && comparison(call)
                    || call.getKind() == SqlKind.CAST
                            && widens(call.getOperands().get(0).getType(), call.getType());
            if (!total) {
                throw Util.FoundOne.NULL;
            }
            return super.visitCall(call);
        }

        private static boolean comparison(RexCall call) {
            RelDataType left = call.getOperands().get(0).getType();
            RelDataType right = call.getOperands().get(1).getType();
            return SqlTypeUtil.inSameFamily(left, right)
                    && !SqlTypeUtil.isApproximateNumeric(left)
                    && !SqlTypeUtil.isApproximateNumeric(right);
        }

        /**
         * Whether an exact decimal result has room for whatever its operands may be: no source fails then. Integers alone
         * are computed in their own width, which may overflow, and so may a decimal without a fraction be: what is an unsigned
         * integer at its source is one here.
         */
        private static boolean fits(RexCall call) {
            int integral = 0;
            int fraction = 0;
            boolean decimal = false;
            for (RexNode operand : call.getOperands()) {
                RelDataType type = operand.getType();
                boolean fractional = type.getSqlTypeName() == SqlTypeName.DECIMAL && type.getScale() > 0;
                if (!fractional && !SqlTypeName.INT_TYPES.contains(type.getSqlTypeName())) {
                    return false;
                }
                decimal |= fractional;
                int digits = type.getPrecision() - type.getScale();
                boolean times = call.getKind() == SqlKind.TIMES;
                integral = times ? integral + digits : Math.max(integral, digits);
                fraction = times ? fraction + type.getScale() : Math.max(fraction, type.getScale());
            }
            int carried = call.getKind() == SqlKind.TIMES ? 0 : 1;
            return decimal && integral + carried + fraction <= MOST_DIGITS;
        }

        private static boolean widens(RelDataType from, RelDataType to) {
            boolean texts = from.getSqlTypeName() == SqlTypeName.VARCHAR && to.getSqlTypeName() == SqlTypeName.VARCHAR;
            boolean integers = SqlTypeName.INT_TYPES.contains(from.getSqlTypeName())
                    && SqlTypeName.INT_TYPES.contains(to.getSqlTypeName());
            return texts && to.getPrecision() == RelDataType.PRECISION_NOT_SPECIFIED
                    || (texts || integers)
                            && from.getPrecision() != RelDataType.PRECISION_NOT_SPECIFIED
                            && from.getPrecision() <= to.getPrecision();
        }

        @Override
        public RexNode visitSubQuery(RexSubQuery subQuery) {
            // A scalar one fails on a second row.
            boolean total = subQuery.getKind() == SqlKind.EXISTS || subQuery.getKind() == SqlKind.IN;
            if (!total || needed(subQuery.rel)) {
                throw Util.FoundOne.NULL;
            }
            subQuery.getOperands().forEach(operand -> operand.accept(this));
            return subQuery;
        }

        @Override
        public RexNode visitOver(RexOver over) {
            throw Util.FoundOne.NULL;
        }
    }
}
