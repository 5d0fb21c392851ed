package dev.nicol.policy.rewrite;

import java.util.Set;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeUtil;

/**
 * Which predicates may be evaluated on rows that the row filter hides. Only total ones: they cannot fail, and nothing but
 * the rows they leave shows what they saw. Everything else waits above the seal.
 */
public final class Leakproof {
    private static final Set<SqlKind> COMPARISONS = Set.of(
            SqlKind.EQUALS,
            SqlKind.NOT_EQUALS,
            SqlKind.LESS_THAN,
            SqlKind.LESS_THAN_OR_EQUAL,
            SqlKind.GREATER_THAN,
            SqlKind.GREATER_THAN_OR_EQUAL);

    private Leakproof() {}

    /**
     * Whether {@code predicate} over a sealed scan's output is total: AND/OR/NOT of same-type comparisons, IS [NOT] NULL
     * and IN (a SEARCH over constants) on plain columns that the subject reads unmasked, against literals or parameters.
     */
    public static boolean total(RexNode predicate, SealedScan scan) {
        if (!(predicate instanceof RexCall call)) {
            return predicate.isAlwaysTrue() || predicate.isAlwaysFalse();
        }
        return switch (call.getKind()) {
            case AND, OR, NOT -> call.getOperands().stream().allMatch(operand -> total(operand, scan));
            case IS_NULL, IS_NOT_NULL -> plain(call.getOperands().get(0), scan);
            case SEARCH -> plain(call.getOperands().get(0), scan);
            default -> COMPARISONS.contains(call.getKind()) && comparison(call, scan);
        };
    }

    /**
     * Whether {@code predicate} is of that kind where the columns that conditions may see raw are plain too, and reads at
     * least one of them. These are compared with literals and parameters only, never with another column.
     */
    static boolean raw(RexNode predicate, SealedScan scan) {
        boolean[] reads = {false};
        return raw(predicate, scan, reads) && reads[0];
    }

    private static boolean raw(RexNode predicate, SealedScan scan, boolean[] reads) {
        if (total(predicate, scan)) {
            return true;
        }
        if (!(predicate instanceof RexCall call)) {
            return false;
        }
        return switch (call.getKind()) {
            case AND, OR, NOT -> call.getOperands().stream().allMatch(operand -> raw(operand, scan, reads));
            case IS_NULL, IS_NOT_NULL, SEARCH -> filterable(call.getOperands().get(0), scan, reads);
            default -> COMPARISONS.contains(call.getKind()) && rawComparison(call, scan, reads);
        };
    }

    private static boolean rawComparison(RexCall call, SealedScan scan, boolean[] reads) {
        RexNode left = call.getOperands().get(0);
        RexNode right = call.getOperands().get(1);
        return (constant(left) && filterable(right, scan, reads) || filterable(left, scan, reads) && constant(right))
                && SqlTypeUtil.inSameFamily(left.getType(), right.getType())
                && !SqlTypeUtil.isApproximateNumeric(left.getType())
                && !SqlTypeUtil.isApproximateNumeric(right.getType());
    }

    private static boolean filterable(RexNode node, SealedScan scan, boolean[] reads) {
        boolean filterable = node instanceof RexInputRef reference && scan.filterableColumn(reference.getIndex()) >= 0;
        reads[0] |= filterable;
        return filterable;
    }

    private static boolean comparison(RexCall call, SealedScan scan) {
        RexNode left = call.getOperands().get(0);
        RexNode right = call.getOperands().get(1);
        boolean sides = plain(left, scan) && constant(right)
                || constant(left) && plain(right, scan)
                || plain(left, scan) && plain(right, scan);
        return sides
                && SqlTypeUtil.inSameFamily(left.getType(), right.getType())
                && !SqlTypeUtil.isApproximateNumeric(left.getType())
                && !SqlTypeUtil.isApproximateNumeric(right.getType());
    }

    private static boolean constant(RexNode node) {
        return node instanceof RexLiteral || node instanceof RexDynamicParam;
    }

    /** A column of the stored table, shown as it is stored. */
    private static boolean plain(RexNode node, SealedScan scan) {
        return node instanceof RexInputRef reference && scan.storedColumn(reference.getIndex()) >= 0;
    }
}
