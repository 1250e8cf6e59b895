package io.ambrotype.resp;

import java.util.Arrays;

/**
 * Commands in the form in which they are sent: arrays of bulk strings (Redis serialization protocol specification, version 2). Grows as
 * needed. Not thread-safe.
 */
public final class RequestBuffer {
    /** For the length of an argument, or of a command, and the line ends around it. */
    private static final int OVERHEAD = 16;

    private byte[] bytes;
    private int size;

    /** An empty buffer. */
    public RequestBuffer(int capacity) {
        bytes = new byte[capacity];
    }

    /** A buffer with one command, in one allocation. */
    static RequestBuffer of(byte[]... command) {
        long size = OVERHEAD;
        for (byte[] argument : command) {
            size += argument.length + OVERHEAD;
        }
        RequestBuffer buffer = new RequestBuffer(Math.toIntExact(size));
        buffer.add(command);
        return buffer;
    }

    /** A whole command, its name and its arguments. */
    public void add(byte[]... command) {
        if (command.length == 0) {
            throw new IllegalArgumentException("empty command");
        }
        begin(command.length);
        for (byte[] argument : command) {
            argument(argument);
        }
    }

    /** A whole argument. */
    public void argument(byte[] argument) {
        argument(argument, 0, argument.length);
    }

    /** A whole argument. */
    public void argument(byte[] buffer, int offset, int length) {
        beginArgument(length);
        write(buffer, offset, length);
        endArgument();
    }

    /** What stands before the arguments, the command's name among them. */
    public void begin(int arguments) {
        writeLength('*', arguments);
    }

    /** What stands before the bytes of an argument. */
    public void beginArgument(int length) {
        writeLength('$', length);
    }

    /** A part of the bytes of an argument. */
    public void write(byte[] buffer, int offset, int length) {
        reserve(length);
        System.arraycopy(buffer, offset, bytes, size, length);
        size += length;
    }

    /** Arguments that another buffer holds. */
    public void arguments(RequestBuffer other) {
        arguments(other.bytes, 0, other.size);
    }

    /** Arguments, as {@link #copyTo} gave them. */
    public void arguments(byte[] arguments, int offset, int length) {
        write(arguments, offset, length);
    }

    /** Copies all that is in it. */
    public void copyTo(byte[] target, int offset) {
        System.arraycopy(bytes, 0, target, offset, size);
    }

    /**
     * The command that begins at that byte of the buffer, as it was put in.
     *
     * @param offset {@link #size} before it was
     */
    public byte[][] command(int offset) {
        int at = offset + 1;
        byte[][] command = new byte[number(at)][];
        for (int i = 0; i < command.length; i++) {
            at = behindLine(at) + 1;
            int length = number(at);
            int start = behindLine(at);
            command[i] = Arrays.copyOfRange(bytes, start, start + length);
            at = start + length;
        }
        return command;
    }

    private int number(int at) {
        int number = 0;
        for (int i = at; bytes[i] != '\r'; i++) {
            number = 10 * number + bytes[i] - '0';
        }
        return number;
    }

    private int behindLine(int at) {
        int end = at;
        while (bytes[end] != '\r') {
            end++;
        }
        return end + 2;
    }

    /** What stands behind the bytes of an argument. */
    public void endArgument() {
        reserve(OVERHEAD);
        endLine();
    }

    /** The bytes themselves, up to {@link #size}; not a copy. */
    byte[] array() {
        return bytes;
    }

    /** Bytes in it. */
    public int size() {
        return size;
    }

    /** Forgets what is in it. */
    public void clear() {
        size = 0;
    }

    private void writeLength(char type, int length) {
        reserve(OVERHEAD);
        bytes[size++] = (byte) type;
        int digits = 1;
        for (int rest = length; rest >= 10; rest /= 10) {
            digits++;
        }
        int rest = length;
        for (int at = size + digits - 1; at >= size; at--) {
            bytes[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        size += digits;
        endLine();
    }

    private void endLine() {
        bytes[size++] = '\r';
        bytes[size++] = '\n';
    }

    private void reserve(int count) {
        if (bytes.length - size < count) {
            int needed = Math.addExact(size, count);
            bytes = Arrays.copyOf(bytes, (int) Math.max(needed, Math.min(2L * bytes.length, Integer.MAX_VALUE - 8)));
        }
    }
}
