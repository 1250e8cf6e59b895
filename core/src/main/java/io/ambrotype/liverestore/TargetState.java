package io.ambrotype.liverestore;

import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.Topology;
import java.util.List;
import java.util.Optional;

/**
 * What was seen of a target before anything is written to it. Immutable.
 *
 * @param topology the target
 * @param versions of its masters
 * @param databases how many databases it has
 * @param longestArgument the longest argument of a command that all masters take, in bytes
 * @param longestRequest what all masters take of requests that wait, in bytes
 * @param freeBytes what is left to {@code maxmemory} on all masters together; empty where one has no limit or does not tell
 * @param warnings sentences for the operator
 */
record TargetState(
        Topology topology,
        List<ServerVersion> versions,
        int databases,
        long longestArgument,
        long longestRequest,
        Optional<Long> freeBytes,
        List<String> warnings) {
    TargetState {
        versions = List.copyOf(versions);
        warnings = List.copyOf(warnings);
    }
}
