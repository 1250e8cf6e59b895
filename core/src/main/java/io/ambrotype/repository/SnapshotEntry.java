package io.ambrotype.repository;

/** One line of a listing. */
public sealed interface SnapshotEntry {
    /** The snapshot's id. */
    SnapshotId snapshot();

    /**
     * It has its manifest.
     *
     * @param summary the front of the manifest; the rest was not read
     */
    record Finished(SnapshotSummary summary) implements SnapshotEntry {
        @Override
        public SnapshotId snapshot() {
            return summary.snapshot();
        }
    }

    /**
     * It was begun and has no manifest: a backup is still writing it, or died. Never restored.
     *
     * @param snapshot its id
     * @param begun what is known of it
     */
    record Unfinished(SnapshotId snapshot, SnapshotBegun begun) implements SnapshotEntry {}

    /**
     * What there is of it cannot be read.
     *
     * @param snapshot its id
     * @param problem why, naming the file
     */
    record Damaged(SnapshotId snapshot, String problem) implements SnapshotEntry {}
}
