package io.ambrotype.backup;

import io.ambrotype.repository.SnapshotId;

/**
 * Hears how a backup goes on. Called from several threads, never twice at once for the same shard; must be quick and must
 * not throw.
 */
public interface BackupListener {
    /** Hears nothing. */
    BackupListener NONE = new BackupListener() {};

    /** The plan is made, and what it says will be done now. Called again where the layout changed in between. */
    default void planned(BackupPlan plan) {}

    /** The snapshot was begun; from now on it is visible as unfinished. */
    default void begun(SnapshotId snapshot) {}

    /** A shard has come further. */
    default void progress(ShardProgress progress) {}

    /** Something happened that the operator should know, and the backup goes on. */
    default void notice(String sentence) {}

    /** All shards are captured; what is stored is being checked and committed. */
    default void committing() {}
}
