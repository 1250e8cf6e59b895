package io.ambrotype.topology;

import io.ambrotype.rdb.HashSlot;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A set of hash slots. Immutable and safe for use by several threads. Printed as its ranges, {@code 0-5460,5462}, which
 * {@link #parse} reads back.
 */
public final class SlotSet {
    /** No slot. */
    public static final SlotSet NONE = new SlotSet(new BitSet());

    /** All 16384 slots. */
    public static final SlotSet ALL = of(new SlotRange(0, SlotRange.HIGHEST));

    private final BitSet slots;

    private SlotSet(BitSet slots) {
        this.slots = slots;
    }

    /** The slots of the given ranges, which may touch and overlap. */
    public static SlotSet of(SlotRange... ranges) {
        return of(List.of(ranges));
    }

    /** The slots of the given ranges, which may touch and overlap. */
    public static SlotSet of(Iterable<SlotRange> ranges) {
        BitSet slots = new BitSet();
        for (SlotRange range : ranges) {
            slots.set(range.first(), range.last() + 1);
        }
        return new SlotSet(slots);
    }

    /**
     * The slots whose bit is set.
     *
     * @throws IllegalArgumentException where a bit above 16383 is set
     */
    public static SlotSet of(BitSet bits) {
        if (bits.length() > SlotRange.HIGHEST + 1) {
            throw new IllegalArgumentException("slot " + (bits.length() - 1) + " is above " + SlotRange.HIGHEST);
        }
        return new SlotSet((BitSet) bits.clone());
    }

    /**
     * Reads ranges and single slots separated by commas or blanks, {@code "0-5460 5462"}; an empty text is {@link #NONE}.
     *
     * @throws IllegalArgumentException where a part is not a slot or range
     */
    public static SlotSet parse(String text) {
        List<SlotRange> ranges = new ArrayList<>();
        for (String part : text.split("[,\\s]+")) {
            if (!part.isEmpty()) {
                ranges.add(parseRange(part));
            }
        }
        return of(ranges);
    }

    static SlotRange parseRange(String text) {
        int dash = text.indexOf('-');
        try {
            return dash < 0
                    ? new SlotRange(number(text), number(text))
                    : new SlotRange(number(text.substring(0, dash)), number(text.substring(dash + 1)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(Quoted.of(text) + " is not a slot or a range of slots", e);
        }
    }

    private static int number(String text) {
        // Integer.parseInt alone would also take "+5" and the digits of other scripts.
        if (text.isEmpty() || text.length() > 5 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new NumberFormatException(text);
        }
        return Integer.parseInt(text);
    }

    /**
     * All slots dealt out in order to so many owners, as evenly as possible: what a new cluster starts with.
     *
     * @throws IllegalArgumentException where there are fewer than one or more than 16384 parts
     */
    public static List<SlotSet> split(int parts) {
        int count = HashSlot.COUNT;
        if (parts < 1 || parts > count) {
            throw new IllegalArgumentException(count + " slots cannot be dealt out to " + parts + " owners");
        }
        return IntStream.range(0, parts)
                .mapToObj(i -> of(new SlotRange(i * count / parts, (i + 1) * count / parts - 1)))
                .toList();
    }

    /** Whether the slot is in the set. */
    public boolean contains(int slot) {
        return slot >= 0 && slots.get(slot);
    }

    /** How many slots these are. */
    public int size() {
        return slots.cardinality();
    }

    /** Whether there is no slot in it. */
    public boolean isEmpty() {
        return slots.isEmpty();
    }

    /** The lowest slot, if any. */
    public OptionalInt first() {
        return isEmpty() ? OptionalInt.empty() : OptionalInt.of(slots.nextSetBit(0));
    }

    /** The slots in ascending order. */
    public IntStream stream() {
        return slots.stream();
    }

    /** The fewest ranges that make up the set, ascending. */
    public List<SlotRange> ranges() {
        List<SlotRange> ranges = new ArrayList<>();
        for (int first = slots.nextSetBit(0); first >= 0; ) {
            int end = slots.nextClearBit(first);
            ranges.add(new SlotRange(first, end - 1));
            first = slots.nextSetBit(end);
        }
        return List.copyOf(ranges);
    }

    /** The slots that are in this set, in the other, or in both. */
    public SlotSet union(SlotSet other) {
        BitSet result = (BitSet) slots.clone();
        result.or(other.slots);
        return new SlotSet(result);
    }

    /** The slots that are in both sets. */
    public SlotSet intersection(SlotSet other) {
        BitSet result = (BitSet) slots.clone();
        result.and(other.slots);
        return new SlotSet(result);
    }

    /** The slots of this set that are not in the other. */
    public SlotSet minus(SlotSet other) {
        BitSet result = (BitSet) slots.clone();
        result.andNot(other.slots);
        return new SlotSet(result);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SlotSet set && set.slots.equals(slots);
    }

    @Override
    public int hashCode() {
        return slots.hashCode();
    }

    @Override
    public String toString() {
        return ranges().stream().map(SlotRange::toString).collect(Collectors.joining(","));
    }
}
