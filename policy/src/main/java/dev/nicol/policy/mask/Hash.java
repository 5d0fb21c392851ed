package dev.nicol.policy.mask;

import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.BoundValue;
import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** {@code hash}: lower-case hex of a keyed SHA-256 (HMAC). Text only; the key is bound at execution. */
public record Hash() implements Mask {
    /** Characters of the result. */
    public static final int LENGTH = 64;

    static final MaskType TYPE = new MaskType("hash", TextMasks.NONE, parameters -> new Hash());

    @Override
    public String kind() {
        return TYPE.kind();
    }

    @Override
    public @Nullable String misfit(RelDataType columnType) {
        return TextMasks.misfit(kind(), columnType);
    }

    @Override
    public RexNode apply(RexBuilder builder, RexNode raw) {
        boolean fits = raw.getType().getSqlTypeName() == SqlTypeName.VARCHAR && TextMasks.holds(raw.getType(), LENGTH);
        RexNode text = fits ? raw : TextMasks.widened(builder, raw);
        return builder.makeCall(
                text.getType(), MaskFunctions.HASH, List.of(text, pad(builder, false), pad(builder, true)));
    }

    /** One of the key's two pads: its value is bound at execution. */
    static RexNode pad(RexBuilder builder, boolean outer) {
        RelDataType bytes = builder.getTypeFactory().createSqlType(SqlTypeName.VARBINARY);
        return BoundParameter.of(new BoundValue.KeyPad(outer), bytes);
    }

    @Override
    public boolean sentinel(String value) {
        return value.length() == LENGTH && value.chars().allMatch(digit -> "0123456789abcdef".indexOf(digit) >= 0);
    }

    @Override
    public String toString() {
        return "{kind: hash}";
    }
}
