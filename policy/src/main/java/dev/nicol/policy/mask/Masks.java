package dev.nicol.policy.mask;

import java.util.List;
import java.util.Optional;
import java.util.Set;
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

    /** The tag of what people wrote: the text as such is no secret. */
    private static final Set<String> FREE_TEXT = Set.of("FREE_TEXT");

    private static final Mask ALL_ENTITIES = new RedactText(List.of());

    private Masks() {}

    public static Optional<MaskType> named(String kind) {
        return ALL.stream().filter(type -> type.kind().equals(kind)).findFirst();
    }

    /**
     * What a tagged column shows where no rule says otherwise: free text without the entities inside it, other text
     * redacted, everything else NULL.
     *
     * @param tags at least one
     */
    public static Mask entityDefault(Set<String> tags, RelDataType columnType) {
        if (Redact.DEFAULT.misfit(columnType) != null) {
            return new Nullify();
        }
        return tags.equals(FREE_TEXT) ? ALL_ENTITIES : Redact.DEFAULT;
    }
}
