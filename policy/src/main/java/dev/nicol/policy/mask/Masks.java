package dev.nicol.policy.mask;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.rel.type.RelDataType;

/** The one explicit list of mask kinds. */
public final class Masks {
    public static final List<MaskType> ALL = List.of(
            Redact.TYPE,
            Partial.TYPE,
            Hash.TYPE,
            Tokenize.TYPE,
            Nullify.TYPE,
            Constant.TYPE,
            Bucket.TYPE,
            DatePart.TYPE,
            RedactText.TYPE,
            Custom.TYPE);

    private Masks() {}

    public static Optional<MaskType> named(String kind) {
        return ALL.stream().filter(type -> type.kind().equals(kind)).findFirst();
    }

    /** What a tagged column shows where no rule says otherwise: text is redacted, everything else is NULL. */
    public static Mask entityDefault(RelDataType columnType) {
        return Redact.DEFAULT.misfit(columnType) == null ? Redact.DEFAULT : new Nullify();
    }
}
