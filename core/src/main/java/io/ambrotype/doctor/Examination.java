package io.ambrotype.doctor;

import io.ambrotype.doctor.HostView.Stray;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Topology;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * All that was seen of a deployment, for the checks to judge. Immutable.
 *
 * @param deployment the name it was asked for by
 * @param at when it was looked at
 * @param withPassword whether this program gives a password when it connects
 * @param topology its nodes, and what is wrong with them as a whole
 * @param nodes what is known of each, in the order of the topology
 * @param strays files of nodes that lie on this host where no node reads them
 */
public record Examination(
        String deployment,
        Instant at,
        boolean withPassword,
        Topology topology,
        List<NodeExamination> nodes,
        List<Stray> strays) {
    /** Rejects an examination that does not have all nodes of the topology. */
    public Examination {
        nodes = List.copyOf(nodes);
        strays = List.copyOf(strays);
        if (!nodes.stream()
                .map(NodeExamination::id)
                .toList()
                .equals(topology.nodes().stream().map(Node::id).toList())) {
            throw new IllegalArgumentException("the nodes examined are not those of the topology");
        }
    }

    boolean isCluster() {
        return topology.kind() == DeploymentKind.CLUSTER;
    }

    Stream<NodeExamination> reached() {
        return nodes.stream().filter(NodeExamination::isReached);
    }

    Optional<NodeExamination> node(NodeId id) {
        return nodes.stream().filter(node -> node.id().equals(id)).findFirst();
    }

    /** How many hosts its nodes are on, by their addresses. */
    long hosts() {
        return nodes.stream()
                .flatMap(node -> node.hostName().stream())
                .distinct()
                .count();
    }
}
