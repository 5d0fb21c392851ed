package dev.nicol.policy.mask;

import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.jspecify.annotations.Nullable;

/** {@code null}: no value at all. Fits every type; the masked column can be NULL even where the column cannot. */
public record Nullify() implements Mask {
    static final MaskType TYPE = new MaskType("null", TextMasks.NONE, parameters -> new Nullify());

    @Override
    public String kind() {
        return TYPE.kind();
    }

    @Override
    public @Nullable String misfit(RelDataType columnType) {
        return null;
    }

    @Override
    public RexNode apply(RexBuilder builder, RexNode raw) {
        return builder.makeNullLiteral(raw.getType());
    }

    @Override
    public String toString() {
        return "{kind: 'null'}";
    }
}
