package io.ambrotype.topology;

import io.ambrotype.rdb.HashSlot;

/**
 * Adjacent hash slots, both ends included. Immutable; ordered by the first slot. Printed as servers print it:
 * {@code 0-5460}, or {@code 5461} for a single slot.
 *
 * @param first the lowest slot, 0 to 16383
 * @param last the highest slot, {@code first} to 16383
 */
public record SlotRange(int first, int last) implements Comparable<SlotRange> {
    static final int HIGHEST = HashSlot.COUNT - 1;

    /** Rejects slots that do not exist and ends in the wrong order. */
    public SlotRange {
        if (first < 0 || last > HIGHEST || first > last) {
            throw new IllegalArgumentException(
                    "slots " + first + "-" + last + " are not a range within 0 to " + HIGHEST);
        }
    }

    /** How many slots these are. */
    public int size() {
        return last - first + 1;
    }

    @Override
    public int compareTo(SlotRange other) {
        int byFirst = Integer.compare(first, other.first);
        return byFirst != 0 ? byFirst : Integer.compare(last, other.last);
    }

    @Override
    public String toString() {
        return first == last ? Integer.toString(first) : first + "-" + last;
    }
}
