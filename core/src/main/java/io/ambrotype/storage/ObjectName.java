package io.ambrotype.storage;

import java.util.regex.Pattern;

/**
 * The name of an object in a {@link Store}: one or more segments joined by {@code /}, each of 1 to 128 letters, digits,
 * {@code .}, {@code _} and {@code -} and not beginning with a dot; at most 512 characters in all. Such a name is valid
 * as a relative path on every file system and as a key of every object store, and can never leave its store. Immutable.
 *
 * @param text the name
 */
public record ObjectName(String text) implements Comparable<ObjectName> {
    private static final Pattern FORM =
            Pattern.compile("(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}/)*[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}");

    /** Rejects every other form. */
    public ObjectName {
        if (!isValid(text)) {
            throw new IllegalArgumentException("'" + text + "' is not a name for an object");
        }
    }

    /** Whether an object could have this name. */
    public static boolean isValid(String text) {
        return text.length() <= 512 && FORM.matcher(text).matches();
    }

    @Override
    public int compareTo(ObjectName other) {
        return text.compareTo(other.text);
    }

    // What the compiler would make of a record looks for its methods at run time, which a listing would wait for.

    @Override
    public boolean equals(Object other) {
        return other instanceof ObjectName name && text.equals(name.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** The name itself. */
    @Override
    public String toString() {
        return text;
    }
}
