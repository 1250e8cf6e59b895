package io.ambrotype.cli;

import io.ambrotype.compare.Comparison;
import io.ambrotype.compare.KeyDifference;
import java.util.List;
import java.util.Locale;

/**
 * A key that is not the same on two sides, as results show it.
 *
 * @param slot its hash slot
 * @param database its database
 * @param key the key; bytes that cannot be printed as {@code \xhh}
 * @param difference whether values differ, or which side alone has it: {@code only-} and its name
 */
record DifferentKey(int slot, int database, String key, String difference) {
    private static final int MOST_SHOWN = 10;
    private static final int LONGEST_KEY = 200;

    /** The first keys that a comparison names; the sides are called as given. */
    static List<DifferentKey> of(Comparison comparison, String here, String there) {
        return comparison.keys().stream()
                .limit(MOST_SHOWN)
                .map(key -> new DifferentKey(
                        key.slot(), key.database(), shortened(key.key()), difference(key.kind(), here, there)))
                .toList();
    }

    private static String difference(KeyDifference.Kind kind, String here, String there) {
        return switch (kind) {
            case DIFFERENT -> "different";
            case ONLY_HERE -> "only-" + here.toLowerCase(Locale.ROOT);
            case ONLY_THERE -> "only-" + there.toLowerCase(Locale.ROOT);
        };
    }

    private static String shortened(String key) {
        return key.length() <= LONGEST_KEY ? key : key.substring(0, LONGEST_KEY) + "…";
    }

    /** A line for people. */
    String text() {
        return key + (database == 0 ? "" : " (database " + database + ")") + ": "
                + switch (difference) {
                    case "different" -> "another value or expiry";
                    default -> "only in the " + difference.substring("only-".length());
                };
    }
}
