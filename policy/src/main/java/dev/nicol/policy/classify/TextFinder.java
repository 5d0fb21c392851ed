package dev.nicol.policy.classify;

import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds one kind of entity inside a text. */
interface TextFinder {
    /** The tag, in upper case. */
    String entity();

    /** Reports every place from the text's start to its end. */
    void find(String text, Found found);

    /** Takes what is found: from the first character to the one after the last. */
    @FunctionalInterface
    interface Found {
        void at(int start, int end);
    }

    /**
     * What a pattern finds and a check confirms.
     *
     * @param pattern bounded in length, so that a hostile text costs no more than its length
     */
    static TextFinder of(String entity, Pattern pattern, Predicate<String> check) {
        return new TextFinder() {
            @Override
            public String entity() {
                return entity;
            }

            @Override
            public void find(String text, Found found) {
                Matcher matcher = pattern.matcher(text);
                while (matcher.find()) {
                    if (check.test(matcher.group())) {
                        found.at(matcher.start(), matcher.end());
                    }
                }
            }
        };
    }
}
