package io.ambrotype.resp;

import io.ambrotype.resp.RespReply.ArrayReply;
import io.ambrotype.resp.RespReply.BulkString;
import io.ambrotype.resp.RespReply.ErrorReply;
import io.ambrotype.resp.RespReply.IntegerReply;
import io.ambrotype.resp.RespReply.NullReply;
import io.ambrotype.resp.RespReply.SimpleString;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads RESP2 replies from a source of bytes that is not trusted: every length is bounded, nothing is allocated ahead of
 * the data, and what is malformed is reported with its byte offset. Not thread-safe.
 *
 * <p>Format: the Redis serialization protocol specification, version 2.
 */
final class RespReader {
    /** What one reply may take in memory: its bytes, and {@link #ELEMENT_COST} for each element. */
    static final int REPLY_BUDGET = 128 << 20;

    static final int LONGEST_LINE = 64 << 10;
    static final int DEEPEST_NESTING = 32;
    private static final int LONGEST_ERROR = 500;
    private static final int ELEMENT_COST = 48;
    private static final int BUFFER_SIZE = 16 << 10;
    private static final SimpleString OK = new SimpleString("OK");
    private static final byte[] OK_LINE = {'O', 'K', '\r', '\n'};

    /** Where the bytes come from. */
    @FunctionalInterface
    interface Source {
        /** Blocks for at least one byte; -1 at the end. */
        int read(byte[] buffer, int offset, int length) throws IOException;
    }

    /** Bytes that are no RESP2 reply within the bounds. */
    static final class ProtocolException extends IOException {
        private static final long serialVersionUID = 1L;

        ProtocolException(String message) {
            super(message);
        }
    }

    private final Source source;
    private final byte[] buffer = new byte[BUFFER_SIZE];
    private int position;
    private int limit;
    /** Offset in the reply stream of the buffer's first byte. */
    private long bufferOffset;

    private long budget;

    RespReader(Source source) {
        this.source = source;
    }

    /** Bytes consumed since the connection began. */
    long offset() {
        return bufferOffset + position;
    }

    /** The next whole reply. */
    RespReply read() throws IOException {
        budget = REPLY_BUDGET;
        return read(0);
    }

    /** Takes up to length bytes that were received ahead of a reply; 0 where there are none. */
    int drain(byte[] target, int offset, int length) {
        int taken = Math.min(length, limit - position);
        System.arraycopy(buffer, position, target, offset, taken);
        position += taken;
        return taken;
    }

    private RespReply read(int depth) throws IOException {
        long start = offset();
        spend(ELEMENT_COST, start);
        int type = next();
        return switch (type) {
            case '+' -> status();
            case '-' -> new ErrorReply(withoutControls(line()));
            case ':' -> new IntegerReply(integer());
            case '$' -> bulk(start);
            case '*' -> array(start, depth);
            default -> throw malformed("byte " + printable(type) + " does not begin a reply", start);
        };
    }

    /** The one that nearly all writing commands answer is not made anew each time. */
    private RespReply status() throws IOException {
        if (limit - position >= OK_LINE.length
                && Arrays.equals(buffer, position, position + OK_LINE.length, OK_LINE, 0, OK_LINE.length)) {
            position += OK_LINE.length;
            return OK;
        }
        return new SimpleString(line());
    }

    private RespReply bulk(long start) throws IOException {
        long length = integer();
        if (length == -1) {
            return new NullReply();
        }
        if (length < 0) {
            throw malformed("bulk string of length " + length, start);
        }
        spend(length, start);
        byte[] value = new byte[(int) Math.min(length, BUFFER_SIZE)];
        int filled = 0;
        while (true) {
            filled += readInto(value, filled);
            if (filled == length) {
                break;
            }
            // Grows with what has arrived, so that a length alone costs nothing.
            value = Arrays.copyOf(value, (int) Math.min(length, 2L * filled));
        }
        requireLineEnd();
        return new BulkString(value);
    }

