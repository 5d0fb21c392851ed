package dev.nicol.adapters.dialect;

import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.jspecify.annotations.Nullable;

/** SUBSTRING on databases where a position before the first counts from the end; in the standard, it lies before. */
public final class SubstringSql {
    private SubstringSql() {}

    /** The call with its position brought to 1 or above; null where it is another call, or is so already. */
    public static @Nullable RexNode rewrite(RexCall call) {
        if (call.getOperator() != SqlStdOperatorTable.SUBSTRING) {
            return null;
        }
        RexNode start = call.getOperands().get(1);
        Long position = start instanceof RexLiteral literal ? literal.getValueAs(Long.class) : null;
        if (position != null && position >= 1) {
            return null;
        }
        String template = call.getOperands().size() == 2
                ? "SUBSTRING({0}, GREATEST({1}, 1))"
                : "SUBSTRING({0}, GREATEST({1}, 1), GREATEST({2} + LEAST({1} - 1, 0), 0))";
        return SqlTemplate.of(template).call(call.getType(), call.getOperands());
    }
}
