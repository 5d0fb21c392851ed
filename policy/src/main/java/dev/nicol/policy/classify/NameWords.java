package dev.nicol.policy.classify;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** A name split into its words: {@code customerEMail_2} is customer, e, mail, 2. Lower case, without accents. */
record NameWords(List<String> words) {
    private static final int LONGEST_NAME = 128;
    private static final int LONGEST_PHRASE_WORDS = 5;

    /** Shorter phrases are found in other words by chance: `pin` in `shipping`. */
    private static final int SHORTEST_PART = 5;

    private static final Pattern BOUNDARY = Pattern.compile(
            "[^\\p{L}\\p{N}]+|(?<=\\p{Ll})(?=\\p{Lu})|(?<=\\p{Lu})(?=\\p{Lu}\\p{Ll})|(?<=\\p{L})(?=\\p{N})|(?<=\\p{N})(?=\\p{L})");
    private static final Pattern MARKS = Pattern.compile("\\p{M}+");

    /**
     * A phrase found in a name.
     *
     * @param rest the words that are not part of it
     * @param whole whether it is made of whole words; otherwise it begins or ends a longer one
     */
    record Match<T>(String phrase, T meaning, List<String> rest, boolean whole) {}

    static NameWords of(String name) {
        String plain = MARKS.matcher(Normalizer.normalize(
                        name.substring(0, Math.min(name.length(), LONGEST_NAME))
                                .replace("ß", "ss")
                                .replace('ł', 'l'),
                        Normalizer.Form.NFD))
                .replaceAll("");
        return new NameWords(BOUNDARY.splitAsStream(plain)
                .filter(word -> !word.isEmpty())
                .map(word -> word.toLowerCase(Locale.ROOT))
                .toList());
    }

    boolean hasAny(Set<String> some) {
        return words.stream().anyMatch(word -> some.contains(word) || some.contains(singular(word)));
    }

    /**
     * The longest of the phrases in this name.
     *
     * @param phrases written without spaces: {@code dateofbirth} is found in {@code Date_Of_Birth} and {@code dateofbirth}
     */
    <T> Optional<Match<T>> longest(Map<String, T> phrases) {
        for (int length = Math.min(LONGEST_PHRASE_WORDS, words.size()); length > 0; length--) {
            for (int start = 0; start + length <= words.size(); start++) {
                String joined = String.join("", words.subList(start, start + length));
                String phrase = phrases.containsKey(joined) ? joined : singular(joined);
                T meaning = phrases.get(phrase);
                if (meaning != null) {
                    return Optional.of(new Match<>(phrase, meaning, without(start, start + length), true));
                }
            }
        }
        return part(phrases);
    }

    private <T> Optional<Match<T>> part(Map<String, T> phrases) {
        for (int at = 0; at < words.size(); at++) {
            String word = words.get(at);
            for (int length = word.length() - 1; length >= SHORTEST_PART; length--) {
                String end = word.substring(word.length() - length);
                String begin = word.substring(0, length);
                T ends = phrases.get(end);
                T begins = phrases.get(begin);
                T meaning = ends != null ? ends : begins;
                if (meaning != null) {
                    List<String> rest = new ArrayList<>(without(at, at + 1));
                    rest.add(ends != null ? word.substring(0, word.length() - length) : word.substring(length));
                    return Optional.of(new Match<>(ends != null ? end : begin, meaning, rest, false));
                }
            }
        }
        return Optional.empty();
    }

    private List<String> without(int start, int end) {
        List<String> rest = new ArrayList<>(words.subList(0, start));
        rest.addAll(words.subList(end, words.size()));
        return rest;
    }

    static String singular(String word) {
        return word.length() > 3 && word.endsWith("s") && !word.endsWith("ss")
                ? word.substring(0, word.length() - 1)
                : word;
    }
}
