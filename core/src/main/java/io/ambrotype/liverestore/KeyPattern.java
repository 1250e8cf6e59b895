package io.ambrotype.liverestore;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pattern for keys as KEYS and SCAN read it: {@code *}, {@code ?}, {@code [a-z]}, {@code [^a]}, and a backslash before what is
 * meant as it is ({@code stringmatchlen} in redis/src/util.c). It matches bytes. Immutable.
 */
final class KeyPattern {
    private static final int BYTES = 256;

    /** For every place the bytes that it takes; null for a star. */
    private final List<@Nullable BitSet> places = new ArrayList<>();

    private KeyPattern(byte[] pattern) {
        int at = 0;
        while (at < pattern.length) {
            int c = pattern[at++] & 0xff;
            if (c == '*') {
                places.add(null);
            } else if (c == '?') {
                places.add(all());
            } else if (c == '[') {
                at = readSet(pattern, at);
            } else {
                places.add(only(c == '\\' && at < pattern.length ? pattern[at++] & 0xff : c));
            }
        }
    }

    static KeyPattern of(String pattern) {
        return new KeyPattern(pattern.getBytes(StandardCharsets.UTF_8));
    }

    boolean matches(byte[] buffer, int offset, int length) {
        int place = 0;
        int at = 0;
        int star = -1;
        int tried = 0;
        while (at < length) {
            BitSet set = place < places.size() ? places.get(place) : null;
            if (set != null && set.get(buffer[offset + at] & 0xff)) {
                place++;
                at++;
            } else if (place < places.size() && set == null) {
                star = place++;
                tried = at;
            } else if (star >= 0) {
                place = star + 1;
                at = ++tried;
            } else {
                return false;
            }
        }
        while (place < places.size() && places.get(place) == null) {
            place++;
        }
        return place == places.size();
    }

    /** What is between brackets; one that is not closed goes on to the end. */
    private int readSet(byte[] pattern, int from) {
        int at = from;
        boolean not = at < pattern.length && pattern[at] == '^';
        if (not) {
            at++;
        }
        BitSet set = new BitSet(BYTES);
        while (at < pattern.length && pattern[at] != ']') {
            if (pattern[at] == '\\' && at + 1 < pattern.length) {
                at++;
            }
            int first = pattern[at++] & 0xff;
            int last = first;
            if (at + 1 < pattern.length && pattern[at] == '-') {
                last = pattern[at + 1] & 0xff;
                at += 2;
            }
            set.set(Math.min(first, last), Math.max(first, last) + 1);
        }
        if (not) {
            set.flip(0, BYTES);
        }
        places.add(set);
        return at + 1;
    }

    private static BitSet all() {
        BitSet set = new BitSet(BYTES);
        set.set(0, BYTES);
        return set;
    }

    private static BitSet only(int value) {
        BitSet set = new BitSet(BYTES);
        set.set(value);
        return set;
    }
}
