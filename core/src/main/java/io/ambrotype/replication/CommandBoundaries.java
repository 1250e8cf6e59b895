package io.ambrotype.replication;

import java.nio.charset.StandardCharsets;

/**
 * Follows a stream of commands (arrays of bulk strings, as servers propagate them) to know where each ends and which of
 * them is {@code REPLCONF GETACK *}; keeps nothing but a few bytes, however long a command is. Not thread-safe.
 */
final class CommandBoundaries {
    private static final long MOST_ARGUMENTS = Integer.MAX_VALUE;
    private static final long LONGEST_ARGUMENT = 1L << 40;
    private static final byte[] REPLCONF = "replconf".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] GETACK = "getack".getBytes(StandardCharsets.US_ASCII);

    private enum State {
        /** At the first byte of a command or an argument. */
        TYPE,
        NUMBER,
        NUMBER_END,
        ARGUMENT,
        ARGUMENT_RETURN,
        ARGUMENT_END
    }

    /** Bytes that are no command; the message says what, not where. */
    static final class NotACommandException extends Exception {
        private static final long serialVersionUID = 1L;

        NotACommandException(String message) {
            super(message);
        }
    }

    private State state = State.TYPE;
    private long position;
    private long commandEnd;
    private long getAckEnd = -1;
    private long argumentCount;
    private long argumentsLeft;
    private long argumentLeft;
    private long number;
    private int digits;

    /** Still possible for the command at hand: it has been REPLCONF, then GETACK, so far. */
    private boolean maybeGetAck;

    private byte[] expected = REPLCONF;
    private int matched;

    /** Bytes seen, from the beginning of the stream. */
    long position() {
        return position;
    }

    /** Where the last whole command ended. */
    long commandEnd() {
        return commandEnd;
    }

    /** Where the last GETACK ended; -1 before the first one. */
    long getAckEnd() {
        return getAckEnd;
    }

    /** Takes the next bytes of the stream. After an exception {@link #position} is that of the byte that was wrong. */
    void accept(byte[] bytes, int from, int to) throws NotACommandException {
        int at = from;
        while (at < to) {
            if (state == State.ARGUMENT) {
                int count = (int) Math.min(argumentLeft, to - at);
                if (maybeGetAck && argumentCount - argumentsLeft < 2) {
                    match(bytes, at, count);
                }
                at += count;
                position += count;
                argumentLeft -= count;
                if (argumentLeft == 0) {
                    state = State.ARGUMENT_RETURN;
                }
            } else {
                accept(bytes[at++] & 0xff);
                position++;
                if (state == State.TYPE && argumentsLeft == 0) {
                    commandEnded();
                }
            }
        }
    }

    private void accept(int value) throws NotACommandException {
        switch (state) {
            case TYPE -> {
                require(value, argumentsLeft == 0 ? '*' : '$');
                number = 0;
                digits = 0;
                state = State.NUMBER;
            }
            case NUMBER -> {
                if (value == '\r' && digits > 0) {
                    state = State.NUMBER_END;
                } else if (value >= '0' && value <= '9' && ++digits <= 18) {
                    number = number * 10 + (value - '0');
                } else {
                    throw new NotACommandException("no length");
                }
            }
            case NUMBER_END -> {
                require(value, '\n');
                lengthRead();
            }
            case ARGUMENT_RETURN -> {
                require(value, '\r');
                state = State.ARGUMENT_END;
            }
            case ARGUMENT_END -> {
                require(value, '\n');
                argumentRead();
                state = State.TYPE;
            }
            case ARGUMENT -> throw new IllegalStateException("arguments are passed over in bulk");
        }
    }

    private void lengthRead() throws NotACommandException {
        if (argumentsLeft == 0) {
            if (number < 1 || number > MOST_ARGUMENTS) {
                throw new NotACommandException("a command of " + number + " arguments");
            }
            argumentCount = number;
            argumentsLeft = number;
            maybeGetAck = number == 3;
            expected = REPLCONF;
            state = State.TYPE;
            return;
        }
        if (number > LONGEST_ARGUMENT) {
            throw new NotACommandException("an argument of " + number + " bytes");
        }
        argumentLeft = number;
        matched = 0;
        state = number == 0 ? State.ARGUMENT_RETURN : State.ARGUMENT;
    }

    private void argumentRead() {
        if (maybeGetAck && argumentCount - argumentsLeft < 2) {
            maybeGetAck = matched == expected.length;
            expected = GETACK;
        }
        argumentsLeft--;
    }

    private void commandEnded() {
        commandEnd = position;
        if (maybeGetAck) {
            getAckEnd = position;
        }
    }

    private void match(byte[] bytes, int from, int count) {
        for (int i = from; maybeGetAck && i < from + count; i++) {
            int lower = bytes[i] >= 'A' && bytes[i] <= 'Z' ? bytes[i] + ('a' - 'A') : bytes[i];
            maybeGetAck = matched < expected.length && lower == expected[matched];
            matched++;
        }
    }

    private static void require(int value, int expected) throws NotACommandException {
        if (value != expected) {
            throw new NotACommandException(String.format("byte 0x%02x instead of 0x%02x", value, expected));
        }
    }
}
