package io.ambrotype.status;

import io.ambrotype.topology.NodeId;
import java.util.List;

/**
 * Something that is not as it should be. Immutable.
 *
 * @param kind a stable word for it, such as {@code replica-link-down}
 * @param nodes the nodes it is about
 * @param sentence what was seen: one lower-case sentence that names nodes by address
 * @param meaning what follows from it and what can be done; the same for all problems of the kind
 */
public record StatusProblem(String kind, List<NodeId> nodes, String sentence, String meaning) {
    /** Keeps its own list. */
    public StatusProblem {
        nodes = List.copyOf(nodes);
    }
}
