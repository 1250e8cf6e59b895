package io.ambrotype.mutation;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Draws damaged variants of the inputs of a corpus: bits flipped, ends cut off, pieces taken out, repeated and put in from
 * other inputs, and numbers at the edges of their ranges where a length might stand. The same seed draws the same variants.
 */
public final class Mutator {
    private static final int MOST_CHANGES = 4;
    private static final int LONGEST_PIECE = 64;
    private static final int MOST_COPIES = 50;
    private static final int LONGEST = 256 << 10;

    private static final long[] EDGES = {
        0,
        1,
        0x3f,
        0x40,
        0x7f,
        0x80,
        0xff,
        0x100,
        0x3fff,
        0x4000,
        0x7fff,
        0x8000,
        0xffff,
        0x10000,
        0xff_ffff,
        Integer.MAX_VALUE - 8,
        Integer.MAX_VALUE,
        0x8000_0000L,
        0xffff_ffffL,
        0x1_0000_0000L,
        1L << 45,
        Long.MAX_VALUE - 8,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -2,
        -1
    };

    private final List<byte[]> corpus;
    private final List<byte[]> words;
    private final SplittableRandom random;

    /**
     * A mutator.
     *
     * @param corpus inputs to start from, none of them empty
     * @param words pieces that mean something in this format, put in now and then
     */
    public Mutator(long seed, List<byte[]> corpus, String... words) {
        this.corpus = List.copyOf(corpus);
        this.words = Arrays.stream(words)
                .map(word -> word.getBytes(StandardCharsets.ISO_8859_1))
                .toList();
        this.random = new SplittableRandom(seed);
    }

    /** The next variant of any input. */
    public byte[] next() {
        return next(corpus.get(random.nextInt(corpus.size())));
    }

    /** The next variant of this input, which need not be of the corpus. */
    public byte[] next(byte[] input) {
        byte[] changed = input;
        for (int changes = random.nextInt(1, MOST_CHANGES + 1); changes > 0 && changed.length > 0; changes--) {
            changed = change(changed);
        }
        return changed.length > LONGEST ? Arrays.copyOf(changed, LONGEST) : changed;
    }

    private byte[] change(byte[] input) {
        int at = random.nextInt(input.length);
        int end = Math.min(input.length, at + random.nextInt(1, LONGEST_PIECE + 1));
        return switch (random.nextInt(12)) {
            case 0, 1 -> replaced(input, at, at + 1, new byte[] {(byte) (input[at] ^ 1 << random.nextInt(8))});
            case 2 -> replaced(input, at, at + 1, new byte[] {(byte) random.nextInt()});
            case 3 -> random.nextInt(4) == 0 ? Arrays.copyOf(input, at) : replaced(input, at, at + 1, new byte[0]);
            case 4 -> replaced(input, at, end, new byte[0]);
            case 5 -> replaced(input, at, at, repeated(Arrays.copyOfRange(input, at, end)));
            case 6 -> replaced(input, at, random.nextBoolean() ? at : end, foreign());
            case 7, 8 -> overwritten(input, at, number());
            case 9 -> replaced(input, at, decimalEnd(input, at), decimal());
            case 10 -> overwritten(input, at, Arrays.copyOfRange(input, random.nextInt(input.length), input.length));
            default ->
                words.isEmpty()
                        ? overwritten(input, at, number())
                        : replaced(
                                input,
                                at,
                                random.nextBoolean() ? at : Math.min(input.length, at + 1),
                                words.get(random.nextInt(words.size())));
        };
    }

    private byte[] repeated(byte[] piece) {
        ByteArrayOutputStream copies = new ByteArrayOutputStream();
        for (int count = random.nextInt(4) == 0 ? random.nextInt(1, MOST_COPIES) : 1; count > 0; count--) {
            copies.writeBytes(piece);
        }
        return copies.toByteArray();
    }

    private byte[] foreign() {
        byte[] other = corpus.get(random.nextInt(corpus.size()));
        int from = random.nextInt(other.length);
        return Arrays.copyOfRange(other, from, Math.min(other.length, from + random.nextInt(1, 4 * LONGEST_PIECE)));
    }

    /** A number of one to eight bytes, of either order, bare or as RDB writes lengths. */
    private byte[] number() {
        long value = EDGES[random.nextInt(EDGES.length)];
        int bytes = 1 << random.nextInt(4);
        byte[] big = new byte[bytes];
        byte[] little = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            little[i] = (byte) (value >>> (8 * i));
            big[bytes - 1 - i] = little[i];
        }
        return switch (random.nextInt(3)) {
            case 0 -> little;
            case 1 -> big;
            default -> {
                ByteArrayOutputStream length = new ByteArrayOutputStream();
                length.write(bytes == 8 ? 0x81 : bytes == 4 ? 0x80 : random.nextInt(0x40, 0xc4));
                length.writeBytes(big);
                yield length.toByteArray();
            }
        };
    }

    private byte[] decimal() {
        String text = Long.toString(EDGES[random.nextInt(EDGES.length)]);
        return (random.nextInt(8) == 0 ? text + "0" : text).getBytes(StandardCharsets.US_ASCII);
    }

    private static int decimalEnd(byte[] input, int at) {
        int end = at;
        while (end < input.length && input[end] >= '0' && input[end] <= '9') {
            end++;
        }
        return end;
    }

    private static byte[] overwritten(byte[] input, int at, byte[] piece) {
        byte[] changed = input.clone();
        System.arraycopy(piece, 0, changed, at, Math.min(piece.length, input.length - at));
        return changed;
    }

    private static byte[] replaced(byte[] input, int from, int to, byte[] piece) {
        byte[] changed = new byte[input.length - (to - from) + piece.length];
        System.arraycopy(input, 0, changed, 0, from);
        System.arraycopy(piece, 0, changed, from, piece.length);
        System.arraycopy(input, to, changed, from + piece.length, input.length - to);
        return changed;
    }
}
