package io.ambrotype.resp;

import java.io.ByteArrayOutputStream;

/** Commands in the form in which they are sent: arrays of bulk strings. Not thread-safe. */
final class RequestBuffer extends ByteArrayOutputStream {
    /** For the lengths and line ends around an argument. */
    private static final int OVERHEAD = 16;

    private static final byte[] LINE_END = {'\r', '\n'};

    RequestBuffer(int capacity) {
        super(capacity);
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

    void add(byte[]... command) {
        if (command.length == 0) {
            throw new IllegalArgumentException("empty command");
        }
        begin(command.length);
        for (byte[] argument : command) {
            beginArgument(argument.length);
            writeBytes(argument);
            endArgument();
        }
    }

    /** What stands before the arguments, the command's name among them. */
    void begin(int arguments) {
        writeLength('*', arguments);
    }

    /** What stands before the bytes of an argument. */
    void beginArgument(int length) {
        writeLength('$', length);
    }

    /** What stands behind the bytes of an argument. */
    void endArgument() {
        writeBytes(LINE_END);
    }

    /** The bytes themselves, up to {@link #size}; not a copy. */
    byte[] array() {
        return buf;
    }

    private void writeLength(char type, int length) {
        write(type);
        int power = 1;
        while (length / power >= 10) {
            power *= 10;
        }
        for (; power > 0; power /= 10) {
            write('0' + length / power % 10);
        }
        writeBytes(LINE_END);
    }
}
