package io.ambrotype.backup;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What to back up, and how gently. Immutable.
 *
 * @param deployment the name under which the snapshot is listed; an address where there is no name
 * @param seeds addresses of nodes, any of which leads to the others
 * @param settings how to connect to all of them
 * @param parallel how many shards are captured at once, at most {@link #MOST_PARALLEL}
 * @param forksPerHost how many of a host's servers may be made to fork at once
 * @param nodesConfName the name of the nodes' {@code nodes.conf} where servers do not tell it; {@code {port}} stands for
 *     the node's port
 * @param spoolFolder where bytes go that cannot be compressed as fast as they arrive
 * @param spoolLimit bytes on disk for that, per shard
 * @param patience how long to wait for servers
 */
public record BackupRequest(
        String deployment,
        List<HostAndPort> seeds,
        ConnectionSettings settings,
        int parallel,
        int forksPerHost,
        Optional<String> nodesConfName,
        Path spoolFolder,
        long spoolLimit,
        BackupPatience patience) {
    /** Shards captured at once unless told otherwise. */
    public static final int DEFAULT_PARALLEL = 2;

    /** Each capture takes about 40 MB, most of it for the frame that is being compressed. */
    public static final int MOST_PARALLEL = 16;

    /** Rejects impossible numbers; copies the seeds. */
    public BackupRequest {
        seeds = List.copyOf(seeds);
        if (parallel < 1 || parallel > MOST_PARALLEL) {
            throw new IllegalArgumentException(
                    "the number of parallel captures must be between 1 and " + MOST_PARALLEL + ", not " + parallel);
        }
        if (forksPerHost < 1) {
            throw new IllegalArgumentException("the number of forks per host must be at least 1, not " + forksPerHost);
        }
    }

    /** The defaults: two shards at once, one fork per host, a spool of at most 16 GiB per shard. */
    public static BackupRequest of(
            String deployment, List<HostAndPort> seeds, ConnectionSettings settings, Path spoolFolder) {
        return new BackupRequest(
                deployment,
                seeds,
                settings,
                DEFAULT_PARALLEL,
                1,
                Optional.empty(),
                spoolFolder,
                16L << 30,
                BackupPatience.USUAL);
    }

    /** The same with so many captures at once, and forks on one host. */
    public BackupRequest withParallel(int captures, int forks) {
        return new BackupRequest(
                deployment, seeds, settings, captures, forks, nodesConfName, spoolFolder, spoolLimit, patience);
    }

    /** The same with other settings of its connections. */
    public BackupRequest withSettings(ConnectionSettings others) {
        return new BackupRequest(
                deployment, seeds, others, parallel, forksPerHost, nodesConfName, spoolFolder, spoolLimit, patience);
    }

    /** The same with another patience. */
    public BackupRequest withPatience(BackupPatience other) {
        return new BackupRequest(
                deployment, seeds, settings, parallel, forksPerHost, nodesConfName, spoolFolder, spoolLimit, other);
    }

    /** The same with the name of the nodes' nodes.conf. */
    public BackupRequest withNodesConfName(Optional<String> name) {
        return new BackupRequest(
                deployment, seeds, settings, parallel, forksPerHost, name, spoolFolder, spoolLimit, patience);
    }
}
