package io.ambrotype.compare;

/**
 * A key whose data are not the same in two snapshots. Immutable.
 *
 * @param slot its hash slot
 * @param database its database
 * @param key the key; bytes that cannot be printed as {@code \xhh}
 * @param kind how it differs
 */
public record KeyDifference(int slot, int database, String key, Kind kind) {
    /** How the data of a key differ. */
    public enum Kind {
        /** Only the first snapshot has the key. */
        ONLY_HERE,
        /** Only the second snapshot has it. */
        ONLY_THERE,
        /** Both have it, with another value, type or expiry. */
        DIFFERENT
    }
}
