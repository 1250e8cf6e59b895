package io.ambrotype.backup;

import java.time.Duration;

/**
 * How long a backup waits for others; none of it depends on the clock. Immutable.
 *
 * @param freshness for a replica to reach the offset that its master had at the beginning
 * @param silence of a source before it is given up, in any phase of the transfer. While a server prepares its RDB it gives a
 *     sign of life each second
 * @param settling for a layout that has changed during the backup to come to rest
 */
public record BackupPatience(Duration freshness, Duration silence, Duration settling) {
    /** 30 s for a replica, a minute of silence, 30 s for the layout. */
    public static final BackupPatience USUAL =
            new BackupPatience(Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofSeconds(30));

    /** Rejects what is not positive. */
    public BackupPatience {
        if (!freshness.isPositive() || !silence.isPositive() || !settling.isPositive()) {
            throw new IllegalArgumentException(
                    "a backup cannot wait for " + freshness + ", " + silence + ", " + settling);
        }
    }
}
