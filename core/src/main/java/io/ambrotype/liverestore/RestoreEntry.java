package io.ambrotype.liverestore;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.ambrotype.topology.NodeId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
    record Mark(int shard, long done, long mayBeSent) {
        /** The same where nothing that was done may be relied on. */
        Mark again() {
            return new Mark(shard, 0, mayBeSent);
        }
    }

    /**
     * A server that took keys which not all of its replicas have confirmed: they are lost where it does not live on.
     *
     * @param address where it is
     * @param runId its life
     * @param replicationId its history
     */
    record AtRisk(String address, String runId, String replicationId) {}

    /**
     * How far the run is.
     *
     * @param atRisk servers without which that may not be true; null in journals of earlier versions
     */
    record Marks(
            Instant at,
            List<Mark> marks,
            long written,
            @Nullable List<AtRisk> atRisk) implements RestoreEntry {
        /** Keeps its own lists. */
        public Marks {
            marks = List.copyOf(marks);
            atRisk = atRisk == null ? List.of() : List.copyOf(atRisk);
        }
    }

    /** The run ended before its end, and was able to say so. */
    record BrokenOff(Instant at, String reason) implements RestoreEntry {}

    /** The run is over. */
    record Ended(Instant at, long written) implements RestoreEntry {}
}
