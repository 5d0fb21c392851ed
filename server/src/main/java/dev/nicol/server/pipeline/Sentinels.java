package dev.nicol.server.pipeline;

import dev.nicol.policy.Decision;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.mask.Mask;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/**
 * Keeps masks' output from being written as if it were data: who reads {@code ***} and writes it back destroys what the
 * mask hides.
 */
final class Sentinels {
    private final Decision.Column column;
    private final Mask mask;
    private final List<Guarded> guarded = new ArrayList<>();

    private Sentinels(Decision.Column column, Mask mask) {
        this.column = column;
        this.mask = mask;
    }

    /** A parameter that is written into a masked column: looked at when its value is known. */
    record Guarded(int parameter, String column, Mask mask) {}

    /**
     * Looks at rows that a statement spells out itself.
     *
     * @param columns of the target, in the order of the rows' fields
     * @return parameters to look at before the write runs
     * @throws NicolException {@code NOT_PERMITTED} where a literal looks like a mask's output
     */
    static List<Guarded> in(Decision decision, List<String> columns, RelNode rows) {
        List<Guarded> all = new ArrayList<>();
        for (Decision.Column column : decision.columns()) {
            int field = columns.indexOf(column.name());
            if (column.mask() != null && field >= 0) {
                Sentinels sentinels = new Sentinels(column, column.mask());
                sentinels.field(rows, field);
                all.addAll(sentinels.guarded);
            }
        }
        return all;
    }

    /** Looks at the values of guarded parameters. */
    static void refuse(Body body, IntFunction<@Nullable Object> parameters) {
        if (body instanceof Body.Insert insert) {
            for (Guarded guarded : insert.guarded()) {
                String text = text(parameters.apply(guarded.parameter()));
                if (text != null && guarded.mask().sentinel(text)) {
                    throw refused(guarded.column());
                }
            }
        }
    }

    private static @Nullable String text(@Nullable Object value) {
        if (value instanceof Number number) {
            return new BigDecimal(number.toString()).toPlainString();
        }
        return value instanceof String text ? text.stripTrailing() : null;
    }

    private static NicolException refused(String column) {
        return NicolError.NOT_PERMITTED.because("Column `" + column
                + "` is masked for you, and this value looks like what the mask shows, not like real data. Write the real"
                + " value, or leave the column out.");
    }

    private void field(RelNode rows, int field) {
        if (rows instanceof Values values) {
            values.getTuples().forEach(tuple -> literal(tuple.get(field)));
        } else if (rows instanceof Project project) {
            expression(project.getProjects().get(field), project.getInput());
        } else if (rows instanceof SetOp || rows instanceof Filter || rows instanceof Sort) {
            rows.getInputs().forEach(input -> field(input, field));
        } else {
            unknown(rows.getRowType().getFieldList().get(field).getType());
        }
    }

    private void expression(RexNode expression, RelNode input) {
        if (expression.getKind() == SqlKind.CAST) {
            expression(((RexCall) expression).getOperands().get(0), input);
        } else if (expression instanceof RexInputRef reference) {
            field(input, reference.getIndex());
        } else if (expression instanceof RexLiteral literal) {
            literal(literal);
        } else if (expression instanceof RexDynamicParam parameter) {
            guarded.add(new Guarded(parameter.getIndex(), column.name(), mask));
        } else {
            unknown(expression.getType());
        }
    }

    private void literal(RexLiteral literal) {
        boolean number = SqlTypeUtil.isNumeric(literal.getType());
        String text = literal.isNull()
                ? null
                : number
                        ? text(literal.getValueAs(BigDecimal.class))
                        : SqlTypeUtil.inCharFamily(literal.getType()) ? text(literal.getValueAs(String.class)) : null;
        if (text != null && mask.sentinel(text)) {
            throw refused(column.name());
        }
    }

    /** What a text will be is known of plain values only. */
    private void unknown(RelDataType type) {
        if (SqlTypeUtil.inCharFamily(type)) {
            throw NicolError.NOT_PERMITTED.because("Column `" + column.name()
                    + "` is masked for you, so only plain values may be written into it: no computed text.");
        }
    }
}
