package io.ambrotype.backup;

import java.util.OptionalLong;

/**
 * How far the capture of one shard is. Immutable.
 *
 * @param shard index of the shard
 * @param source the node that sends, {@code host:port}
 * @param phase what is being done
 * @param bytes bytes of RDB scanned and compressed so far
 * @param totalBytes bytes of the whole RDB, where the server announced them
 * @param entries entries scanned so far
 * @param expectedEntries entries that the source said it holds before; a hint for the time left
 */
public record ShardProgress(
        int shard,
        String source,
        Phase phase,
        long bytes,
        OptionalLong totalBytes,
        long entries,
        long expectedEntries) {
    /** The steps of a capture, in their order. */
    public enum Phase {
        /** Waits until another capture on the same host is over. */
        QUEUED,
        /** Waits until the source has reached the master's offset, or has written or forked for its RDB. */
        PREPARING,
        /** The RDB comes in, is scanned, compressed and stored. */
        RECEIVING,
        /** The dump is stored and was read back. */
        STORED
    }
}
