package io.ambrotype.compare;

import io.ambrotype.rdb.SlotDigests;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * How the data of two snapshots differ. Immutable.
 *
 * @param asOf the moment of comparison: what expired before it was left out on both sides
 * @param entriesHere entries of the first snapshot at that moment, orphans left out
 * @param entriesThere entries of the second
 * @param slots the slots whose data differ, ascending
 * @param keys keys that differ: of the first of these slots, and no more than a hundred
 * @param functionsOnlyHere SHA-256 of function libraries that only the first has
 * @param functionsOnlyThere SHA-256 of function libraries that only the second has
 */
public record Comparison(
        Instant asOf,
        long entriesHere,
        long entriesThere,
        List<SlotDigests.Difference> slots,
        List<KeyDifference> keys,
        Set<String> functionsOnlyHere,
        Set<String> functionsOnlyThere) {
    /** Copies the collections. */
    public Comparison {
        slots = List.copyOf(slots);
        keys = List.copyOf(keys);
        functionsOnlyHere = Set.copyOf(functionsOnlyHere);
        functionsOnlyThere = Set.copyOf(functionsOnlyThere);
    }

    /** Whether both hold the same data and functions. */
    public boolean isEqual() {
        return slots.isEmpty() && functionsOnlyHere.isEmpty() && functionsOnlyThere.isEmpty();
    }
}
