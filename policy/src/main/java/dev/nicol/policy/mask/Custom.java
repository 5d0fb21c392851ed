package dev.nicol.policy.mask;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/**
 * {@code custom}: an expression over the row as it is stored, in the column's type. It may read every column of the row,
 * masked and denied ones too. It is turned into a plan where the table is sealed, because only there the row is known.
 *
 * @param sql the expression as the policy file has it
 */
public record Custom(String sql) implements Mask {
    /** Longest expression, in characters. */
    public static final int MAX_LENGTH = 10_000;

    static final MaskType TYPE = new MaskType("custom", Set.of("sql"), Custom::read);

    public Custom {
        if (sql.isBlank() || sql.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("`sql` must have from 1 to " + MAX_LENGTH + " characters");
        }
    }

    private static Mask read(Map<String, Object> parameters) {
        if (parameters.get("sql") instanceof String sql) {
            return new Custom(sql);
        }
        throw new IllegalArgumentException("`sql` is missing — write an expression over the row, in quotes");
    }

    @Override
    public String kind() {
        return TYPE.kind();
    }

    /** Fits every type; {@link #misfit(RelDataType, RelDataType)} knows more once the expression has a type. */
    @Override
    public @Nullable String misfit(RelDataType columnType) {
        return null;
    }

    /** Why an expression of that type cannot stand for a column of another; null when it can. */
    public static @Nullable String misfit(RelDataType columnType, RelDataType expressionType) {
        boolean text = SqlTypeUtil.inCharFamily(columnType) && SqlTypeUtil.inCharFamily(expressionType);
        boolean number = SqlTypeUtil.isExactNumeric(columnType) && SqlTypeUtil.isExactNumeric(expressionType)
                || SqlTypeUtil.isApproximateNumeric(columnType) && SqlTypeUtil.isNumeric(expressionType);
        boolean same = columnType.getSqlTypeName() == expressionType.getSqlTypeName();
        boolean nothing = expressionType.getSqlTypeName() == SqlTypeName.NULL;
        return text || number || same || nothing
                ? null
                : "the expression is `" + expressionType.getSqlTypeName() + "`, and the column is `"
                        + columnType.getSqlTypeName() + "`";
    }

    /** Shows nothing, in the type that {@link #over} has: for where the expression is not at hand. */
    @Override
    public RexNode apply(RexBuilder builder, RexNode raw) {
        return builder.makeNullLiteral(shown(builder.getTypeFactory(), raw.getType()));
    }

    /**
     * What the expression shows for a column: NULL for NULL, and nothing at all where the types differ.
     *
     * @param expression over the same row as {@code raw}
     */
    public RexNode over(RexBuilder builder, RexNode raw, RexNode expression) {
        RelDataType type = shown(builder.getTypeFactory(), raw.getType());
        if (misfit(raw.getType(), expression.getType()) != null) {
            return builder.makeNullLiteral(type);
        }
        RexNode typed = builder.ensureType(type, expression, true);
        // Written for columns that are never NULL too: the expression may be, or not, whatever the type says.
        return builder.makeCall(
                type,
                SqlStdOperatorTable.CASE,
                List.of(builder.makeCall(SqlStdOperatorTable.IS_NULL, raw), builder.makeNullLiteral(type), typed));
    }

    private static RelDataType shown(RelDataTypeFactory types, RelDataType column) {
        RelDataType type = SqlTypeUtil.inCharFamily(column) ? TextMasks.unbounded(types, column) : column;
        return types.createTypeWithNullability(type, true);
    }

    @Override
    public String toString() {
        return "{kind: custom, sql: '" + sql.replace("'", "''") + "'}";
    }
}
