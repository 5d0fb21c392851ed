package dev.nicol.policy.mask;

import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.jspecify.annotations.Nullable;

/** {@code redact}: the same text for every value. Text only. */
public record Redact(String with) implements Mask {
    /** Longest replacement, in characters. */
    public static final int MAX_LENGTH = 1000;

    static final MaskType TYPE =
            new MaskType("redact", Set.of("with"), parameters -> new Redact(TextMasks.text(parameters, "with", "***")));

    /** What an entity's column shows where no rule says otherwise. */
    public static final Redact DEFAULT = new Redact("***");

    public Redact {
        if (with.isEmpty() || with.codePointCount(0, with.length()) > MAX_LENGTH) {
            throw new IllegalArgumentException("`with` must have from 1 to " + MAX_LENGTH + " characters");
        }
    }

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
        return TextMasks.fixed(builder, raw, with);
    }

    @Override
    public boolean sentinel(String value) {
        return value.equals(with);
    }

    @Override
    public String toString() {
        return "{kind: redact, with: '" + with.replace("'", "''") + "'}";
    }
}
