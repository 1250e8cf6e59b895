package io.ambrotype.heal;

import io.ambrotype.control.Member;
import java.util.List;
import java.util.Optional;

/**
 * How membership is to be mended: what was found, what is done about it and why, and what is left to the user. Immutable.
 *
 * @param matters each thing that was found, with what comes of it
 * @param steps what is done, in order
 * @param postponed fail-backs that have to wait until every node answers
 * @param members those that answer and take part from the beginning
 * @param warnings what the user should know before
 */
public record HealPlan(
        List<Matter> matters,
        List<HealStep> steps,
        List<HealStep.FailBack> postponed,
        List<Member> members,
        List<String> warnings) {
    /** Keeps its own lists. */
    public HealPlan {
        matters = List.copyOf(matters);
        steps = List.copyOf(steps);
        postponed = List.copyOf(postponed);
        members = List.copyOf(members);
        warnings = List.copyOf(warnings);
    }

    /**
     * One thing that was found.
     *
     * @param finding what
     * @param mend what is done about it and why; empty where nothing is
     * @param left why it is left alone, and what the user can do; empty where it is mended
     */
    public record Matter(Finding finding, Optional<String> mend, Optional<String> left) {
        static Matter mended(Finding finding, String how) {
            return new Matter(finding, Optional.of(how), Optional.empty());
        }

        static Matter leftAlone(Finding finding, String why) {
            return new Matter(finding, Optional.empty(), Optional.of(why));
        }
    }

    /** Whether nothing is wrong. */
    public boolean isWell() {
        return matters.isEmpty();
    }

    /** Whether something is left that only the user can decide or do. */
    public boolean leavesSomething() {
        return matters.stream().anyMatch(matter -> matter.left().isPresent());
    }
}
