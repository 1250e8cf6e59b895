package io.ambrotype.mutation;

import java.util.HexFormat;

/**
 * Tries a reader with many damaged inputs. How many is the test's choice, or for a long run that of the system property {@code
 * ambrotype.test.mutations}; {@code ambrotype.test.seed} shifts all seeds.
 */
public final class Trials {
    private static final int SHOWN_BYTES = 8 << 10;

    private Trials() {}

    /** Reads one input, and throws where it does so in a way that it should not. */
    @FunctionalInterface
    public interface Trial {
        /** Reads it. */
        void read(byte[] input) throws Exception;
    }

    /** The seed of a run. */
    public static long seed(long seed) {
        return seed + Long.getLong("ambrotype.test.seed", 0);
    }

    /** Runs as many trials, each with the mutator's next variant; the first failure tells seed, round and input. */
    public static void run(String name, long seed, int rounds, Mutator mutator, Trial trial) {
        long count = Long.getLong("ambrotype.test.mutations", rounds);
        for (long round = 0; round < count; round++) {
            byte[] input = mutator.next();
            read(name + ", seed " + seed + ", round " + round, input, trial);
        }
    }

    /** One trial; a failure tells the input. */
    public static void read(String name, byte[] input, Trial trial) {
        try {
            trial.read(input);
        } catch (Throwable e) {
            String shown = HexFormat.of().formatHex(input, 0, Math.min(input.length, SHOWN_BYTES));
            throw new AssertionError(name + ", " + input.length + " bytes: " + e + "\n" + shown, e);
        }
    }
}
