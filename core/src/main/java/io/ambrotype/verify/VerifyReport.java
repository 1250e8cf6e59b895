package io.ambrotype.verify;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.repository.DumpReference;
import io.ambrotype.repository.SnapshotId;
import java.util.List;
import java.util.Optional;

/**
 * What a verification found. Immutable.
 *
 * @param snapshots the snapshots that were looked at, newest first
 */
public record VerifyReport(List<SnapshotVerdict> snapshots) {
    /** What became of one snapshot. */
    public enum State {
        /** Everything about it that was looked at is as it should be. */
        SOUND,
        /** Something is broken. */
        DAMAGED,
        /** It never was finished, so there is nothing to verify; that is no damage. */
        UNFINISHED
    }

    /**
     * One snapshot.
     *
     * @param snapshot its id
     * @param state what became of it
     * @param problems what is broken, as sentences that name the file; without those of its shards
     * @param shards its shards; empty where its manifest could not be read
     */
    public record SnapshotVerdict(SnapshotId snapshot, State state, List<String> problems, List<ShardVerdict> shards) {
        /** Copies the lists. */
        public SnapshotVerdict {
            problems = List.copyOf(problems);
            shards = List.copyOf(shards);
        }
    }

    /**
     * One shard.
     *
     * @param index its index in the manifest
     * @param dump its dump
     * @param entries entries that the manifest promises, and that were found where there is no problem
     * @param read whether the dump was read, as it is unless only a sample was asked for
     * @param problems what is broken, as sentences that name the object
     */
    public record ShardVerdict(int index, DumpReference dump, long entries, boolean read, List<String> problems) {
        /** Copies the list. */
        public ShardVerdict {
            problems = List.copyOf(problems);
        }
    }

    /** Copies the list. */
    public VerifyReport {
        snapshots = List.copyOf(snapshots);
    }

    /** The error to end with, of code CORRUPT: there where a snapshot is damaged. */
    public Optional<AmbrotypeException> failure() {
        long damaged = count(State.DAMAGED);
        if (damaged == 0) {
            return Optional.empty();
        }
        String sentence = damaged + " of " + snapshots.size()
                + (snapshots.size() == 1 ? " snapshot is" : " snapshots are") + " damaged";
        return Optional.of(AmbrotypeException.of(ErrorCode.CORRUPT, sentence)
                .withHint(
                        count(State.SOUND) == 0
                                ? "take a new one: ambrotype backup"
                                : "the sound ones can be restored; take a new one: ambrotype backup"));
    }

    private long count(State state) {
        return snapshots.stream().filter(snapshot -> snapshot.state() == state).count();
    }
}
