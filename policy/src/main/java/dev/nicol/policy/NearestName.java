package dev.nicol.policy;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds what a mistyped name was meant to be. */
public final class NearestName {
    /** One wrong character is forgiven for so many characters of the name, and at least two in all. */
    private static final int CHARACTERS_PER_ERROR = 3;

    /** Names longer than this get no suggestion: the comparison's cost grows with the square of the length. */
    private static final int MAX_LENGTH = 200;

    private NearestName() {}

    /** The candidate that is most like {@code word}, without regard to case; empty when none is like it. */
    public static Optional<String> of(String word, Collection<String> candidates) {
        if (word.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        int allowed = Math.max(2, word.length() / CHARACTERS_PER_ERROR);
        String best = null;
        int bestDistance = allowed + 1;
        for (String candidate : candidates.stream().sorted().toList()) {
            if (candidate.length() > MAX_LENGTH) {
                continue;
            }
            int distance = distance(word.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (distance < bestDistance && distance < Math.max(word.length(), candidate.length())) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return Optional.ofNullable(best);
    }

    /** {@code " — did you mean `x`?"}, or the empty string. */
    public static String hint(String word, Collection<String> candidates) {
        return of(word, candidates)
                .map(name -> " — did you mean `" + name + "`?")
                .orElse("");
    }

    /** Insertions, deletions, replacements and swaps of neighbours, each counting one. */
    private static int distance(String left, String right) {
        int[][] cost = new int[left.length() + 1][right.length() + 1];
        for (int i = 0; i <= left.length(); i++) {
            cost[i][0] = i;
        }
        for (int j = 0; j <= right.length(); j++) {
            cost[0][j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            for (int j = 1; j <= right.length(); j++) {
                int replaced = cost[i - 1][j - 1] + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                cost[i][j] = Math.min(replaced, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
                if (i > 1
                        && j > 1
                        && left.charAt(i - 1) == right.charAt(j - 2)
                        && left.charAt(i - 2) == right.charAt(j - 1)) {
                    cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
                }
            }
        }
        return cost[left.length()][right.length()];
    }
}
