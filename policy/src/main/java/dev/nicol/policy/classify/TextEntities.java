package dev.nicol.policy.classify;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Entities inside free text. Time is linear in the text's length, whatever the text is: every pattern is bounded, and
 * looks no further than that from where it starts.
 */
public final class TextEntities {
    /** The entities that can be found inside text. */
    public static final Set<String> ENTITIES = entities();

    /**
     * One entity in a text.
     *
     * @param start its first character
     * @param end the character after its last
     */
    public record Span(String entity, int start, int end) {}

    private TextEntities() {}

    private static Set<String> entities() {
        Set<String> entities = new LinkedHashSet<>();
        TextFinders.ALL.forEach(finder -> entities.add(finder.entity()));
        return java.util.Collections.unmodifiableSet(entities);
    }

    /**
     * The text with each entity replaced by its name in brackets, such as {@code [EMAIL]}. A text without any is
     * returned as it is.
     *
     * @param entities those to replace; empty for all, names that are not in {@link #ENTITIES} find nothing
     */
    public static String redact(String text, Set<String> entities) {
        List<Span> spans = find(text, entities);
        if (spans.isEmpty()) {
            return text;
        }
        StringBuilder redacted = new StringBuilder(text.length());
        int copied = 0;
        for (Span span : spans) {
            redacted.append(text, copied, span.start())
                    .append('[')
                    .append(span.entity())
                    .append(']');
            copied = span.end();
        }
        return redacted.append(text, copied, text.length()).toString();
    }

    /**
     * The entities in a text, from its start to its end, none overlapping. Where two kinds claim the same characters, the
     * one with the stricter check has them.
     *
     * @param entities those to look for; empty for all
     */
    public static List<Span> find(String text, Set<String> entities) {
        List<Span> found = new ArrayList<>();
        boolean[] taken = new boolean[text.length()];
        for (TextFinder finder : TextFinders.ALL) {
            if (entities.isEmpty() || entities.contains(finder.entity())) {
                finder.find(text, (start, end) -> claim(taken, found, new Span(finder.entity(), start, end)));
            }
        }
        found.sort(Comparator.comparingInt(Span::start));
        return List.copyOf(found);
    }

    private static void claim(boolean[] taken, List<Span> found, Span span) {
        for (int i = span.start(); i < span.end(); i++) {
            if (taken[i]) {
                return;
            }
        }
        java.util.Arrays.fill(taken, span.start(), span.end(), true);
        found.add(span);
    }
}
