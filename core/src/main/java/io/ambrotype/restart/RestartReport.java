package io.ambrotype.restart;

import io.ambrotype.control.Election;
import io.ambrotype.control.Layout;
import io.ambrotype.probe.Verdict;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a restart did. Immutable.
 *
 * @param run its id
 * @param plan what it followed; of a resumed run the plan for the rest
 * @param journal where all of it is written down
 * @param snapshot the snapshot that was taken before, if any
 * @param steps one for each step of the plan
 * @param nodes one for each node that was restarted
 * @param elections of this run and of those that it resumed
 * @param verdict what the probe found
 * @param layout how the deployment was seen in the end
 * @param duration from the first step to the last gate
 * @param notices what happened on the way that the operator should know
 */
public record RestartReport(
        String run,
        RestartPlan plan,
        Path journal,
        Optional<String> snapshot,
        List<StepReport> steps,
        List<NodeReport> nodes,
        List<Election> elections,
        Verdict verdict,
        Layout layout,
        Duration duration,
        List<String> notices) {
    /** Keeps its own lists. */
    public RestartReport {
        steps = List.copyOf(steps);
        nodes = List.copyOf(nodes);
        elections = List.copyOf(elections);
        notices = List.copyOf(notices);
    }
}
