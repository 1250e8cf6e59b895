package io.ambrotype.liverestore;

import java.nio.file.Path;
import java.util.List;

/**
 * What was written. Immutable.
 *
 * @param written keys that are in the target by this run and those that it went on with
 * @param skipped keys that the target had and kept, as asked for
 * @param appeared keys that came into being after the look, by somebody else, and were left as they are
 * @param firstAppeared some of them
 * @param expired entries that had expired and were not written
 * @param orphans entries that were left out because they were in slots not their node's own
 * @param unsupported values that the target cannot hold
 * @param firstUnsupported some of them
 * @param functions function libraries loaded
 * @param lostPerhaps servers that were started again or replaced, again and again, after they had taken keys and before replicas had
 *     those: the run can be resumed
 * @param evicted masters that dropped keys for want of memory while they were written to, with how many
 * @param journal what happened, step by step
 */
public record LiveRestoreReport(
        long written,
        long skipped,
        long appeared,
        List<String> firstAppeared,
        long expired,
        long orphans,
        long unsupported,
        List<String> firstUnsupported,
        int functions,
        List<String> lostPerhaps,
        List<String> evicted,
        Path journal) {
    /** Copies the lists. */
    public LiveRestoreReport {
        firstAppeared = List.copyOf(firstAppeared);
        firstUnsupported = List.copyOf(firstUnsupported);
        lostPerhaps = List.copyOf(lostPerhaps);
        evicted = List.copyOf(evicted);
    }

    /** Whether all that was wanted is there. */
    public boolean isWhole() {
        return appeared == 0 && unsupported == 0 && lostPerhaps.isEmpty() && evicted.isEmpty();
    }
}
