package io.ambrotype.restore;

import java.nio.file.Path;
import java.util.List;

/**
 * What a restore has written. Immutable.
 *
 * @param target the folder with the node folders, or the one file
 * @param entries entries that were written, each counted once whatever the number of replicas
 * @param leftOut entries that were left out because their node did not own their slot
 * @param skipped entries that were left out because the servers cannot have them
 * @param bytes bytes of all dumps written, linked ones counted once
 * @param notices what the operator should know
 * @param nextSteps what to do now, in this order
 */
public record RestoreReport(
        Path target,
        long entries,
        long leftOut,
        long skipped,
        long bytes,
        List<String> notices,
        List<String> nextSteps) {
    /** Copies the lists. */
    public RestoreReport {
        notices = List.copyOf(notices);
        nextSteps = List.copyOf(nextSteps);
    }
}
