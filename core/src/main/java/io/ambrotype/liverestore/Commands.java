package io.ambrotype.liverestore;

import io.ambrotype.rdb.HashSlot;
import java.nio.charset.StandardCharsets;

/** Commands as they are sent, and the keys that a run makes for itself. */
final class Commands {
    /** All keys that a live restore makes begin so. */
    static final String PREFIX = "ambrotype:restoring:";

    /** For every slot the first number above 0 that was found to hash to it, where one was. */
    private static final int[] TAGS = new int[HashSlot.COUNT];

    private static int tried;

    private Commands() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] bytes(long number) {
        return bytes(Long.toString(number));
    }

    /** A command with one key. */
    static byte[][] of(String name, byte[]... arguments) {
        byte[][] command = new byte[arguments.length + 1][];
        command[0] = bytes(name);
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        return command;
    }

    static String name(byte[][] command) {
        return new String(command[0], StandardCharsets.US_ASCII);
    }

    static long size(byte[][] command) {
        long size = 0;
        for (byte[] argument : command) {
            size += argument.length;
        }
        return size;
    }

    /**
     * A key of the run's own in that slot.
     *
     * @param name tells it from the run's other keys
     */
    static byte[] ownKey(String run, int slot, String name) {
        return bytes(PREFIX + run + ":{" + tag(slot) + "}:" + name);
    }

    /** A number whose decimal text hashes to the slot. */
    private static synchronized int tag(int slot) {
        while (TAGS[slot] == 0) {
            tried++;
            int other = HashSlot.of(bytes(tried));
            if (TAGS[other] == 0) {
                TAGS[other] = tried;
            }
        }
        return TAGS[slot];
    }
}
