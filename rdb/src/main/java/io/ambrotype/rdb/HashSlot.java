package io.ambrotype.rdb;

/**
 * The hash slot of a key, as Redis Cluster defines it: CRC16 (XMODEM: polynomial 0x1021, start 0, not reflected) of the key
 * modulo 16384. Where the key has a non-empty hash tag, the bytes between the first <code>{</code> and the first
 * <code>}</code> after it, only the tag counts (Redis Cluster specification, "Hash tags").
 */
public final class HashSlot {
    /** Number of hash slots in a cluster. */
    public static final int COUNT = 16384;

    private static final int SLICES = 4;
    private static final char[] TABLE = table();

    private HashSlot() {}

    /** The slot of {@code key}, 0 to 16383. */
    public static int of(byte[] key) {
        return of(key, 0, key.length);
    }

    /**
     * The slot of the key in {@code length} bytes of {@code buffer} from {@code offset}, 0 to 16383.
     *
     * @throws IndexOutOfBoundsException where the range is not inside the buffer
     */
    public static int of(byte[] buffer, int offset, int length) {
        int end = offset + length;
        for (int open = offset; open < end; open++) {
            if (buffer[open] == '{') {
                int close = open + 1;
                while (close < end && buffer[close] != '}') {
                    close++;
                }
                if (close < end && close > open + 1) {
                    return crc16(buffer, open + 1, close) & (COUNT - 1);
                }
                break;
            }
        }
        return crc16(buffer, offset, end) & (COUNT - 1);
    }

    private static int crc16(byte[] buffer, int from, int to) {
        int crc = 0;
        int position = from;
        for (; position <= to - SLICES; position += SLICES) {
            crc = TABLE[768 + ((crc >>> 8) ^ (buffer[position] & 0xff))]
                    ^ TABLE[512 + ((crc & 0xff) ^ (buffer[position + 1] & 0xff))]
                    ^ TABLE[256 + (buffer[position + 2] & 0xff)]
                    ^ TABLE[buffer[position + 3] & 0xff];
        }
        for (; position < to; position++) {
            crc = ((crc << 8) & 0xffff) ^ TABLE[(crc >>> 8) ^ (buffer[position] & 0xff)];
        }
        return crc;
    }

    /** Table {@code k} holds the CRC of one byte followed by {@code k} zero bytes, so that four bytes go in one step. */
    private static char[] table() {
        char[] table = new char[SLICES * 256];
        for (int i = 0; i < 256; i++) {
            int crc = i << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
            }
            table[i] = (char) crc;
        }
        for (int i = 256; i < table.length; i++) {
            int shorter = table[i - 256];
            table[i] = (char) ((shorter << 8) ^ table[shorter >>> 8]);
        }
        return table;
    }
}
