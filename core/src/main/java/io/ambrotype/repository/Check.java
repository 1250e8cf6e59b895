package io.ambrotype.repository;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** What the records of this package demand of their values. */
final class Check {
    private static final Pattern NODE_ID = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");

    private static final long MAX_COUNT = 1L << 45;

    private Check() {}

    static void that(boolean condition, String complaint) {
        if (!condition) {
            throw new IllegalArgumentException(complaint);
        }
    }

    static void notEmpty(String name, String value) {
        that(!value.isEmpty(), name + " is empty");
    }

    static void notNegative(String name, long value) {
        that(value >= 0, name + " is negative: " + value);
    }

    /** A number of entries or bytes: no dump is beyond 32 TiB, and sums of what is below cannot overflow. */
    static void count(String name, long value) {
        range(name, value, 0, MAX_COUNT);
    }

    static void range(String name, long value, long min, long max) {
        that(value >= min && value <= max, name + " " + value + " is not between " + min + " and " + max);
    }

    /** Node ids and replication ids are forty lower-case hexadecimal digits in every version of the servers. */
    static void hex40(String name, String value) {
        that(NODE_ID.matcher(value).matches(), name + " '" + value + "' is not 40 lower-case hexadecimal digits");
    }

    static void sha256(String name, String value) {
        that(SHA_256.matcher(value).matches(), name + " '" + value + "' is not a SHA-256 in lower-case hexadecimal");
    }

    /** An unmodifiable sorted copy. */
    static <K extends Comparable<K>, V> SortedMap<K, V> sorted(Map<K, V> map) {
        return Collections.unmodifiableSortedMap(new TreeMap<>(map));
    }
}
