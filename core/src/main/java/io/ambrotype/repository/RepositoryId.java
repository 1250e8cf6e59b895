package io.ambrotype.repository;

import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * Tells repositories apart, wherever they are moved: 32 random hexadecimal digits. Immutable.
 *
 * @param text the digits, lower-case
 */
public record RepositoryId(String text) {
    private static final Pattern FORM = Pattern.compile("[0-9a-f]{32}");

    /** Rejects every other form. */
    public RepositoryId {
        Check.that(FORM.matcher(text).matches(), "'" + text + "' is not a repository id");
    }

    /** A new id. */
    public static RepositoryId random(RandomGenerator random) {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        return new RepositoryId(HexFormat.of().formatHex(bytes));
    }

    /** The digits. */
    @Override
    public String toString() {
        return text;
    }
}
