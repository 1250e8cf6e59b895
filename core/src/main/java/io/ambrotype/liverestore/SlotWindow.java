package io.ambrotype.liverestore;

import io.ambrotype.rdb.HashSlot;
import io.ambrotype.resp.RequestBuffer;
import java.util.Arrays;

/**
 * Strings that wait for others of their slot, because only keys of one slot may share a command in a cluster, and the dumps of most
 * servers are in no order of slots. A ring: where there is no room for another one, the oldest leaves, and takes with it all others of its
 * slot. So some are always leaving, of slots all over the cluster, and none of its servers has to wait for the others. For one thread.
 */
final class SlotWindow {
    /** Of a string with its key: a larger one is not much less work for a server when it is together with others. */
    static final int LONGEST = 2 << 10;

    private static final int MOST_BYTES = 16 << 20;
    private static final int LEAST_BYTES = 64 << 10;
    /** Of the dump's bytes: small dumps, of which there may be many, flow too. */
    private static final int PART_OF_DUMP = 8;

    /** For each entry there is room for so many bytes; where they are smaller there are as many entries and not more. */
    private static final int BYTES_PER_ENTRY = 128;

    private static final int NONE = -1;

    /** Where those go that leave. */
    interface Outlet {
        /**
         * Takes one; those of a slot come one behind the other.
         *
         * @param key of it, and its value behind that, as arguments of a command
         */
        void take(byte[] key, int offset, int length, int slot, long entry) throws InterruptedException;
    }

    private final Outlet outlet;
    /** Keys and values, in the order in which they came; nothing goes over the end. */
    private final byte[] bytes;
    /** By place, that is the count of what came before, modulo their number. */
    private final long[] entries;

    private final int[] starts;
    /** 0 where it has left with another one. */
    private final int[] lengths;

    private final short[] slots;
    /** The place of the next one of the same slot. */
    private final int[] followers;
    /** By slot: the places of the first and the last one. */
    private final int[] first = new int[HashSlot.COUNT];

    private final int[] last = new int[HashSlot.COUNT];

    private int oldest;
    private int count;
    /** Where the next one is put, unless there is no room before the end. */
    private int end;

    /**
     * An empty window.
     *
     * @param dumpBytes of the dump whose strings they are
     */
    SlotWindow(long dumpBytes, Outlet outlet) {
        this.outlet = outlet;
        this.bytes = new byte[Math.clamp(dumpBytes / PART_OF_DUMP, LEAST_BYTES, MOST_BYTES)];
        int places = bytes.length / BYTES_PER_ENTRY;
        this.entries = new long[places];
        this.starts = new int[places];
        this.lengths = new int[places];
        this.slots = new short[places];
        this.followers = new int[places];
        Arrays.fill(first, NONE);
    }

    /** Adds one of at most {@link #LONGEST} bytes of key and value. */
    void add(RequestBuffer arguments, int slot, long entry) throws InterruptedException {
        int length = arguments.size();
        int start = end + length <= bytes.length ? end : 0;
        while (count > 0 && (count == entries.length || isInTheWay(start, length))) {
            leave();
        }
        int place = (oldest + count) % entries.length;
        count++;
        arguments.copyTo(bytes, start);
        end = start + length;
        entries[place] = entry;
        starts[place] = start;
        lengths[place] = length;
        slots[place] = (short) slot;
        followers[place] = NONE;
        if (first[slot] == NONE) {
            first[slot] = place;
        } else {
            followers[last[slot]] = place;
        }
        last[slot] = place;
    }

    /** Whether the oldest begins where the bytes would be put, or, where they would begin anew, behind what was put last. */
    private boolean isInTheWay(int start, int length) {
        int oldestStart = starts[oldest];
        return (start < end && oldestStart >= end) || (oldestStart >= start && oldestStart < start + length);
    }

    /** Those before that entry leave, with the others of their slots. */
    void leaveBefore(long entry) throws InterruptedException {
        while (count > 0 && entries[oldest] < entry) {
            leave();
        }
    }

    /** All of them leave. */
    void drain() throws InterruptedException {
        leaveBefore(Long.MAX_VALUE);
    }

    /** The oldest leaves, with the others of its slot. */
    private void leave() throws InterruptedException {
        int slot = slots[oldest];
        if (lengths[oldest] > 0) {
            for (int place = first[slot]; place != NONE; place = followers[place]) {
                outlet.take(bytes, starts[place], lengths[place], slot, entries[place]);
                lengths[place] = 0;
            }
            first[slot] = NONE;
        }
        oldest = (oldest + 1) % entries.length;
        count--;
    }
}
