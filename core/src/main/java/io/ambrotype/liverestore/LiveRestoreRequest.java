package io.ambrotype.liverestore;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import java.time.Duration;
import java.util.List;

/**
 * What a live restore is asked for. Immutable.
 *
 * @param deployment how the operator calls the target; for hints and the journal, never with a password
 * @param seeds addresses of it to start from
 * @param settings how to connect
 * @param selection which entries
 * @param onConflict what becomes of keys that are there
 * @param shiftTtl whether keys get the time to live that they had left at the snapshot, instead of their old expiry
 * @param skipUnsupported whether to go on without the values that the target cannot hold
 * @param patience how long a server that takes no writes is waited for
 */
public record LiveRestoreRequest(
        String deployment,
        List<HostAndPort> seeds,
        ConnectionSettings settings,
        Selection selection,
        OnConflict onConflict,
        boolean shiftTtl,
        boolean skipUnsupported,
        Duration patience) {
    /** Long enough for a failover with a node timeout of 15 s. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Copies the seeds. */
    public LiveRestoreRequest {
        seeds = List.copyOf(seeds);
    }

    /** The same with what an earlier run was asked for. */
    LiveRestoreRequest as(RestoreEntry.Begun begun) {
        return new LiveRestoreRequest(
                deployment,
                seeds,
                settings,
                begun.selection(),
                // Keys may have appeared meanwhile that were in nobody's way at first.
                onConflict == OnConflict.FAIL ? begun.onConflict() : onConflict,
                begun.shiftTtl(),
                begun.skipUnsupported(),
                patience);
    }
}
