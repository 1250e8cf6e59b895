package io.ambrotype.liverestore;

import io.ambrotype.rdb.HashSlot;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/** Commands as they are sent, and the keys that a run makes for itself. */
final class Commands {
    /** All keys that a live restore makes begin so. */
    static final String PREFIX = "ambrotype:restoring:";

    /** For every slot a number whose decimal text hashes to it. Made where it is used: it takes as long as a small restore. */
    private static final class Tags {
        static final int[] OF_SLOT = tags();

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
        return keyWithTag(run, Tags.OF_SLOT[slot], name);
    }

    /** A key of the run's own in that slot that is never written. */
    static byte[] unusedKey(String run, int slot) {
        int tag = 0;
        while (HashSlot.of(bytes(tag)) != slot) {
            tag++;
        }
        return keyWithTag(run, tag, "none");
    }

    private static byte[] keyWithTag(String run, int tag, String name) {
        return bytes(PREFIX + run + ":{" + tag + "}:" + name);
    }
}
