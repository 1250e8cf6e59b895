package io.ambrotype.rdb;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Puts bytes together for tests. */
final class Bytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    static byte[] of(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    Bytes raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    Bytes raw(int... values) {
        return raw(of(values));
    }

    Bytes text(String text) {
        return raw(latin(text));
    }

    Bytes little(int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (value >>> (8 * i)) & 0xff);
        }
        return this;
    }

    Bytes big(int bytes, long value) {
        for (int i = bytes - 1; i >= 0; i--) {
            out.write((int) (value >>> (8 * i)) & 0xff);
        }
        return this;
    }

    /** A length in the shortest form that RDB has. */
    Bytes length(long value) {
        if (value >= 0 && value < 1 << 6) {
            return raw((int) value);
        }
        if (value >= 0 && value < 1 << 14) {
            return big(2, 0x4000 | value);
        }
        return value >= 0 && value <= 0xffff_ffffL
                ? raw(0x80).big(4, value)
                : raw(0x81).big(8, value);
    }

    /** A string as RDB stores it raw. */
    Bytes string(byte[] bytes) {
        return length(bytes.length).raw(bytes);
    }

    Bytes string(String text) {
        return string(latin(text));
    }

    /** A string as RDB stores it compressed. */
    Bytes lzf(byte[] bytes) {
        byte[] packed = Lzf.pack(bytes);
        return raw(0xc3).length(packed.length).length(bytes.length).raw(packed);
    }

    int size() {
        return out.size();
    }

    byte[] toByteArray() {
        return out.toByteArray();
    }
}
