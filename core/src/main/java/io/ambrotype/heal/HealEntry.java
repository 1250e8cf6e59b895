package io.ambrotype.heal;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.ambrotype.control.Election;
import java.time.Instant;
import java.util.List;

/** One line of the journal of a mending. Immutable. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "entry")
@JsonSubTypes({
    @JsonSubTypes.Type(value = HealEntry.Begun.class, name = "begun"),
    @JsonSubTypes.Type(value = HealEntry.StepBegun.class, name = "step-begun"),
    @JsonSubTypes.Type(value = HealEntry.StepEnded.class, name = "step-ended"),
    @JsonSubTypes.Type(value = HealEntry.Elected.class, name = "election"),
    @JsonSubTypes.Type(value = HealEntry.BrokenOff.class, name = "broken-off"),
    @JsonSubTypes.Type(value = HealEntry.Ended.class, name = "ended")
})
sealed interface HealEntry {
    /** When it was written. */
    Instant at();

    /**
     * The first line.
     *
     * @param steps what is going to be done
     * @param wanted who shall have which place in the end
     */
    record Begun(Instant at, List<String> steps, List<EarlierLayout.Place> wanted) implements HealEntry {
        /** Keeps its own lists. */
        public Begun {
            steps = List.copyOf(steps);
            wanted = List.copyOf(wanted);
        }
    }

    /** A step begins. */
    record StepBegun(Instant at, int number, String step) implements HealEntry {}

    /** A step has ended, its gates passed. */
    record StepEnded(Instant at, int number) implements HealEntry {}

    /** A replica is about to be asked to take over. */
    record Elected(Instant at, Election election) implements HealEntry {}

    /** It stopped before its end. */
    record BrokenOff(Instant at, String reason) implements HealEntry {}

    /** The last line. */
    record Ended(Instant at) implements HealEntry {}
}
