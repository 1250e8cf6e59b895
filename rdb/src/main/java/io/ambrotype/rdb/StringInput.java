package io.ambrotype.rdb;

import java.io.IOException;

/**
 * The bytes that one string of the RDB stands for, in pieces: raw bytes where they lie in the window, the decimal text of an
 * integer, or what an LZF string unpacks to. LZF refers back at most 8 KiB (liblzf, lzfP.h), so that much history and one
 * piece is all that is held, however long the string is.
 */
final class StringInput {
    private static final int HISTORY = 8 << 10;
    private static final int PIECE = 32 << 10;
    private static final int LONGEST_REFERENCE = 264;
    private static final int LONGEST_NUMBER = 20;

    private enum Form {
        RAW,
        TEXT,
        LZF
    }

    private final Window window;
    private final byte[] text = new byte[LONGEST_NUMBER];
    private byte[] unpacked = {};

    private Form form = Form.TEXT;
    private long start;
    private long length;
    /** Bytes of the string that are not in the current piece or before it. */
    private long left;
    /** Bytes of LZF data not yet read. */
    private long packed;

    byte[] piece = text;
    int position;
    int end;

    StringInput(Window window) {
        this.window = window;
    }

    /** Begins the string that starts at the window's next byte. The one before must have been used up. */
    void open() throws IOException {
        start = window.offset();
        position = 0;
        end = 0;
        int first = window.u8();
        if (first >>> 6 != 3) {
            window.position--;
            form = Form.RAW;
            length = window.length();
            left = length;
            return;
        }
        switch (first) {
            case 0xc0 -> number((byte) window.u8());
            case 0xc1 -> number(window.i16());
            case 0xc2 -> number(window.i32());
            case 0xc3 -> {
                form = Form.LZF;
                packed = window.length();
                length = window.length();
                left = length;
                if (left == 0 && packed != 0) {
                    throw malformed("compressed data unpack to more than the 0 bytes announced");
                }
                if (unpacked.length == 0) {
                    unpacked = new byte[HISTORY + PIECE + LONGEST_REFERENCE];
                }
            }
            default -> throw window.unknownStringEncoding(first);
        }
    }

    private void number(int value) {
        form = Form.TEXT;
        end = DecimalText.write(value, text);
        piece = text;
        length = end;
        left = 0;
    }

    /** Bytes that the string stands for. */
    long length() {
        return length;
    }

    /** Bytes not yet taken. */
    long remaining() {
        return left + (end - position);
    }

    /** Position in the RDB of the string's first byte. */
    long start() {
        return start;
    }

    /** Whether the bytes of the string are those of the RDB. */
    boolean isRaw() {
        return form == Form.RAW;
    }

    /** Makes the next piece current; false at the end of the string. The current piece must have been used up. */
    boolean advance() throws IOException {
        if (left == 0) {
            return false;
        }
        if (form == Form.LZF) {
            unpack();
        } else {
            window.require(1);
            int count = (int) Math.min(left, window.limit - window.position);
            piece = window.buffer;
            position = window.position;
            end = position + count;
            window.position = end;
            left -= count;
        }
        return true;
    }

    private void unpack() throws IOException {
        byte[] out = unpacked;
        // The end of the piece before is the history of this one.
        int at = left == length ? 0 : end;
        if (at > HISTORY) {
            System.arraycopy(out, at - HISTORY, out, 0, HISTORY);
            at = HISTORY;
        }
        int from = at;
        while (at < from + PIECE && packed > 0) {
            int control = packedByte();
            if (control < 32) {
                int count = control + 1;
                if (packed < count) {
                    throw malformed("compressed data end in the middle");
                }
                packed -= count;
                while (count > 0) {
                    window.require(1);
                    int now = Math.min(count, window.limit - window.position);
                    System.arraycopy(window.buffer, window.position, out, at, now);
                    window.position += now;
                    at += now;
                    count -= now;
                }
            } else {
                int count = control >>> 5;
                if (count == 7) {
                    count += packedByte();
                }
                count += 2;
                int source = at - ((control & 0x1f) << 8 | packedByte()) - 1;
                if (source < 0) {
                    throw malformed("compressed data refer to what is before their beginning");
                }
                for (int i = 0; i < count; i++) {
                    out[at + i] = out[source + i];
                }
                at += count;
            }
        }
        int produced = at - from;
        if (produced > left || (packed == 0 && produced < left) || (packed > 0 && produced == left)) {
            throw malformed("compressed data do not unpack to the " + length + " bytes announced");
        }
        left -= produced;
        piece = out;
        position = from;
        end = at;
    }

    private int packedByte() throws IOException {
        if (packed == 0) {
            throw malformed("compressed data end in the middle");
        }
        packed--;
        return window.u8();
    }

    RdbFormatException malformed(String sentence) {
        return window.malformed(start, sentence);
    }

    private void more() throws IOException {
        if (!advance()) {
            throw malformed("a packed value ends in the middle");
        }
    }

    int u8() throws IOException {
        if (position == end) {
            more();
        }
        return piece[position++] & 0xff;
    }

    /** Up to eight bytes, least significant first, as an unsigned number. */
    long little(int bytes) throws IOException {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) u8() << (8 * i);
        }
        return value;
    }

    /** Up to eight bytes, least significant first, as a two's complement number. */
    long signedLittle(int bytes) throws IOException {
        int shift = 64 - 8 * bytes;
        return little(bytes) << shift >> shift;
    }

    /** Up to eight bytes, most significant first, as an unsigned number. */
    long big(int bytes) throws IOException {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value = value << 8 | u8();
        }
        return value;
    }

    void skip(long count) throws IOException {
        long rest = count;
        while (rest > end - position) {
            rest -= end - position;
            position = end;
            more();
        }
        position += (int) rest;
    }
}
