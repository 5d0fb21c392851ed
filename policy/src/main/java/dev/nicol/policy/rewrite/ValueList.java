package dev.nicol.policy.rewrite;

import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.type.InferTypes;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * {@code x IN (?, ?, …)} as one operator: Calcite knows lists of literals and nested ORs only, and thousands of ORs are
 * neither planned nor parsed in reasonable time. Every source computes it, NULLs included.
 */
public final class ValueList extends SqlSpecialOperator {
    public static final ValueList IN = new ValueList();

    private ValueList() {
        super(
                "IN VALUES",
                SqlKind.OTHER,
                30,
                true,
                ReturnTypes.BOOLEAN_NULLABLE,
                InferTypes.FIRST_KNOWN,
                OperandTypes.VARIADIC);
    }

    /** @param operands the value looked for, and one parameter or more */
    static RexNode of(RexBuilder rex, List<RexNode> operands) {
        RelDataType bool = rex.getTypeFactory().createSqlType(SqlTypeName.BOOLEAN);
        boolean nullable =
                operands.stream().anyMatch(operand -> operand.getType().isNullable());
        return rex.makeCall(rex.getTypeFactory().createTypeWithNullability(bool, nullable), IN, List.copyOf(operands));
    }

    @Override
    public void unparse(SqlWriter writer, SqlCall call, int leftPrecedence, int rightPrecedence) {
        call.operand(0).unparse(writer, getLeftPrec(), getLeftPrec());
        writer.sep("IN");
        SqlWriter.Frame list = writer.startList("(", ")");
        for (int i = 1; i < call.operandCount(); i++) {
            writer.sep(",");
            call.operand(i).unparse(writer, 0, 0);
        }
        writer.endList(list);
    }
}
