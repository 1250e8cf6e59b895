package io.ambrotype.rdb;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A string of a value, handed out in pieces, because it may be longer than memory. It belongs to the reader and is valid
 * inside the {@link ValueVisitor} method that got it; what the method leaves is passed over. Integers come as decimal text,
 * compressed strings unpacked.
 *
 * <pre>{@code
 * while (string.next()) {
 *     hash.update(string.buffer(), string.offset(), string.count());
 * }
 * }</pre>
 */
public final class RdbString {
    private @Nullable StringInput input;
    private byte[] buffer = {};
    private int offset;
    private int count;
    private long length;
    private long left;

    RdbString() {}

    /** The next {@code length} bytes of {@code source}. */
    void bind(StringInput source, long length) {
        input = source;
        this.length = length;
        left = length;
        count = 0;
    }

    /** Bytes that stay where they are. */
    void bind(byte[] bytes, int offset, int length) {
        input = null;
        this.length = length;
        left = length;
        buffer = bytes;
        this.offset = offset;
        count = 0;
    }

    /** Length of the whole string in bytes. */
    public long length() {
        return length;
    }

    /**
     * Makes the next piece current; false when there is none.
     *
     * @throws RdbFormatException where the bytes behind it are malformed or missing
     */
    public boolean next() throws IOException {
        if (left == 0) {
            count = 0;
            return false;
        }
        StringInput source = input;
        if (source == null) {
            count = (int) left;
        } else {
            while (source.position == source.end) {
                if (!source.advance()) {
                    throw source.malformed("a packed value ends in the middle");
                }
            }
            buffer = source.piece;
            offset = source.position;
            count = (int) Math.min(left, source.end - source.position);
            source.position += count;
        }
        left -= count;
        return true;
    }

    /** The array that the current piece lies in; not to be changed. */
    public byte[] buffer() {
        return buffer;
    }

    /** Where in {@link #buffer()} the current piece begins. */
    public int offset() {
        return offset;
    }

    /** Length of the current piece; 0 before the first and behind the last. */
    public int count() {
        return count;
    }

    /**
     * All bytes that have not been handed out yet.
     *
     * @throws RdbFormatException where they are malformed or missing
     * @throws IllegalStateException where they are more than {@code limit}
     */
    public byte[] toByteArray(int limit) throws IOException {
        if (left > limit) {
            throw new IllegalStateException("the string has " + left + " bytes, more than the " + limit + " asked for");
        }
        GrowingBytes bytes = new GrowingBytes();
        while (next()) {
            bytes.append(buffer, offset, count);
        }
        return bytes.toByteArray();
    }

    void drain() throws IOException {
        StringInput source = input;
        if (source != null && left > 0) {
            source.skip(left);
        }
        left = 0;
    }
}
