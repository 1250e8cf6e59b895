package io.ambrotype.doctor;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.NodeId;
import java.util.List;
import java.util.Optional;

/**
 * What {@code doctor --fix} would do on the running nodes: nothing that stops one, and nothing that has two right answers.
 * Immutable.
 *
 * @param nodes the nodes that something is to be done on
 * @param left what would have to be said about findings that it cannot mend: sentences
 */
public record FixPlan(List<NodeFix> nodes, List<String> left) {
    /** Keeps its own lists. */
    public FixPlan {
        nodes = List.copyOf(nodes);
        left = List.copyOf(left);
    }

    /** Whether there is nothing to do. */
    public boolean isEmpty() {
        return nodes.isEmpty();
    }

    /**
     * What is to be done on one node, in this order.
     *
     * @param node its id
     * @param name its name
     * @param address where to connect to it
     * @param changes settings to change by CONFIG SET
     * @param rewrite the configuration file to be rewritten by CONFIG REWRITE; empty where the node has none: then what is
     *     changed is gone at its next start
     * @param rewritten what the rewriting changes in that file beside the changes above, as far as it is known
     * @param checks ids of the checks whose findings this mends
     */
    public record NodeFix(
            NodeId node,
            String name,
            HostAndPort address,
            List<Change> changes,
            Optional<String> rewrite,
            List<String> rewritten,
            List<String> checks) {
        /** Keeps its own lists. */
        public NodeFix {
            changes = List.copyOf(changes);
            rewritten = List.copyOf(rewritten);
            checks = List.copyOf(checks);
        }
    }

    /**
     * A setting to change.
     *
     * @param setting its name
     * @param before its value; empty where that is secret
     * @param after the new one; empty where that is secret: then it is the password that this program itself connects with
     */
    public record Change(String setting, Optional<String> before, Optional<String> after) {}
}
