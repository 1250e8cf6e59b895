package io.ambrotype.liverestore;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.ambrotype.topology.NodeId;
import java.time.Instant;
import java.util.List;

/** One line of a live restore's journal. Immutable. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "entry")
@JsonSubTypes({
    @JsonSubTypes.Type(value = RestoreEntry.Begun.class, name = "begun"),
    @JsonSubTypes.Type(value = RestoreEntry.Marks.class, name = "marks"),
    @JsonSubTypes.Type(value = RestoreEntry.BrokenOff.class, name = "broken-off"),
    @JsonSubTypes.Type(value = RestoreEntry.Ended.class, name = "ended")
})
sealed interface RestoreEntry {
    /** When it was written. */
    Instant at();

    /**
     * The first line, written after the look and before the first key.
     *
     * @param run names it; a part of its temporary keys
     * @param nodes all nodes of the target then: a run is found again by any of them
     */
    record Begun(
            Instant at,
            String run,
            String toolVersion,
            String snapshot,
            String deployment,
            List<NodeId> nodes,
            Selection selection,
            OnConflict onConflict,
            boolean shiftTtl,
            boolean skipUnsupported)
            implements RestoreEntry {
        /** Keeps its own list. */
        public Begun {
            nodes = List.copyOf(nodes);
        }
    }

    /**
     * How far one dump is.
     *
     * @param shard its shard
     * @param done entries from the beginning of the dump that are dealt with
     * @param mayBeSent entries from the beginning of the dump of which one may have been sent
     */
    record Mark(int shard, long done, long mayBeSent) {}

    /** How far the run is. */
    record Marks(Instant at, List<Mark> marks, long written) implements RestoreEntry {
        /** Keeps its own list. */
        public Marks {
            marks = List.copyOf(marks);
        }
    }

    /** The run ended before its end, and was able to say so. */
    record BrokenOff(Instant at, String reason) implements RestoreEntry {}

    /** The run is over. */
    record Ended(Instant at, long written) implements RestoreEntry {}
}
