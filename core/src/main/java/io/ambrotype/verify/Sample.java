package io.ambrotype.verify;

import io.ambrotype.rdb.HashSlot;
import io.ambrotype.topology.SlotSet;
import java.util.BitSet;

/**
 * One of so many parts of something that is verified part by part: together the parts 0 to {@code parts - 1} are all of it.
 *
 * @param part which one, from 0
 * @param parts how many there are; 0 for no part of anything
 */
public record Sample(int part, int parts) {
    /** Everything. */
    public static final Sample ALL = new Sample(0, 1);

    /** Nothing. */
    public static final Sample NONE = new Sample(0, 0);

    private static final int MOST_PARTS = HashSlot.COUNT;

    /** Rejects parts that do not exist. */
    public Sample {
        if (part < 0 || part >= Math.max(parts, 1) || parts > MOST_PARTS) {
            throw new IllegalArgumentException("there is no part " + part + " of " + parts);
        }
    }

    /**
     * The part that a seed chooses. Consecutive seeds choose parts in turn, so that as many of them as there are parts
     * choose every one.
     *
     * @param percent how much of the whole a part is at least
     * @throws IllegalArgumentException where that is not above 0 and at most 100, or a part were less than a slot
     */
    public static Sample of(double percent, long seed) {
        if (!(percent > 0) || percent > 100) {
            throw new IllegalArgumentException("a sample is more than 0 % and at most 100 %, not " + percent + " %");
        }
        double parts = Math.floor(100 / percent);
        if (parts > MOST_PARTS) {
            throw new IllegalArgumentException("a sample is at least one of " + MOST_PARTS + " slots");
        }
        return new Sample(Math.floorMod(seed, (int) parts), (int) parts);
    }

    /** The hash slots of this part. Keys are spread over slots evenly whatever they are called, so any choice will do. */
    public SlotSet slots() {
        BitSet slots = new BitSet(HashSlot.COUNT);
        for (int slot = part; parts > 0 && slot < HashSlot.COUNT; slot += parts) {
            slots.set(slot);
        }
        return SlotSet.of(slots);
    }

    /** Whether this part of so many things has the one of that index; with fewer things than parts, each part has one. */
    boolean has(int index, int count) {
        int shares = Math.min(parts, count);
        return shares > 0 && index % shares == part % shares;
    }
}
