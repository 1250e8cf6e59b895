package io.ambrotype.repository;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What a listing shows of a finished snapshot; it stands at the front of the manifest so that a listing reads no
 * further. Always equal to {@link Manifest#summary()} of the same manifest. Immutable.
 *
 * @param snapshot the snapshot's id
 * @param toolVersion version of the program that wrote it
 * @param deployment name of the deployment, or its address where it has no name
 * @param kind cluster or standalone
 * @param begun when the backup began, to the millisecond
 * @param completed when the manifest was written, to the millisecond
 * @param entries entries of all dumps, orphans included
 * @param rdbBytes bytes of all RDBs
 * @param storedBytes bytes of all objects, each counted once
 * @param shards number of shards
 * @param nodes number of nodes
 * @param versions the nodes' versions such as {@code redis 7.0.15}, sorted, each once
 * @param captureSpread time between the first and the last shard's capture
 * @param warnings sentences for the operator
 */
public record SnapshotSummary(
        SnapshotId snapshot,
        String toolVersion,
        String deployment,
        Manifest.Kind kind,
        Instant begun,
        Instant completed,
        long entries,
        long rdbBytes,
        long storedBytes,
        int shards,
        int nodes,
        List<String> versions,
        Duration captureSpread,
        List<String> warnings) {
    /** Rejects negative counts; copies the lists. */
    public SnapshotSummary {
        Check.notNegative("entries", entries);
        Check.notNegative("rdbBytes", rdbBytes);
        Check.notNegative("storedBytes", storedBytes);
        Check.notNegative("shards", shards);
        Check.notNegative("nodes", nodes);
        Check.notNegative("captureSpread", captureSpread.toMillis());
        versions = List.copyOf(versions);
        warnings = List.copyOf(warnings);
    }
}
