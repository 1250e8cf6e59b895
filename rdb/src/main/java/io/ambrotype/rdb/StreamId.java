package io.ambrotype.rdb;

/**
 * The id of a stream entry. Both parts are unsigned.
 *
 * @param millis milliseconds since the epoch, by custom
 * @param sequence order within the millisecond
 */
public record StreamId(long millis, long sequence) {
    /** The id as commands write it: {@code millis-sequence}. */
    @Override
    public String toString() {
        return Long.toUnsignedString(millis) + "-" + Long.toUnsignedString(sequence);
    }
}
