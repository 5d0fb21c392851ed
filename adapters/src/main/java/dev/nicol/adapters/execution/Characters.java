package dev.nicol.adapters.execution;

import org.apache.calcite.runtime.SqlFunctions;
import org.jspecify.annotations.Nullable;

/** Texts by characters as the sources count them: one beyond the first 65,536 is one, though Java keeps it as two. */
public final class Characters {
    private Characters() {}

    /** {@code CHAR_LENGTH}. */
    public static @Nullable Integer length(@Nullable String text) {
        return text == null ? null : text.codePointCount(0, text.length());
    }

    /** {@code SUBSTRING(text FROM from)}. */
    public static @Nullable String substringFrom(@Nullable String text, @Nullable Integer from) {
        if (text == null || from == null) {
            return null;
        }
        return part(text, from, Long.MAX_VALUE);
    }

    /** {@code SUBSTRING(text FROM from FOR length)}; a negative length is Calcite's to refuse. */
    public static @Nullable String substring(@Nullable String text, @Nullable Integer from, @Nullable Integer length) {
        if (text == null || from == null || length == null) {
            return null;
        }
        return length < 0 ? SqlFunctions.substring(text, from, length) : part(text, from, (long) from + length);
    }

    /** @param end the first position that is left out */
    private static String part(String text, long from, long end) {
        int characters = text.codePointCount(0, text.length());
        long first = Math.max(from, 1);
        long last = Math.min(end - 1, characters);
        if (first > last) {
            return "";
        }
        int start = text.offsetByCodePoints(0, (int) first - 1);
        return text.substring(start, text.offsetByCodePoints(start, (int) (last - first + 1)));
    }

    /** {@code POSITION(wanted IN text)}. */
    public static @Nullable Integer position(@Nullable String wanted, @Nullable String text) {
        if (wanted == null || text == null) {
            return null;
        }
        int found = text.indexOf(wanted);
        return found < 0 ? 0 : text.codePointCount(0, found) + 1;
    }
}
