package io.ambrotype.probe;

/** Times counted in classes whose bounds are at most an eighth apart. Not thread-safe. */
final class LatencyHistogram {
    private static final int SUB_BITS = 3;
    private static final int CLASSES = (64 - SUB_BITS) << SUB_BITS;

    private final long[] counts = new long[CLASSES];
    private long count;

    /** Counts a time; a negative one as zero. */
    void add(long nanos) {
        counts[classOf(Math.max(0, nanos))]++;
        count++;
    }

    long count() {
        return count;
    }

    /** The lower bound of the class in which the middle one is; 0 where there is none. */
    long median() {
        long below = 0;
        for (int i = 0; i < counts.length; i++) {
            below += counts[i];
            if (2 * below >= count && below > 0) {
                return lowerBound(i);
            }
        }
        return 0;
    }

    private static int classOf(long nanos) {
        if (nanos < 1 << SUB_BITS) {
            return (int) nanos;
        }
        int exponent = 63 - Long.numberOfLeadingZeros(nanos);
        int sub = (int) (nanos >>> (exponent - SUB_BITS)) & ((1 << SUB_BITS) - 1);
        return ((exponent - SUB_BITS + 1) << SUB_BITS) + sub;
    }

    private static long lowerBound(int index) {
        if (index < 1 << SUB_BITS) {
            return index;
        }
        int exponent = (index >>> SUB_BITS) + SUB_BITS - 1;
        long sub = index & ((1 << SUB_BITS) - 1);
        return (1L << exponent) + (sub << (exponent - SUB_BITS));
    }
}
