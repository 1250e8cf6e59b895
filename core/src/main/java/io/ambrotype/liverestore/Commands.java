package io.ambrotype.liverestore;

import io.ambrotype.rdb.HashSlot;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/** Commands as they are sent, and the keys that a run makes for itself. */
final class Commands {
    /** All keys that a live restore makes begin so. */
    static final String PREFIX = "ambrotype:restoring:";

    private static final int[] TAGS = tags();

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
        return bytes(PREFIX + run + ":{" + TAGS[slot] + "}:" + name);
    }

    /** For every slot a number whose decimal text hashes to it. */
    private static int[] tags() {
        int[] tags = new int[HashSlot.COUNT];
        BitSet found = new BitSet(HashSlot.COUNT);
        for (int number = 0; found.cardinality() < HashSlot.COUNT; number++) {
            int slot = HashSlot.of(bytes(number));
            if (!found.get(slot)) {
                found.set(slot);
                tags[slot] = number;
            }
        }
        return tags;
    }
}
