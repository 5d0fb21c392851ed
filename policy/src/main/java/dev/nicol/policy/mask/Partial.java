package dev.nicol.policy.mask;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * {@code partial}: the first and last characters stay, every other one is replaced. Text only.
 *
 * @param first how many characters at the beginning stay
 * @param last how many at the end
 * @param with one character
 */
public record Partial(int first, int last, String with) implements Mask {
    /** Most characters that {@code first} or {@code last} may leave. */
    public static final int MAX_SHOWN = 1000;

    static final MaskType TYPE = new MaskType(
            "partial",
            Set.of("first", "last", "with"),
            parameters -> new Partial(
                    TextMasks.count(parameters, "first", 0, MAX_SHOWN),
                    TextMasks.count(parameters, "last", 4, MAX_SHOWN),
                    TextMasks.text(parameters, "with", "*")));

    public Partial {
        if (first < 0 || first > MAX_SHOWN || last < 0 || last > MAX_SHOWN) {
            throw new IllegalArgumentException("`first` and `last` must be whole numbers from 0 to " + MAX_SHOWN);
        }
        if (with.codePointCount(0, with.length()) != 1) {
            throw new IllegalArgumentException("`with` must be one character, so that values keep their length");
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

    /** The length stays, so that VARCHAR(n) keeps its type; what CHAR pads with must not be masked, so it becomes text. */
    @Override
    public RexNode apply(RexBuilder builder, RexNode raw) {
        RexNode text = raw.getType().getSqlTypeName() == SqlTypeName.CHAR ? TextMasks.widened(builder, raw) : raw;
        return builder.makeCall(
                text.getType(),
                MaskFunctions.PARTIAL,
                List.of(
                        text,
                        builder.makeExactLiteral(BigDecimal.valueOf(first)),
                        builder.makeExactLiteral(BigDecimal.valueOf(last)),
                        builder.makeLiteral(with)));
    }

    @Override
    public boolean sentinel(String value) {
        int[] characters = value.codePoints().toArray();
        boolean isShort = characters.length <= first + last;
        int from = isShort ? 0 : first;
        int to = isShort ? characters.length : characters.length - last;
        return from < to && Arrays.stream(characters, from, to).allMatch(character -> character == with.codePointAt(0));
    }

    @Override
    public String toString() {
        return "{kind: partial, first: " + first + ", last: " + last + ", with: '" + with.replace("'", "''") + "'}";
    }
}
