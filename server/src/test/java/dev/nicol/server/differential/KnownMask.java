package dev.nicol.server.differential;

import dev.nicol.server.differential.Fixture.Type;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A mask as a policy file writes it, and what it makes of a value that is not NULL, computed here once more.
 *
 * @param longest characters of its longest result; 0 where it keeps a value's length
 */
record KnownMask(String yaml, Set<Type> fits, int longest, Function<Object, @Nullable Object> expected) {
    private static final Set<Type> TEXT = EnumSet.of(Type.TEXT);

    /** Every mask that the differential test knows. Another one is another line. */
    static List<KnownMask> all(byte[] key) {
        return List.of(
                new KnownMask("{kind: 'null'}", EnumSet.allOf(Type.class), 0, value -> null),
                new KnownMask("{kind: redact}", TEXT, 0, value -> "***"),
                new KnownMask("{kind: redact, with: '12'}", TEXT, 0, value -> "12"),
                new KnownMask("{kind: redact, with: 'IT''S MORE THAN TEN'}", TEXT, 18, value -> "IT'S MORE THAN TEN"),
                new KnownMask("{kind: partial, last: 2}", TEXT, 0, value -> partial(value, 0, 2, "*")),
                new KnownMask(
                        "{kind: partial, first: 1, last: 1, with: '#'}", TEXT, 0, value -> partial(value, 1, 1, "#")),
                new KnownMask(
                        "{kind: partial, first: 1, last: 0, with: '0'}", TEXT, 0, value -> partial(value, 1, 0, "0")),
                new KnownMask("{kind: hash}", TEXT, 64, value -> hash(value, key)));
    }

    @Nullable
    Object of(@Nullable Object raw) {
        return raw == null ? null : expected.apply(raw);
    }

    private static String partial(Object value, int first, int last, String with) {
        int[] characters = value.toString().codePoints().toArray();
        StringBuilder masked = new StringBuilder();
        boolean whole = characters.length <= first + last;
        for (int i = 0; i < characters.length; i++) {
            if (!whole && (i < first || i >= characters.length - last)) {
                masked.appendCodePoint(characters[i]);
            } else {
                masked.append(with);
            }
        }
        return masked.toString();
    }

    private static String hash(Object value, byte[] key) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(value.toString().getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException(failure);
        }
    }
}
