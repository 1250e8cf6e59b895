package io.ambrotype.rdb;

/** Integers as decimal text, without making strings. */
final class DecimalText {
    private DecimalText() {}

    /** Writes {@code value} at the beginning of {@code target}, which holds 20 bytes or more; how many bytes it took. */
    static int write(long value, byte[] target) {
        int length = value < 0 ? 1 : 0;
        long rest = value;
        do {
            length++;
            rest /= 10;
        } while (rest != 0);
        int at = length;
        rest = value;
        do {
            // The remainder of a negative number is negative, which keeps Long.MIN_VALUE in range.
            target[--at] = (byte) ('0' + Math.abs(rest % 10));
            rest /= 10;
        } while (rest != 0);
        if (value < 0) {
            target[0] = '-';
        }
        return length;
    }
}
