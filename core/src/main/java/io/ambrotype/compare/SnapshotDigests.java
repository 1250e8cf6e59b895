package io.ambrotype.compare;

import io.ambrotype.rdb.HashSlot;
import io.ambrotype.rdb.SlotDigests;
import io.ambrotype.topology.SlotSet;
import java.util.ArrayList;
import java.util.List;

/**
 * Per hash slot the number of entries of a snapshot and the sum of their fingerprints, orphans left out, as of one moment:
 * the sum of its dumps' {@link SlotDigests}, each of which may have been computed as of an earlier moment at which the data
 * were the same.
 */
final class SnapshotDigests {
    private final long[] entries = new long[HashSlot.COUNT];
    private final long[] sums = new long[HashSlot.COUNT];

    void add(SlotDigests digests) {
        for (int slot = 0; slot < HashSlot.COUNT; slot++) {
            entries[slot] += digests.entries(slot);
            sums[slot] += digests.sum(slot);
        }
    }

    long totalEntries(SlotSet slots) {
        return slots.stream().mapToLong(slot -> entries[slot]).sum();
    }

    /** Those of the slots whose data differ, ascending. */
    List<SlotDigests.Difference> differences(SnapshotDigests other, SlotSet slots) {
        List<SlotDigests.Difference> differences = new ArrayList<>();
        for (int slot = 0; slot < HashSlot.COUNT; slot++) {
            if (slots.contains(slot) && (entries[slot] != other.entries[slot] || sums[slot] != other.sums[slot])) {
                differences.add(new SlotDigests.Difference(slot, entries[slot], other.entries[slot]));
            }
        }
        return differences;
    }
}
