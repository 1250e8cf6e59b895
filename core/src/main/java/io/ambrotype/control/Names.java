package io.ambrotype.control;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Topology;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * By which addresses the servers of a deployment call each other, which need not be those that we reach them at. A replica
 * that is pointed to another master is given such an address. Immutable.
 *
 * @param byId the address of each node
 * @param members all addresses that were seen of a node
 */
record Names(Map<NodeId, HostAndPort> byId, Map<HostAndPort, NodeId> members) {
    Names {
        byId = Map.copyOf(byId);
        members = Map.copyOf(members);
    }

    static Names of(Topology topology) {
        Map<NodeId, HostAndPort> byId = new HashMap<>();
        Map<HostAndPort, NodeId> members = new HashMap<>();
        for (Node node : topology.nodes()) {
            node.address().ifPresent(address -> {
                byId.put(node.id(), address);
                members.put(address, node.id());
            });
            node.state().map(NodeState::reachedAt).ifPresent(address -> members.putIfAbsent(address, node.id()));
        }
        return new Names(byId, members);
    }

    /** How others call it. */
    HostAndPort of(Member member) {
        return byId.getOrDefault(member.id(), member.address());
    }

    /** Who is called so, as far as is known. */
    Optional<NodeId> memberAt(HostAndPort address) {
        return Optional.ofNullable(members.get(address));
    }

    /** Whether the member is called so. */
    boolean isAt(Member member, HostAndPort address) {
        return address.equals(member.address())
                || memberAt(address).filter(member.id()::equals).isPresent();
    }
}
