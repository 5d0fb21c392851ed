package dev.nicol.policy.classify;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Names that people bear in many languages. Sources and licences stand at the top of each list. */
final class PeopleNames {
    private static final Set<String> GIVEN = read("given-names.txt");
    private static final Set<String> FAMILY = read("family-names.txt");
    private static final Pattern MARKS = Pattern.compile("\\p{M}+");
    private static final Pattern NOT_LETTERS = Pattern.compile("[^\\p{L}]+");

    private PeopleNames() {}

    static boolean given(String word) {
        return any(GIVEN, word);
    }

    static boolean family(String word) {
        return any(FAMILY, word);
    }

    private static boolean any(Set<String> names, String word) {
        String plain = MARKS.matcher(Normalizer.normalize(word, Normalizer.Form.NFD))
                .replaceAll("")
                .toLowerCase(Locale.ROOT)
                .replace("ß", "ss")
                .replace('ł', 'l')
                .replace("ø", "o")
                .replace("æ", "ae");
        if (names.contains(NOT_LETTERS.matcher(plain).replaceAll(""))) {
            return true;
        }
        int end = plain.indexOf('-') > 0 ? plain.indexOf('-') : plain.indexOf(' ');
        return end > 0 && names.contains(plain.substring(0, end));
    }

    private static Set<String> read(String resource) {
        try (InputStream stream = Objects.requireNonNull(PeopleNames.class.getResourceAsStream(resource));
                BufferedReader lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            return lines.lines().filter(line -> !line.startsWith("#")).collect(Collectors.toUnmodifiableSet());
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
