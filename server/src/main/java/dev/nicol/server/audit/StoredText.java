package dev.nicol.server.audit;

/** Text on its way into the store. */
public final class StoredText {
    private StoredText() {}

    /**
     * The text with U+FFFD for what not every store can keep: halves of surrogate pairs (not expressible in UTF-8) and
     * U+0000 (PostgreSQL). A client may send both; neither may stop the trail.
     */
    public static String writable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (unit == 0 || Character.isSurrogate(unit)) {
                return repaired(text);
            }
        }
        return text;
    }

    private static String repaired(String text) {
        StringBuilder repaired = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> point == 0 || (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE)
                        ? 0xFFFD
                        : point)
                .forEach(repaired::appendCodePoint);
        return repaired.toString();
    }
}