    /** Fills the array from the given index to its end and returns how many bytes that were. */
    private int readInto(byte[] target, int from) throws IOException {
        int filled = from + drain(target, from, target.length - from);
        while (filled < target.length) {
            int count = source.read(target, filled, target.length - filled);
            if (count < 0) {
                throw new EOFException();
            }
            // The buffer is empty here; its offset stands for the bytes that went past it.
            bufferOffset += count;
            filled += count;
        }
        return filled - from;
    }

    private RespReply array(long start, int depth) throws IOException {
        long length = integer();
        if (length == -1) {
            return new NullReply();
        }
        if (length < 0) {
            throw malformed("array of length " + length, start);
        }
        if (depth == DEEPEST_NESTING) {
            throw malformed("arrays nested deeper than " + DEEPEST_NESTING, start);
        }
        if (length > budget / ELEMENT_COST) {
            throw malformed("array of " + length + " elements, more than a reply may have", start);
        }
        List<RespReply> elements = new ArrayList<>((int) Math.min(length, 16));
        for (long i = 0; i < length; i++) {
            elements.add(read(depth + 1));
        }
        return new ArrayReply(elements);
    }

    private long integer() throws IOException {
        long start = offset();
        int digit = next();
        boolean negative = digit == '-';
        if (negative) {
            digit = next();
        }
        // Counted below zero, where there is room for the smallest long.
        long value = 0;
        int digits = 0;
        for (; digit != '\r'; digit = next()) {
            if (digit < '0' || digit > '9' || ++digits > 19) {
                throw malformed("not an integer", start);
            }
            value = value * 10 - (digit - '0');
            if (value > 0) {
                throw malformed("integer out of range", start);
            }
        }
        if (digits == 0 || (!negative && value == Long.MIN_VALUE)) {
            throw malformed("not an integer", start);
        }
        requireByte('\n');
        return negative ? value : -value;
    }

    private String line() throws IOException {
        long start = offset();
        byte[] line = new byte[64];
        int length = 0;
        for (int value = next(); value != '\r'; value = next()) {
            if (value == '\n') {
                throw malformed("line without carriage return", start);
            }
            if (length == LONGEST_LINE) {
                throw malformed("line longer than " + LONGEST_LINE + " bytes", start);
            }
            if (length == line.length) {
                line = Arrays.copyOf(line, Math.min(2 * length, LONGEST_LINE));
            }
            line[length++] = (byte) value;
        }
        requireByte('\n');
        spend(length, start);
        return new String(line, 0, length, StandardCharsets.UTF_8);
    }

    private void requireLineEnd() throws IOException {
        requireByte('\r');
        requireByte('\n');
    }

    private void requireByte(int expected) throws IOException {
        long start = offset();
        int value = next();
        if (value != expected) {
            throw malformed("byte " + printable(value) + " where a line should end", start);
        }
    }

    private int next() throws IOException {
        if (position == limit) {
            bufferOffset += limit;
            position = 0;
            limit = 0;
            int count = source.read(buffer, 0, buffer.length);
            if (count < 0) {
                throw new EOFException();
            }
            limit = count;
        }
        return buffer[position++] & 0xff;
    }

    private void spend(long cost, long start) throws ProtocolException {
        if (cost > budget) {
            throw malformed("reply larger than " + (REPLY_BUDGET >> 20) + " MiB", start);
        }
        budget -= cost;
    }

    /** Errors are shown to people: nothing in them may control a terminal, or fill it. */
    private static String withoutControls(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints()
                .limit(LONGEST_ERROR)
                .map(c -> Character.isISOControl(c) ? '?' : c)
                .forEach(shown::appendCodePoint);
        return shown.toString();
    }

    private static ProtocolException malformed(String what, long offset) {
        return new ProtocolException(what + " at byte " + offset + " of its replies");
    }

    private static String printable(int value) {
        return value > ' ' && value < 0x7f ? "'" + (char) value + "'" : String.format("0x%02x", value);
    }
}
