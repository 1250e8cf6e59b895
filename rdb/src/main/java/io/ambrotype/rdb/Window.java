package io.ambrotype.rdb;

import java.io.Closeable;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * The one buffer that an RDB passes through. Bytes are parsed where they lie, {@code buffer[position]} onwards, and are moved
 * only when a structure crosses the end of the buffer; whatever leaves the buffer is checksummed, and copied where a copy was
 * asked for, on its way out, in large pieces.
 *
 * <p>Two things outlive a refill: from a <i>pin</i> onwards nothing leaves the buffer, which grows instead, with the bytes
 * that are really there; and one <i>kept</i> range is copied aside when its bytes leave.
 */
final class Window implements Closeable {
    private static final VarHandle INT_LE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT_BE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG_LE =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG_BE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final int NOT_PINNED = -1;
    private static final byte[] EMPTY = {};
    /** A header of a string or a length takes at most 19 bytes. */
    private static final int HEADER_BYTES = 20;
    /** How often a channel may come back without a byte before it is taken for one that does not block. */
    private static final int IDLE_READS = 1000;

    private final ReadableByteChannel channel;
    private final boolean checksummed;
    private final byte[] home;

    byte[] buffer;
    int position;
    int limit;

    private ByteBuffer view;
    /** Position in the RDB of {@code buffer[0]}. */
    private long base;

    private int pin = NOT_PINNED;
    private long checksum;
    private int checksumFrom;
    private @Nullable ByteSink tee;
    private int teeFrom;

    private byte[] keptBuffer = EMPTY;
    private int keptOffset;
    private int keptLength;
    private boolean keptInside;
    private byte[] aside = EMPTY;

    Window(ReadableByteChannel channel, int bytes, boolean checksummed) {
        this.channel = channel;
        this.checksummed = checksummed;
        this.home = new byte[bytes];
        this.buffer = home;
        this.view = ByteBuffer.wrap(home);
    }

    /** Position in the RDB of the next byte. */
    long offset() {
        return base + position;
    }

    /** Keeps everything from the next byte on in the buffer, until {@link #unpin()}. */
    void pin() {
        pin = position;
    }

    void unpin() {
        pin = NOT_PINNED;
    }

    /** Index in the buffer of the byte that was next when {@link #pin()} was called. */
    int pinned() {
        return pin;
    }

    /** Keeps a range of the buffer readable through {@link #keptBuffer()} over refills. */
    void keep(int offset, int length) {
        keptBuffer = buffer;
        keptOffset = offset;
        keptLength = length;
        keptInside = true;
    }

    /** Keeps bytes that are not in the buffer. */
    void keepOther(byte[] bytes, int length) {
        keptBuffer = bytes;
        keptOffset = 0;
        keptLength = length;
        keptInside = false;
    }

    void keepNothing() {
        keepOther(EMPTY, 0);
    }

    byte[] keptBuffer() {
        return keptBuffer;
    }

    int keptOffset() {
        return keptOffset;
    }

    int keptLength() {
        return keptLength;
    }

    /** Copies to {@code sink} whatever passes from the buffer's byte {@code from} on, until {@link #endTee()}. */
    void beginTee(ByteSink sink, int from) {
        tee = sink;
        teeFrom = from;
    }

    void endTee() throws IOException {
        flushTee();
        tee = null;
    }

    private void flushTee() throws IOException {
        if (tee != null && position > teeFrom) {
            tee.write(buffer, teeFrom, position - teeFrom);
        }
        teeFrom = position;
    }

    /** The checksum of everything before the next byte. */
    long checksum() {
        if (checksummed) {
            checksum = Crc64.update(checksum, buffer, checksumFrom, position - checksumFrom);
        }
        checksumFrom = position;
        return checksum;
    }

    /** Makes {@code count} bytes available from {@link #position} on; few, or at most about twice what is there already. */
    void require(int count) throws IOException {
        if (limit - position < count) {
            fill(count);
        }
    }

    /** Makes {@code count} bytes available however many they are; the buffer grows no faster than they arrive. */
    void requireMany(int count) throws IOException {
        while (limit - position < count) {
            int available = limit - position;
            fill((int) Math.min(count, Math.max(home.length - 1L, 2L * available)));
        }
    }

    private void fill(int count) throws IOException {
        checksum();
        flushTee();
        int from = position;
        if (pin != NOT_PINNED) {
            from = pin;
        } else if (keptInside) {
            putKeptAside();
        }
        int used = limit - from;
        int needed = Math.addExact(position - from, count);
        if (needed > buffer.length) {
            moveTo(new byte[(int) Math.min(Integer.MAX_VALUE - 8L, Math.max(needed, 2L * buffer.length))], from);
        } else if (buffer.length > home.length && Math.max(needed, used) <= home.length) {
            moveTo(home, from);
        } else if (from > 0) {
            System.arraycopy(buffer, from, buffer, 0, used);
        }
        base += from;
        position -= from;
        limit = used;
        checksumFrom = position;
        teeFrom = position;
        if (pin != NOT_PINNED) {
            pin = 0;
            if (keptInside) {
                keep(keptOffset - from, keptLength);
            }
        }
        while (limit - position < count) {
            if (!read()) {
                throw new RdbFormatException(base + limit, "the file ends in the middle");
            }
        }
    }

