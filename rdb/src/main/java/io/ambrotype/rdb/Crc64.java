package io.ambrotype.rdb;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * CRC-64/Jones as at the end of RDB files and DUMP payloads: polynomial 0xad93d23594c935a9 reflected in and out, start 0, no
 * final xor; the check value of "123456789" is 0xe9c6d914c4b8d9ca (redis/src/crc64.c).
 *
 * <p>Eight bytes go in one step ("slicing": Kounavis and Berry, <i>Novel table lookup-based algorithms for high-performance CRC
 * generation</i>, 2008). A step has to wait for the one before, so long ranges are walked in three lanes at once, whose checksums
 * are then joined: a CRC is linear, and what a lane of zeros does to the checksum before it is a table too.
 */
public final class Crc64 {
    private static final long REVERSED_POLYNOMIAL = 0x95ac9329ac4bc9b5L;
    private static final int SLICES = 8;
    private static final int LANE = 2048;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Part {@code k} holds the checksum of one byte followed by {@code k} zero bytes. */
    private static final long[] TABLE = table();

    /** Part {@code k} holds what byte {@code k} of a checksum becomes behind a lane of zeros. */
    private static final long[] BEHIND_LANE = behindLane();

    private Crc64() {}

    /**
     * The checksum of what {@code crc} stands for (0: of nothing), followed by {@code length} bytes of {@code buffer} from
     * {@code offset}.
     *
     * @throws IndexOutOfBoundsException where the range is not inside the buffer
     */
    public static long update(long crc, byte[] buffer, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.length);
        int position = offset;
        int end = offset + length;
        long value = crc;
        for (; position <= end - 3 * LANE; position += 3 * LANE) {
            value = threeLanes(value, buffer, position);
        }
        long[] table = TABLE;
        for (; position <= end - Long.BYTES; position += Long.BYTES) {
            value = lookUp(table, value ^ (long) LONG.get(buffer, position));
        }
        for (; position < end; position++) {
            value = value >>> 8 ^ table[(int) (value ^ buffer[position]) & 0xff];
        }
        return value;
    }

    private static long threeLanes(long crc, byte[] buffer, int offset) {
        long[] table = TABLE;
        long first = crc;
        long second = 0;
        long third = 0;
        for (int position = offset; position < offset + LANE; position += Long.BYTES) {
            first = lookUp(table, first ^ (long) LONG.get(buffer, position));
            second = lookUp(table, second ^ (long) LONG.get(buffer, position + LANE));
            third = lookUp(table, third ^ (long) LONG.get(buffer, position + 2 * LANE));
        }
        long firstTwo = behindLane(first) ^ second;
        return behindLane(firstTwo) ^ third;
    }

    private static long lookUp(long[] table, long word) {
        return table[7 * 256 + (int) (word & 0xff)]
                ^ table[6 * 256 + (int) (word >>> 8 & 0xff)]
                ^ table[5 * 256 + (int) (word >>> 16 & 0xff)]
                ^ table[4 * 256 + (int) (word >>> 24 & 0xff)]
                ^ table[3 * 256 + (int) (word >>> 32 & 0xff)]
                ^ table[2 * 256 + (int) (word >>> 40 & 0xff)]
                ^ table[256 + (int) (word >>> 48 & 0xff)]
                ^ table[(int) (word >>> 56)];
    }

    private static long behindLane(long crc) {
        long value = 0;
        for (int k = 0; k < Long.BYTES; k++) {
            value ^= BEHIND_LANE[256 * k + (int) (crc >>> (8 * k) & 0xff)];
        }
        return value;
    }

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
            table[i] = behindZero(table[i - 256], table);
        }
        return table;
    }

    private static long behindZero(long crc, long[] table) {
        return crc >>> 8 ^ table[(int) crc & 0xff];
    }

    private static long[] behindLane() {
        long[] joined = new long[Long.BYTES * 256];
        for (int bit = 0; bit < Long.SIZE; bit++) {
            long crc = 1L << bit;
            for (int i = 0; i < LANE; i++) {
                crc = behindZero(crc, TABLE);
            }
            // A checksum with several bits is the sum of those with one.
            int part = 256 * (bit / 8);
            int weight = 1 << (bit % 8);
            for (int value = weight; value < 256; value++) {
                if ((value & weight) != 0) {
                    joined[part + value] ^= crc;
                }
            }
        }
        return joined;
    }
}
