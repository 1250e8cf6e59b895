package io.ambrotype.rdb;

/** Lengths as RDBs have them: in 1, 2, 5 or 9 bytes (rdbSaveLen in rdb.c). */
final class Lengths {
    static final int LONGEST = 9;

    private Lengths() {}

    /** Puts a number that is not negative into {@code target}, which has {@link #LONGEST} bytes left; how many it took. */
    static int put(long length, byte[] target, int at) {
        if (length < 1 << 6) {
            target[at] = (byte) length;
            return 1;
        }
        if (length < 1 << 14) {
            target[at] = (byte) (0x40 | length >>> 8);
            target[at + 1] = (byte) length;
            return 2;
        }
        int bytes = length <= 0xffff_ffffL ? Integer.BYTES : Long.BYTES;
        target[at] = (byte) (bytes == Integer.BYTES ? 0x80 : 0x81);
        for (int i = 0; i < bytes; i++) {
            target[at + 1 + i] = (byte) (length >>> (8 * (bytes - 1 - i)));
        }
        return 1 + bytes;
    }
}
