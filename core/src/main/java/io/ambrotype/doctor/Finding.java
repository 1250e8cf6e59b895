package io.ambrotype.doctor;

import io.ambrotype.topology.NodeId;
import java.util.List;

/**
 * What a check saw, once for all nodes of which the same is to be said. Immutable.
 *
 * @param check the id of the check
 * @param severity how much it matters
 * @param nodes the nodes that it is about; none where it is about the deployment
 * @param names their names, in the same order
 * @param seen what was seen: a phrase that follows the names, or a sentence with names in it
 * @param details further lines, such as one for each file
 * @param why why it hurts: a sentence
 * @param mend what to do: a sentence
 * @param fixable whether {@code doctor --fix} can mend it on the live nodes
 */
public record Finding(
        String check,
        Severity severity,
        List<NodeId> nodes,
        List<String> names,
        String seen,
        List<String> details,
        String why,
        String mend,
        boolean fixable) {
    /** Keeps its own lists. */
    public Finding {
        nodes = List.copyOf(nodes);
        names = List.copyOf(names);
        details = List.copyOf(details);
    }
}
