package io.ambrotype.control;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;

/**
 * A node of a deployment as an operation speaks of it: who it is and where it answers. Immutable.
 *
 * @param id its id; of a standalone server {@link NodeId#ofAddress} of its address
 * @param address where to connect to it
 */
public record Member(NodeId id, HostAndPort address) {
    /** The member that a topology describes. */
    public static Member of(Node node) {
        return new Member(node.id(), node.connectAddress());
    }

    /** Its address: for people. */
    @Override
    public String toString() {
        return address.toString();
    }
}
