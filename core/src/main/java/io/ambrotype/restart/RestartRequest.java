package io.ambrotype.restart;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a restart shall do. Immutable.
 *
 * @param deployment its name, for messages and the journal
 * @param nodes which nodes, each by address, id or a prefix of an id that is no other's; empty for all
 * @param failback whether masters that were failed over become masters again
 * @param maxStall no further fail-over is begun after a writer has stalled for longer; empty for no limit
 * @param relocate a folder for each node's files, a template with {port} and {id}; empty to leave them where they are
 */
public record RestartRequest(
        String deployment,
        List<String> nodes,
        boolean failback,
        Optional<Duration> maxStall,
        Optional<String> relocate) {
    /** Keeps its own list; rejects a limit that is not positive. */
    public RestartRequest {
        nodes = List.copyOf(nodes);
        if (maxStall.isPresent() && !maxStall.get().isPositive()) {
            throw new IllegalArgumentException("the longest stall has to be positive");
        }
    }

    /** All nodes, back to the same layout. */
    public static RestartRequest all(String deployment) {
        return new RestartRequest(deployment, List.of(), true, Optional.empty(), Optional.empty());
    }

    /** The same for these nodes only. */
    public RestartRequest withNodes(List<String> some) {
        return new RestartRequest(deployment, some, failback, maxStall, relocate);
    }

    /** The same, leaving the new masters where they are. */
    public RestartRequest withoutFailback() {
        return new RestartRequest(deployment, nodes, false, maxStall, relocate);
    }
}
