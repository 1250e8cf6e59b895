package io.ambrotype.replication;

import java.time.Duration;

/**
 * What a session is for, and how patient it is.
 *
 * @param rdbOnly true for a backup: the stream behind the RDB is not wanted, and servers that know {@code rdb-only}
 *     (Redis from 6.2, Valkey) do not collect it; false where {@link ReplicationSession#stream} will be called
 * @param idleTimeout longest silence of the server in any phase. While it prepares an RDB it sends a newline each second,
 *     in the stream a PING each {@code repl-ping-replica-period} (10 s by default); positive
 * @param preparationTimeout longest time from PSYNC to the first byte of the RDB, kept alive by newlines or not: the
 *     time a fork and, without diskless sync, a whole BGSAVE may take; positive
 * @param listener told while the RDB is prepared
 */
public record ReplicationOptions(
        boolean rdbOnly, Duration idleTimeout, Duration preparationTimeout, PreparationListener listener) {

    /** Rejects timeouts that are not positive. */
    public ReplicationOptions {
        requirePositive("idle", idleTimeout);
        requirePositive("preparation", preparationTimeout);
    }

    /** For a backup: only the RDB, a minute of silence at most, two hours for the server to write its RDB. */
    public static ReplicationOptions backup() {
        return new ReplicationOptions(true, Duration.ofSeconds(60), Duration.ofHours(2), (_, _) -> {});
    }

    /** The same, and the stream behind the RDB. */
    public ReplicationOptions withStream() {
        return new ReplicationOptions(false, idleTimeout, preparationTimeout, listener);
    }

    /** The same with other limits of patience. */
    public ReplicationOptions withTimeouts(Duration idle, Duration preparation) {
        return new ReplicationOptions(rdbOnly, idle, preparation, listener);
    }

    /** The same with a listener. */
    public ReplicationOptions withListener(PreparationListener newListener) {
        return new ReplicationOptions(rdbOnly, idleTimeout, preparationTimeout, newListener);
    }

    /** Hears that the server is still preparing its RDB. */
    @FunctionalInterface
    public interface PreparationListener {
        /**
         * Called about once a second, on the thread that waits.
         *
         * @param phase {@link ReplicationPhase#REQUEST} or {@link ReplicationPhase#PREPARATION}
         * @param sincePsync how long it has been
         */
        void preparing(ReplicationPhase phase, Duration sincePsync);
    }

    private static void requirePositive(String name, Duration timeout) {
        if (timeout.toMillis() < 1) {
            throw new IllegalArgumentException(name + " timeout " + timeout + " is shorter than 1 ms");
        }
    }
}
