package io.ambrotype.replication;

import io.ambrotype.common.ReplicationId;
import io.ambrotype.common.ReplicationOffset;
import java.util.OptionalLong;

/**
 * What a server granted to PSYNC.
 *
 * @param id the history of which the RDB is a state
 * @param offset the place in that history that the RDB stands for; the first byte behind the RDB is the next one
 * @param length the RDB's length in bytes where the server wrote it to disk first; empty where it sends while it forks
 *     (diskless)
 */
public record FullSync(ReplicationId id, ReplicationOffset offset, OptionalLong length) {
    /** Rejects negative lengths. */
    public FullSync {
        if (length.isPresent() && length.getAsLong() < 0) {
            throw new IllegalArgumentException("RDB length " + length.getAsLong() + " is negative");
        }
    }
}
