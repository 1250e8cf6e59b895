package io.ambrotype.restart;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.ambrotype.control.Election;
import io.ambrotype.control.Layout;
import io.ambrotype.control.Member;
import io.ambrotype.control.SettingChange;
import io.ambrotype.host.KeptConfiguration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** One line of a restart's journal. Immutable. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "entry")
@JsonSubTypes({
    @JsonSubTypes.Type(value = RestartEntry.Begun.class, name = "begun"),
    @JsonSubTypes.Type(value = RestartEntry.Planned.class, name = "planned"),
    @JsonSubTypes.Type(value = RestartEntry.SnapshotTaken.class, name = "snapshot"),
    @JsonSubTypes.Type(value = RestartEntry.StepBegun.class, name = "step-begun"),
    @JsonSubTypes.Type(value = RestartEntry.GatePassed.class, name = "gate-passed"),
    @JsonSubTypes.Type(value = RestartEntry.Setting.class, name = "setting"),
    @JsonSubTypes.Type(value = RestartEntry.Kept.class, name = "kept"),
    @JsonSubTypes.Type(value = RestartEntry.Elected.class, name = "election"),
    @JsonSubTypes.Type(value = RestartEntry.Stopping.class, name = "stopping"),
    @JsonSubTypes.Type(value = RestartEntry.Started.class, name = "started"),
    @JsonSubTypes.Type(value = RestartEntry.StepEnded.class, name = "step-ended"),
    @JsonSubTypes.Type(value = RestartEntry.BrokenOff.class, name = "broken-off"),
    @JsonSubTypes.Type(value = RestartEntry.Ended.class, name = "ended")
})
sealed interface RestartEntry {
    /** When it was written. */
    Instant at();

    /**
     * A node at the start of the run.
     *
     * @param runId its process: one that has another since has been restarted
     * @param launch how it is started again, where that is known
     */
    record NodeAtStart(Member member, String runId, String version, Optional<StartAgain.Possible> launch) {}

    /** The first line: what is needed to go on, also while nodes are down. */
    record Begun(
            Instant at, String run, String toolVersion, RestartRequest request, Layout layout, List<NodeAtStart> nodes)
            implements RestartEntry {
        /** Keeps its own list. */
        public Begun {
            nodes = List.copyOf(nodes);
        }
    }

    /** What is going to be done, for people: of a resumed run the rest. */
    record Planned(Instant at, List<String> steps) implements RestartEntry {
        /** Keeps its own list. */
        public Planned {
            steps = List.copyOf(steps);
        }
    }

    /** A snapshot was taken. */
    record SnapshotTaken(Instant at, String snapshot) implements RestartEntry {}

    /** A step begins. */
    record StepBegun(Instant at, int number, String title) implements RestartEntry {}

    /** A gate was passed. */
    record GatePassed(Instant at, String gate, long waitedMillis) implements RestartEntry {}

    /** A setting is about to be changed. */
    record Setting(Instant at, SettingChange change) implements RestartEntry {}

    /** A configuration file was kept as it was. */
    record Kept(Instant at, Member member, KeptConfiguration configuration) implements RestartEntry {}

    /** A replica is about to be asked to take over. */
    record Elected(Instant at, Election election) implements RestartEntry {}

    /** A node is about to be stopped. */
    record Stopping(Instant at, Member member, String runId) implements RestartEntry {}

    /** A node answers again as itself. */
    record Started(Instant at, Member member, String runId) implements RestartEntry {}

    /** A step has ended, its gates passed. */
    record StepEnded(Instant at, int number, long millis, long writes, long longestStallMillis, long errors, long lost)
            implements RestartEntry {}

    /** The run stopped before its end. */
    record BrokenOff(Instant at, String reason) implements RestartEntry {}

    /** The last line; the outcome is {@code done} or {@code abandoned}. */
    record Ended(Instant at, String outcome, Optional<String> remark) implements RestartEntry {}
}
