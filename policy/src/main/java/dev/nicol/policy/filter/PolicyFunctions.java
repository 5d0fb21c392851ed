package dev.nicol.policy.filter;

import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.BoundValue;
import java.util.List;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperatorTable;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlReturnTypeInference;
import org.apache.calcite.sql.type.SqlTypeFamily;
import org.apache.calcite.sql.type.SqlTypeTransforms;
import org.apache.calcite.sql.util.SqlOperatorTables;
import org.jspecify.annotations.Nullable;

/**
 * What a policy's SQL may ask about the subject. None is ever sent to a source: {@link #bind} replaces each with a
 * parameter whose value the execution supplies, because a source would answer for the pool's user.
 */
public final class PolicyFunctions {
    private static final SqlReturnTypeInference NULLABLE_TEXT =
            ReturnTypes.VARCHAR.andThen(SqlTypeTransforms.FORCE_NULLABLE);

    public static final SqlFunction ATTRIBUTE = function("ATTRIBUTE", NULLABLE_TEXT, true);
    public static final SqlFunction IN_GROUP = function("IN_GROUP", ReturnTypes.BOOLEAN_NOT_NULL, true);
    public static final SqlFunction IN_ROLE = function("IN_ROLE", ReturnTypes.BOOLEAN_NOT_NULL, true);
    public static final SqlFunction PURPOSE = function("PURPOSE", NULLABLE_TEXT, false);
    public static final SqlFunction IS_AGENT = function("IS_AGENT", ReturnTypes.BOOLEAN_NOT_NULL, false);

    /** The operators a policy's expression may use beyond the standard ones. */
    public static final SqlOperatorTable OPERATORS =
            SqlOperatorTables.of(List.of(ATTRIBUTE, IN_GROUP, IN_ROLE, PURPOSE, IS_AGENT));

    private PolicyFunctions() {}

    /**
     * The parameter that stands for a call of one of these functions, or of {@code CURRENT_USER} and its synonyms; null
     * for any other call.
     *
     * @throws IllegalArgumentException where the argument is not a string literal
     */
    public static @Nullable RexNode bind(RexCall call) {
        BoundValue value;
        if (call.getOperator() == ATTRIBUTE) {
            value = new BoundValue.Attribute(literal(call), false);
        } else if (call.getOperator() == IN_GROUP) {
            value = new BoundValue.InGroup(literal(call));
        } else if (call.getOperator() == IN_ROLE) {
            value = new BoundValue.InRole(literal(call));
        } else if (call.getOperator() == PURPOSE) {
            value = new BoundValue.Purpose();
        } else if (call.getOperator() == IS_AGENT) {
            value = new BoundValue.IsAgent();
        } else if (call.getOperator() == SqlStdOperatorTable.CURRENT_USER
                || call.getOperator() == SqlStdOperatorTable.SESSION_USER
                || call.getOperator() == SqlStdOperatorTable.SYSTEM_USER
                || call.getOperator() == SqlStdOperatorTable.USER) {
            value = new BoundValue.UserName();
        } else {
            return null;
        }
        return BoundParameter.of(value, call.getType());
    }

    private static String literal(RexCall call) {
        RexNode argument = call.getOperands().get(0);
        String text = argument instanceof RexLiteral literal ? literal.getValueAs(String.class) : null;
        if (text == null) {
            throw new IllegalArgumentException(call.getOperator().getName() + " takes a string literal");
        }
        return text;
    }

    private static SqlFunction function(String name, SqlReturnTypeInference returns, boolean argument) {
        return new SqlFunction(
                name,
                SqlKind.OTHER_FUNCTION,
                returns,
                null,
                argument ? OperandTypes.family(SqlTypeFamily.CHARACTER) : OperandTypes.NILADIC,
                SqlFunctionCategory.SYSTEM) {
            /** Two executions may differ, but one statement sees one value. */
            @Override
            public boolean isDynamicFunction() {
                return true;
            }
        };
    }
}
