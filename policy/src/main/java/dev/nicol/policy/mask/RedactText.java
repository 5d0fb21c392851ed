package dev.nicol.policy.mask;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.jspecify.annotations.Nullable;

/**
 * {@code redact_text}: entities inside free text replaced by their names in brackets, such as {@code [EMAIL]}. Text only.
 * No source computes it: the engine does, right above what it reads.
 *
 * @param entities sorted; empty for all that there are
 */
public record RedactText(List<String> entities) implements Mask {
    /** What can be found inside text: {@code policy.classify.TextEntities} finds them. */
    public static final Set<String> ENTITIES = Set.of(
            "PRIVATE_KEY",
            "JWT",
            "API_KEY",
            "PASSWORD",
            "EMAIL",
            "IBAN",
            "IT_CODICE_FISCALE",
            "CREDIT_CARD",
            "BR_CNPJ",
            "BR_CPF",
            "MAC",
            "IP",
            "IN_AADHAAR",
            "UK_NHS",
            "US_SSN",
            "US_ITIN",
            "UK_NINO",
            "ES_NIF",
            "PL_PESEL",
            "PHONE");

    static final MaskType TYPE = new MaskType("redact_text", Set.of("entities"), Set.of("entities"), RedactText::read);

    public RedactText {
        entities = List.copyOf(new TreeSet<>(entities));
    }

    private static Mask read(Map<String, Object> parameters) {
        Object given = parameters.getOrDefault("entities", List.of());
        Collection<?> words = given instanceof Collection<?> list ? list : List.of(given);
        List<String> entities = words.stream().map(String::valueOf).toList();
        for (String entity : entities) {
            if (!ENTITIES.contains(entity)) {
                throw new IllegalArgumentException(
                        "unknown entity `" + entity + "` — use one of " + String.join(", ", new TreeSet<>(ENTITIES)));
            }
        }
        return new RedactText(entities);
    }

    @Override
    public String kind() {
        return TYPE.kind();
    }

    @Override
    public @Nullable String misfit(RelDataType columnType) {
        return TextMasks.misfit(kind(), columnType);
    }

    /** The replacement can be longer than what it replaces. */
    @Override
    public RexNode apply(RexBuilder builder, RexNode raw) {
        RexNode text = TextMasks.widened(builder, raw);
        return builder.makeCall(
                text.getType(),
                MaskFunctions.REDACT_TEXT,
                List.of(text, builder.makeLiteral(String.join(",", entities))));
    }

    /** Whether a text holds an entity's name where the mask would have put it. */
    @Override
    public boolean sentinel(String value) {
        Collection<String> shown = entities.isEmpty() ? ENTITIES : entities;
        return shown.stream().anyMatch(entity -> value.contains("[" + entity + "]"));
    }

    @Override
    public String toString() {
        return entities.isEmpty()
                ? "{kind: redact_text}"
                : "{kind: redact_text, entities: [" + String.join(", ", entities) + "]}";
    }
}
