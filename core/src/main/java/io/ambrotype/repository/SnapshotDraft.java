package io.ambrotype.repository;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import java.util.Optional;

/**
 * A snapshot that was begun. It becomes one when it is committed, exactly once; a draft that is never committed stays
 * visible as unfinished, and needs no clean-up. For one thread at a time.
 */
public final class SnapshotDraft {
    private final Repository repository;
    private final SnapshotId snapshot;
    private final SnapshotBegun begun;
    private final Optional<SnapshotId> newer;
    private boolean committed;

    SnapshotDraft(Repository repository, SnapshotId snapshot, SnapshotBegun begun, Optional<SnapshotId> newer) {
        this.repository = repository;
        this.snapshot = snapshot;
        this.begun = begun;
        this.newer = newer;
    }

    /** The id that its manifest must have. */
    public SnapshotId snapshot() {
        return snapshot;
    }

    /** What was written when it was begun. */
    public SnapshotBegun begun() {
        return begun;
    }

    /**
     * What an operator has to know about the order of the snapshots: where a finished one claims to be newer than this one, a
     * clock is or was wrong, and {@code latest} is not what was taken last. Mostly empty.
     */
    public Optional<String> warning() {
        return newer.map(other ->
                "snapshot " + other + " of this repository claims to be newer than this one, which was begun at "
                        + begun.begun()
                        + ": a clock is or was wrong; 'latest' means the one with the later time, so name this one by"
                        + " its id");
    }

    /**
     * Writes the manifest: the snapshot exists from the moment this returns. Checks before that every dump is there with
     * its size, and that the manifest reads back equal.
     *
     * @throws IllegalArgumentException where the manifest is of another snapshot or cannot be written as it is
     * @throws IllegalStateException where it was committed before
     * @throws AmbrotypeException of code CORRUPT where a dump is missing; of code NO_REPOSITORY where the repository is no
     *     longer at its place; of code FAILED where the store fails: then the snapshot exists whole, or it is still
     *     unfinished
     */
    public void commit(Manifest manifest) {
        if (committed) {
            throw new IllegalStateException("snapshot " + snapshot + " is committed already");
        }
        Check.that(manifest.snapshot().equals(snapshot), "the manifest is of snapshot " + manifest.snapshot());
        Check.that(
                manifest.begun().equals(begun.begun()) && manifest.deployment().equals(begun.deployment()),
                "the manifest is not of the backup that was begun");
        repository.requirePresent();
        manifest.shards().forEach(shard -> repository.expectStored(shard.dump()));
        byte[] bytes = ManifestJson.write(manifest);
        Check.that(ManifestJson.read("manifest.json", bytes).equals(manifest), "the manifest does not read back equal");
        if (!repository.store(Repository.manifestName(snapshot), bytes)) {
            throw AmbrotypeException.of(ErrorCode.FAILED, "snapshot " + snapshot + " has a manifest already");
        }
        committed = true;
    }
}
