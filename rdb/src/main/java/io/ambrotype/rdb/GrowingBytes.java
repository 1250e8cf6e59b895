package io.ambrotype.rdb;

import java.util.Arrays;

/** An array that grows with what is put into it, and can be used again. */
final class GrowingBytes {
    private byte[] bytes = new byte[64];
    private int length;

    void clear() {
        length = 0;
    }

    void append(byte[] source, int offset, int count) {
        if (bytes.length - length < count) {
            long grown = Math.max(Math.addExact(length, count), 2L * bytes.length);
            bytes = Arrays.copyOf(bytes, (int) Math.min(grown, Integer.MAX_VALUE - 8L));
        }
        System.arraycopy(source, offset, bytes, length, count);
        length += count;
    }

    byte[] array() {
        return bytes;
    }

    int length() {
        return length;
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes, length);
    }
}
