package io.ambrotype.imports;

import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.SlotSet;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What an import makes a snapshot of. Immutable.
 *
 * @param deployment what the snapshot will say it is of
 * @param nodes the nodes of the snapshot, masters first within each shard; empty for a standalone server
 * @param conf the topology; empty for a standalone server
 * @param shards one per shard, in the order of their slots
 * @param warnings what the operator should know
 */
public record ImportPlan(
        String deployment,
        List<NodesConf.Line> nodes,
        Optional<NodesConf> conf,
        List<ShardFile> shards,
        List<String> warnings) {
    /** Copies the lists. */
    public ImportPlan {
        nodes = List.copyOf(nodes);
        shards = List.copyOf(shards);
        warnings = List.copyOf(warnings);
    }

    /**
     * A shard and its file.
     *
     * @param master its master; empty for a standalone server
     * @param slots what it owns; all for a standalone server
     * @param file where its data are
     * @param reason how it is known that the file is this shard's
     */
    public record ShardFile(Optional<NodesConf.Line> master, SlotSet slots, DumpFile file, String reason) {
        /** Entries in slots that the shard does not own. */
        public long orphans() {
            return file.entries() - file.entriesIn(slots);
        }
    }

    /**
     * What was found in a file.
     *
     * @param given as it was named
     * @param path the file that begins with the RDB
     * @param rdbBytes length of the RDB in it
     * @param entries entries of the RDB
     * @param slotEntries entries per slot
     * @param rdbVersion magic of the RDB
     * @param signed whether it has a checksum, which then was verified
     * @param vendor of the server that wrote it, as far as the RDB tells
     * @param version of that server
     * @param versionTold whether the RDB tells it; else it is the first version that wrote such RDBs
     * @param replicationId the replication id in it, where it tells
     * @param replicationOffset the offset in it; 0 where it does not tell
     * @param savedAt when it was saved: as it says itself, else the time of the file
     * @param view the nodes.conf beside it, where there is one that can be read
     * @param leftOut what belongs to the same data and is not imported, in sentences
     */
    public record DumpFile(
            Path given,
            Path path,
            long rdbBytes,
            long entries,
            SlotCounts slotEntries,
            String rdbVersion,
            boolean signed,
            String vendor,
            String version,
            boolean versionTold,
            Optional<String> replicationId,
            long replicationOffset,
            Instant savedAt,
            Optional<NodesConf> view,
            List<String> leftOut) {
        /** Copies the list. */
        public DumpFile {
            leftOut = List.copyOf(leftOut);
        }

        /** Entries in these slots. */
        long entriesIn(SlotSet slots) {
            return slots.stream().mapToLong(slotEntries::of).sum();
        }
    }

    /** Numbers of entries by slot. Immutable. */
    public static final class SlotCounts {
        private final long[] counts;

        SlotCounts(long[] counts) {
            this.counts = counts.clone();
        }

        long of(int slot) {
            return counts[slot];
        }
    }
}