    private void moveTo(byte[] target, int from) {
        System.arraycopy(buffer, from, target, 0, limit - from);
        buffer = target;
        view = ByteBuffer.wrap(target);
    }

    private void putKeptAside() {
        if (aside.length < keptLength) {
            aside = new byte[Math.max(keptLength, 64)];
        }
        System.arraycopy(keptBuffer, keptOffset, aside, 0, keptLength);
        keepOther(aside, keptLength);
    }

    /** Takes what the channel has; false at its end. */
    private boolean read() throws IOException {
        view.limit(buffer.length).position(limit);
        for (int attempt = 0; attempt < IDLE_READS; attempt++) {
            int count = channel.read(view);
            if (count > 0) {
                limit += count;
                return true;
            }
            if (count < 0) {
                return false;
            }
            Thread.onSpinWait();
        }
        throw new IOException("the channel gives no bytes and does not block");
    }

    /** Whether the channel has ended behind the last byte parsed. */
    boolean atEnd() throws IOException {
        if (position < limit) {
            return false;
        }
        checksum();
        base += position;
        position = 0;
        limit = 0;
        checksumFrom = 0;
        return !read();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    RdbFormatException malformed(long offset, String sentence) {
        return new RdbFormatException(offset, sentence);
    }

    int u8() throws IOException {
        if (position >= limit) {
            fill(1);
        }
        return buffer[position++] & 0xff;
    }

    int i16() throws IOException {
        require(2);
        int value = (buffer[position] & 0xff) | (buffer[position + 1] << 8);
        position += 2;
        return value;
    }

    int i32() throws IOException {
        require(4);
        int value = (int) INT_LE.get(buffer, position);
        position += 4;
        return value;
    }

    /** Eight bytes, least significant first. */
    long i64() throws IOException {
        require(8);
        long value = (long) LONG_LE.get(buffer, position);
        position += 8;
        return value;
    }

    private int i32BigEndian() throws IOException {
        require(4);
        int value = (int) INT_BE.get(buffer, position);
        position += 4;
        return value;
    }

    /** Eight bytes, most significant first. */
    long i64BigEndian() throws IOException {
        require(8);
        long value = (long) LONG_BE.get(buffer, position);
        position += 8;
        return value;
    }

    /** A length-encoded number of up to 64 bits, the top bit included. */
    long number() throws IOException {
        int first = u8();
        if (first < 0x40) {
            return first;
        }
        if (first < 0x80) {
            return (first & 0x3fL) << 8 | u8();
        }
        if (first == 0x80) {
            return i32BigEndian() & 0xffff_ffffL;
        }
        if (first == 0x81) {
            return i64BigEndian();
        }
        throw malformed(offset() - 1, "byte " + first + " stands where a length should be");
    }

    /** A length or count; what is impossible as such is refused. */
    long length() throws IOException {
        long start = offset();
        long value = number();
        if (value < 0) {
            throw malformed(start, "the length " + Long.toUnsignedString(value) + " is impossible");
        }
        return value;
    }

    void skip(long count) throws IOException {
        long left = count;
        while (left > limit - position) {
            left -= limit - position;
            position = limit;
            fill(1);
        }
        position += (int) left;
    }

    void skipString() throws IOException {
        int first = u8();
        if (first >>> 6 != 3) {
            position--;
            skip(length());
            return;
        }
        switch (first) {
            case 0xc0 -> skip(1);
            case 0xc1 -> skip(2);
            case 0xc2 -> skip(4);
            case 0xc3 -> {
                long packed = length();
                length();
                skip(packed);
            }
            default -> throw unknownStringEncoding(first);
        }
    }

    RdbFormatException unknownStringEncoding(int first) {
        return malformed(offset() - 1, "unknown string encoding " + first);
    }

    void skipNumbers(long count) throws IOException {
        for (long i = 0; i < count; i++) {
            number();
        }
    }

    /**
     * Passes {@code count} times a string and {@code gap} bytes behind it. The loop runs over locals as long as headers and
     * bodies lie in the buffer; what crosses its end goes the general way.
     */
    void skipStrings(long count, int gap) throws IOException {
        long left = count;
        while (left > 0) {
            byte[] bytes = buffer;
            int at = position;
            int end = limit;
            int safe = end - HEADER_BYTES;
            while (left > 0 && at <= safe) {
                int first = bytes[at] & 0xff;
                long next;
                if (first < 0x40) {
                    next = at + 1L + first;
                } else if (first < 0x80) {
                    next = at + 2L + ((first & 0x3f) << 8 | (bytes[at + 1] & 0xff));
                } else if (first == 0x80) {
                    next = at + 5L + ((int) INT_BE.get(bytes, at + 1) & 0xffff_ffffL);
                } else if (first >= 0xc0 && first <= 0xc2) {
                    next = at + 1L + (1 << (first & 3));
                } else {
                    break;
                }
                next += gap;
                if (next > end) {
                    break;
                }
                at = (int) next;
                left--;
            }
            position = at;
            if (left > 0) {
                skipString();
                skip(gap);
                left--;
            }
        }
    }
}
