package dev.nicol.server.wire;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * JDBC's metadata patterns: {@code %} any characters, {@code _} one, {@code \} takes the next as it is. Case does not
 * matter: clients fold names as they believe the server does.
 */
final class NamePatternMatcher {
    private static final char ESCAPE = '\\';

    private final @Nullable String pattern;

    private NamePatternMatcher(@Nullable String pattern) {
        this.pattern = pattern;
    }

    /** Null matches everything. */
    static NamePatternMatcher of(@Nullable String pattern) {
        return new NamePatternMatcher(pattern == null ? null : pattern.toLowerCase(Locale.ROOT));
    }

    /** In time of the product of both lengths at worst, whatever the pattern. */
    boolean matches(String name) {
        String wanted = pattern;
        if (wanted == null) {
            return true;
        }
        String folded = name.toLowerCase(Locale.ROOT);
        int at = 0;
        int in = 0;
        int afterAny = -1;
        int anyTakesUpTo = 0;
        while (in < folded.length()) {
            if (at < wanted.length() && wanted.charAt(at) == '%') {
                afterAny = ++at;
                anyTakesUpTo = in;
            } else if (at < wanted.length() && takes(wanted, at, folded.charAt(in))) {
                at += isEscape(wanted, at) ? 2 : 1;
                in++;
            } else if (afterAny >= 0) {
                at = afterAny;
                in = ++anyTakesUpTo;
            } else {
                return false;
            }
        }
        while (at < wanted.length() && wanted.charAt(at) == '%') {
            at++;
        }
        return at == wanted.length();
    }

    private static boolean takes(String wanted, int at, char character) {
        if (isEscape(wanted, at)) {
            return wanted.charAt(at + 1) == character;
        }
        return wanted.charAt(at) == '_' || wanted.charAt(at) == character;
    }

    private static boolean isEscape(String wanted, int at) {
        return wanted.charAt(at) == ESCAPE && at + 1 < wanted.length();
    }
}
