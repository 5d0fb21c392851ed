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

/** What the masks of text have in common: which columns they fit, and types that truncate nothing. */
final class TextMasks {
    private TextMasks() {}

    static @Nullable String misfit(String kind, RelDataType columnType) {
        return SqlTypeUtil.inCharFamily(columnType)
                ? null
                : "`" + kind + "` masks text, and the column is `" + columnType.getSqlTypeName() + "`";
    }

    /** Whether a text of so many characters is stored in that type as it is, neither cut nor padded. */
    static boolean holds(RelDataType type, int characters) {
        return type.getSqlTypeName() == SqlTypeName.CHAR
                ? type.getPrecision() == characters
                : unbounded(type) || type.getPrecision() >= characters;
    }

    static boolean unbounded(RelDataType type) {
        return type.getSqlTypeName() == SqlTypeName.VARCHAR
                && type.getPrecision() == RelDataType.PRECISION_NOT_SPECIFIED;
    }

    /** Text of any length with the character set, collation and nullability of {@code type}. */
    static RelDataType unbounded(RelDataTypeFactory types, RelDataType type) {
        RelDataType text = types.createSqlType(SqlTypeName.VARCHAR);
        if (type.getCharset() != null && type.getCollation() != null) {
            text = types.createTypeWithCharsetAndCollation(text, type.getCharset(), type.getCollation());
        }
        return types.createTypeWithNullability(text, type.isNullable());
    }

    /** The value as text of any length; itself when it is that already. */
    static RexNode widened(RexBuilder builder, RexNode raw) {
        return unbounded(raw.getType())
                ? raw
                : builder.makeAbstractCast(unbounded(builder.getTypeFactory(), raw.getType()), raw, false);
    }

    /** That text for every value but NULL; in the type of {@code raw} where it fits there. */
    static RexNode fixed(RexBuilder builder, RexNode raw, String text) {
        RelDataType type = holds(raw.getType(), text.codePointCount(0, text.length()))
                ? raw.getType()
                : unbounded(builder.getTypeFactory(), raw.getType());
        RelDataType present = builder.getTypeFactory().createTypeWithNullability(type, false);
        return unlessNull(builder, raw, type, builder.makeCast(present, builder.makeLiteral(text)));
    }

    /** A value for every one but NULL. */
    static RexNode unlessNull(RexBuilder builder, RexNode raw, RelDataType type, RexNode value) {
        if (!raw.getType().isNullable()) {
            return value;
        }
        return builder.makeCall(
                type,
                SqlStdOperatorTable.CASE,
                List.of(builder.makeCall(SqlStdOperatorTable.IS_NULL, raw), builder.makeNullLiteral(type), value));
    }

    /**
     * A text parameter, or its default.
     *
     * @throws IllegalArgumentException when it is not text
     */
    static String text(Map<String, Object> parameters, String name, String otherwise) {
        Object value = parameters.getOrDefault(name, otherwise);
        if (value instanceof String text && !text.isEmpty()) {
            return text;
        }
        throw new IllegalArgumentException("`" + name + "` must be text — write it in quotes");
    }

    /**
     * A whole-number parameter, or its default.
     *
     * @throws IllegalArgumentException when it is none, or not from 0 to {@code max}
     */
    static int count(Map<String, Object> parameters, String name, int otherwise, int max) {
        Object value = parameters.getOrDefault(name, (long) otherwise);
        if (value instanceof Long count && count >= 0 && count <= max) {
            return count.intValue();
        }
        throw new IllegalArgumentException("`" + name + "` must be a whole number from 0 to " + max);
    }

    /** No parameters at all. */
    static final Set<String> NONE = Set.of();
}
