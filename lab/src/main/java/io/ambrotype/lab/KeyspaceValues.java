package io.ambrotype.lab;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Values that a seed decides, and the values at which encodings change. Not safe for use by several threads. */
final class KeyspaceValues {
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz      0123456789";

    private final SplittableRandom random;

    /** Values of one family of keys: what other families use does not change them. */
    KeyspaceValues(long seed, String family) {
        random = new SplittableRandom(seed * 31 + family.hashCode());
    }

    /** Around every limit of the integers that listpacks, ziplists, intsets and string encodings tell apart. */
    static List<Long> integers() {
        List<Long> values = new ArrayList<>(List.of(0L, 1L, -1L, 12L, 13L, 60L, -60L));
        for (int bits : new int[] {6, 7, 8, 12, 13, 15, 16, 23, 24, 31, 32, 62}) {
            long limit = 1L << bits;
            values.addAll(List.of(limit - 1, limit, limit + 1, -limit - 1, -limit, 1 - limit));
        }
        values.addAll(List.of(Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE - 1, Long.MIN_VALUE + 1));
        return List.copyOf(values);
    }

    /** Texts that look like integers and are none, or not in the form that servers store as one. */
    static List<String> almostIntegers() {
        return List.of(
                "007",
                "+1",
                "-0",
                " 1",
                "1 ",
                "1.0",
                "1e3",
                "0x10",
                "-",
                "9223372036854775808",
                "-9223372036854775809",
                "18446744073709551616",
                "\u0661");
    }

    /** Scores of sorted sets: what a double can be, and where its decimal form is long. */
    static List<String> scores() {
        return List.of(
                "0",
                "-0",
                "1",
                "-1",
                "0.1",
                "0.3333333333333333",
                "1.5",
                "-2.25",
                "100",
                "3.0e5",
                "9007199254740993",
                "-9007199254740992",
                "4503599627370497.5",
                "1e17",
                "1.7976931348623157e308",
                "-1.7976931348623157e308",
                "2.2250738585072014e-308",
                "5e-324",
                "1e-10",
                "123456789.123456789",
                "inf",
                "-inf");
    }

    /** Lengths around every limit of the string forms in listpacks, ziplists and RDB, as far as they are cheap. */
    static List<Integer> lengths() {
        return List.of(
                0, 1, 2, 10, 11, 19, 20, 21, 43, 44, 45, 62, 63, 64, 65, 250, 253, 254, 255, 256, 4094, 4095, 4096,
                16382, 16383, 16384, 16385);
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    /** Bytes that do not compress. */
    byte[] random(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Letters, digits and spaces. */
    byte[] text(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) LETTERS.charAt(random.nextInt(LETTERS.length()));
        }
        return bytes;
    }

    /** Bytes that compress well, with literal runs and long references in between. */
    byte[] compressible(int length) {
        byte[] bytes = new byte[length];
        int i = 0;
        while (i < length) {
            int run = Math.min(length - i, 1 + random.nextInt(400));
            if (random.nextInt(4) == 0) {
                System.arraycopy(random(run), 0, bytes, i, run);
            } else if (i > 0 && random.nextBoolean()) {
                int from = random.nextInt(i);
                for (int j = 0; j < run; j++) {
                    bytes[i + j] = bytes[from + j];
                }
            } else {
                Arrays.fill(bytes, i, i + run, (byte) random.nextInt());
            }
            i += run;
        }
        return bytes;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A command of byte arrays as they are and of all else as text. */
    static byte[][] command(String name, Object... arguments) {
        byte[][] command = new byte[arguments.length + 1][];
        command[0] = bytes(name);
        for (int i = 0; i < arguments.length; i++) {
            command[i + 1] = arguments[i] instanceof byte[] bytes ? bytes : bytes(arguments[i].toString());
        }
        return command;
    }
}
