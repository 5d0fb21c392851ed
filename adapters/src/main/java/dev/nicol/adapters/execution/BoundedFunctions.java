package dev.nicol.adapters.execution;

import dev.nicol.adapters.dialect.PushableOperators;
import dev.nicol.policy.NicolError;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.schema.ScalarFunction;
import org.apache.calcite.schema.impl.ScalarFunctionImpl;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.InferTypes;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.validate.SqlUserDefinedFunction;
import org.jspecify.annotations.Nullable;

/**
 * Guards in front of what the engine computes with numbers of any length: a text of nine characters, {@code 1E99999999}, is
 * a decimal of a hundred million digits, and making it takes a core for minutes in which nothing can be cancelled.
 */
public final class BoundedFunctions {
    /** No database's decimals have more digits, nor do ours by far. */
    private static final int DIGITS_LIMIT = 1_000;

    private static final SqlUserDefinedFunction NUMBER_TEXT = function("NICOL_NUMBER_TEXT", "numberText");
    private static final SqlUserDefinedFunction DIGITS = function("NICOL_DIGITS", "digits");

    private BoundedFunctions() {}

    /** The same plan with the guards in place. */
    static RelNode apply(RelNode plan) {
        List<RelNode> inputs = new ArrayList<>();
        plan.getInputs().forEach(input -> inputs.add(apply(input)));
        RelNode copy = inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
        RexBuilder rex = plan.getCluster().getRexBuilder();
        return copy.accept(new RexShuttle() {
            @Override
            public RexNode visitCall(RexCall call) {
                RexNode visited = super.visitCall(call);
                return visited instanceof RexCall bare ? guarded(bare, rex) : visited;
            }
        });
    }

    private static RexNode guarded(RexCall call, RexBuilder rex) {
        String name = call.getOperator().getName();
        boolean converts = (call.getKind() == SqlKind.CAST || call.getKind() == SqlKind.SAFE_CAST)
                && call.getType().getSqlTypeName() == SqlTypeName.DECIMAL
                && PushableOperators.isText(call.getOperands().get(0).getType());
        boolean rounds = call.getOperands().size() == 2 && (name.equals("ROUND") || name.equals("TRUNCATE"));
        if (converts) {
            return withOperand(call, 0, NUMBER_TEXT, rex);
        }
        return rounds ? withOperand(call, 1, DIGITS, rex) : call;
    }

    private static RexNode withOperand(RexCall call, int index, SqlUserDefinedFunction guard, RexBuilder rex) {
        List<RexNode> operands = new ArrayList<>(call.getOperands());
        RexNode operand = guard == DIGITS ? integer(operands.get(index), rex) : operands.get(index);
        RelDataType type = operand.getType();
        operands.set(index, rex.makeCall(type, guard, List.of(operand)));
        return call.clone(call.getType(), operands);
    }

    private static RexNode integer(RexNode number, RexBuilder rex) {
        RelDataType type = rex.getTypeFactory().createSqlType(SqlTypeName.INTEGER);
        return rex.ensureType(
                rex.getTypeFactory()
                        .createTypeWithNullability(type, number.getType().isNullable()),
                number,
                true);
    }

    private static SqlUserDefinedFunction function(String name, String method) {
        ScalarFunction body = Objects.requireNonNull(ScalarFunctionImpl.create(BoundedFunctions.class, method), method);
        return new SqlUserDefinedFunction(
                new SqlIdentifier(name, SqlParserPos.ZERO),
                SqlKind.OTHER_FUNCTION,
                ReturnTypes.ARG0,
                InferTypes.FIRST_KNOWN,
                null,
                body);
    }

    /** The text, where it is no number out of all proportion. Public because generated code calls it. */
    public static @Nullable String numberText(@Nullable String text) {
        if (text != null) {
            int exponent = Math.max(text.indexOf('e'), text.indexOf('E'));
            long digits = text.length();
            if (exponent >= 0) {
                // What is no number fails in the cast itself.
                String power = text.substring(exponent + 1).strip();
                digits += power.matches("[+-]?[0-9]{1,9}") ? Math.abs(Long.parseLong(power)) : power.length() * 1_000L;
            }
            if (digits > DIGITS_LIMIT) {
                throw tooLong();
            }
        }
        return text;
    }

    /** The number of digits, where it is one. Public because generated code calls it. */
    public static @Nullable Integer digits(@Nullable Integer digits) {
        if (digits != null && (digits > DIGITS_LIMIT || digits < -DIGITS_LIMIT)) {
            throw tooLong();
        }
        return digits;
    }

    private static RuntimeException tooLong() {
        return NicolError.DATA.because("A number of more than " + DIGITS_LIMIT + " digits does not fit any column.");
    }
}
