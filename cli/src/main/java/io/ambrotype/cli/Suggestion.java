package io.ambrotype.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Guesses what was meant by a word that is not known. */
final class Suggestion {
    private Suggestion() {}

    /** "did you mean 'x'?" for the nearest of the known words, where one is near enough or begins with what was written. */
    static Optional<String> didYouMean(String word, Collection<String> known) {
        return known.stream()
                .filter(candidate ->
                        startsWith(candidate, word) || distance(word, candidate) <= Math.max(1, candidate.length() / 3))
                .min(Comparator.comparing((String candidate) -> !startsWith(candidate, word))
                        .thenComparingInt(candidate -> distance(word, candidate))
                        .thenComparing(Comparator.naturalOrder()))
                .map(candidate -> "did you mean '" + candidate + "'?");
    }

    private static boolean startsWith(String candidate, String word) {
        return word.length() >= 3 && candidate.startsWith(word);
    }

    /** How many letters have to be inserted, removed, replaced or swapped with their neighbour. */
    private static int distance(String a, String b) {
        String from = a.toLowerCase(Locale.ROOT);
        String to = b.toLowerCase(Locale.ROOT);
        int[][] d = new int[from.length() + 1][to.length() + 1];
        for (int i = 0; i <= from.length(); i++) {
            for (int j = 0; j <= to.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int replace = d[i - 1][j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                d[i][j] = Math.min(replace, 1 + Math.min(d[i - 1][j], d[i][j - 1]));
                if (i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[from.length()][to.length()];
    }
}
