package io.ambrotype.liverestore;

import io.ambrotype.repository.Manifest;
import io.ambrotype.topology.Topology;
import java.util.List;

/**
 * What a live restore is going to write, after looking through all dumps and at the target. Immutable.
 *
 * @param manifest the snapshot
 * @param target as it was seen
 * @param request what was asked for; of a resumed run what the first one was asked for
 * @param resumed whether it goes on with a run that was broken off
 * @param entries wanted entries that have not been dealt with yet
 * @param bytes of them in the dumps
 * @param expired wanted entries that have expired and are not written
 * @param orphans entries in slots that were not their node's own, which are not written
 * @param byCommands entries whose encoding the target does not know, and whose field expiries are shifted
 * @param inPieces entries that are too large for one request
 * @param unsupported how many values the target cannot hold
 * @param firstUnsupported some of them, with type and reason
 * @param existing how many of the keys, and function libraries with other code, the target has
 * @param firstExisting some of them
 * @param functions names of the function libraries that every master gets
 * @param warnings sentences for the operator
 */
public record LiveRestorePlan(
        Manifest manifest,
        Topology target,
        LiveRestoreRequest request,
        boolean resumed,
        long entries,
        long bytes,
        long expired,
        long orphans,
        long byCommands,
        long inPieces,
        long unsupported,
        List<String> firstUnsupported,
        long existing,
        List<String> firstExisting,
        List<String> functions,
        List<String> warnings) {
    /** Copies the lists. */
    public LiveRestorePlan {
        firstUnsupported = List.copyOf(firstUnsupported);
        firstExisting = List.copyOf(firstExisting);
        functions = List.copyOf(functions);
        warnings = List.copyOf(warnings);
    }
}
