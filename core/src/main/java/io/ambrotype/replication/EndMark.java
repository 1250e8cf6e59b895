package io.ambrotype.replication;

import java.util.Arrays;

/**
 * The 40 random bytes that end an RDB of unknown length ({@code $EOF:}). Found by Horspool's method: in data that do not
 * resemble the mark only every 40th byte is looked at. Immutable.
 */
final class EndMark {
    static final int LENGTH = 40;

    private final byte[] mark;
    private final int[] shift = new int[256];

    EndMark(byte[] mark) {
        if (mark.length != LENGTH) {
            throw new IllegalArgumentException("a mark of " + mark.length + " bytes");
        }
        this.mark = mark.clone();
        Arrays.fill(shift, LENGTH);
        for (int i = 0; i < LENGTH - 1; i++) {
            shift[mark[i] & 0xff] = LENGTH - 1 - i;
        }
    }

    /** The index of the mark's first occurrence between two indexes; -1 where it is not there as a whole. */
    int find(byte[] data, int from, int to) {
        byte last = mark[LENGTH - 1];
        int end = from + LENGTH - 1;
        while (end < to) {
            byte value = data[end];
            if (value == last && Arrays.equals(data, end - LENGTH + 1, end + 1, mark, 0, LENGTH)) {
                return end - LENGTH + 1;
            }
            end += shift[value & 0xff];
        }
        return -1;
    }
}
