package io.ambrotype.restart;

import io.ambrotype.control.Layout;
import io.ambrotype.control.Member;
import io.ambrotype.topology.DeploymentKind;
import java.util.List;

/**
 * What a restart is going to do: printed by {@code --dry-run}, written to the journal, followed by {@link RestartRunner}.
 * Immutable.
 *
 * @param deployment its name
 * @param kind how its servers belong together
 * @param before the layout at the start
 * @param after the layout in the end: the same, unless nothing is failed back
 * @param steps in order
 * @param warnings what the operator should know before anything happens: sentences
 */
public record RestartPlan(
        String deployment, DeploymentKind kind, Layout before, Layout after, List<Step> steps, List<String> warnings) {
    /** Keeps its own lists. */
    public RestartPlan {
        steps = List.copyOf(steps);
        warnings = List.copyOf(warnings);
    }

    /** The nodes that are restarted, in order. */
    public List<Member> restarted() {
        return steps.stream()
                .filter(Step.Restart.class::isInstance)
                .map(step -> ((Step.Restart) step).member())
                .toList();
    }

    /** How many times a master changes. */
    public long failOvers() {
        return steps.stream().filter(Step.FailOver.class::isInstance).count();
    }
}
