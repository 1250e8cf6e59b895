package io.ambrotype.rdb;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * CRC-64/Jones as at the end of RDB files and DUMP payloads: polynomial 0xad93d23594c935a9 reflected in and out, start 0, no
 * final xor; the check value of "123456789" is 0xe9c6d914c4b8d9ca (redis/src/crc64.c). Sixteen bytes go in one step
 * ("slicing": Kounavis and Berry, <i>Novel table lookup-based algorithms for high-performance CRC generation</i>, 2008).
 */
public final class Crc64 {
    private static final long REVERSED_POLYNOMIAL = 0x95ac9329ac4bc9b5L;
    private static final int SLICES = 16;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long[] TABLE = table();

    private Crc64() {}

    /**
     * The checksum of what {@code crc} stands for (0: of nothing), followed by {@code length} bytes of {@code buffer} from
     * {@code offset}.
     *
     * @throws IndexOutOfBoundsException where the range is not inside the buffer
     */
    public static long update(long crc, byte[] buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.length);
        long[] table = TABLE;
        int position = offset;
        int end = offset + length;
        long value = crc;
        for (; position <= end - SLICES; position += SLICES) {
            long low = value ^ (long) LONG.get(buffer, position);
            long high = (long) LONG.get(buffer, position + 8);
            value = table[15 * 256 + (int) (low & 0xff)]
                    ^ table[14 * 256 + (int) (low >>> 8 & 0xff)]
                    ^ table[13 * 256 + (int) (low >>> 16 & 0xff)]
                    ^ table[12 * 256 + (int) (low >>> 24 & 0xff)]
                    ^ table[11 * 256 + (int) (low >>> 32 & 0xff)]
                    ^ table[10 * 256 + (int) (low >>> 40 & 0xff)]
                    ^ table[9 * 256 + (int) (low >>> 48 & 0xff)]
                    ^ table[8 * 256 + (int) (low >>> 56)]
                    ^ table[7 * 256 + (int) (high & 0xff)]
                    ^ table[6 * 256 + (int) (high >>> 8 & 0xff)]
                    ^ table[5 * 256 + (int) (high >>> 16 & 0xff)]
                    ^ table[4 * 256 + (int) (high >>> 24 & 0xff)]
                    ^ table[3 * 256 + (int) (high >>> 32 & 0xff)]
                    ^ table[2 * 256 + (int) (high >>> 40 & 0xff)]
                    ^ table[256 + (int) (high >>> 48 & 0xff)]
                    ^ table[(int) (high >>> 56)];
        }
        for (; position < end; position++) {
            value = value >>> 8 ^ table[(int) (value ^ buffer[position]) & 0xff];
        }
        return value;
    }

    /** Table {@code k} holds the checksum of one byte followed by {@code k} zero bytes. */
    private static long[] table() {
        long[] table = new long[SLICES * 256];
        for (int i = 0; i < 256; i++) {
            long crc = i;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) != 0 ? crc >>> 1 ^ REVERSED_POLYNOMIAL : crc >>> 1;
            }
            table[i] = crc;
        }
        for (int i = 256; i < table.length; i++) {
            long shorter = table[i - 256];
            table[i] = shorter >>> 8 ^ table[(int) shorter & 0xff];
        }
        return table;
    }
}
