package io.ambrotype.topology;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A cluster that is yet to be started: who its nodes shall be and what each shall own. From it comes every node's
 * {@code nodes.conf} ({@link #fileFor}), so that the started nodes are a complete cluster at once, without {@code MEET}
 * and {@code ADDSLOTS}. Immutable.
 *
 * @param nodes all nodes, masters and replicas
 * @param currentEpoch at least the highest epoch of a master
 * @param lastVoteEpoch 0 for a new cluster; for old ids the highest that was seen, so that no node votes twice in an
 *     epoch
 */
public record NodesConfPlan(List<Target> nodes, long currentEpoch, long lastVoteEpoch) {
    // NET_IP_STR_LEN of the servers is 46 with the final zero; a longer host would be cut off silently.
    private static final int LONGEST_HOST = 45;

    /**
     * One node of the plan.
     *
     * @param id its id
     * @param host its IP address: the bus header carries it in 46 bytes and other nodes connect to it, so a name should
     *     be resolved first
     * @param port its port for clients
     * @param busPort its port of the cluster bus
     * @param master whom it replicates; empty for a master
     * @param slots the slots it owns; none for a replica
     * @param configEpoch a master's own epoch, positive and different from all others'; of a replica its master's
     */
    public record Target(
            NodeId id, String host, int port, int busPort, Optional<NodeId> master, SlotSet slots, long configEpoch) {
        /** Rejects ports and hosts that cannot be told to other nodes, and a replica with slots. */
        public Target {
            if (host.isEmpty() || host.length() > LONGEST_HOST) {
                throw new IllegalArgumentException(
                        "the host of node " + id + " must have 1 to " + LONGEST_HOST + " characters");
            }
            if (port < 1 || port > 65_535 || busPort < 1 || busPort > 65_535) {
                throw new IllegalArgumentException(
                        "port " + port + "@" + busPort + " of node " + id + " is not between 1 and 65535");
            }
            if (master.isPresent() && !slots.isEmpty()) {
                throw new IllegalArgumentException("replica " + id + " cannot own slots");
            }
        }

        /** A master. */
        public static Target master(NodeId id, String host, int port, int busPort, SlotSet slots, long configEpoch) {
            return new Target(id, host, port, busPort, Optional.empty(), slots, configEpoch);
        }

        /** A replica of that master, with its epoch. */
        public static Target replica(NodeId id, String host, int port, int busPort, Target master) {
            return new Target(id, host, port, busPort, Optional.of(master.id()), SlotSet.NONE, master.configEpoch());
        }

        /** What it is to its shard. */
        public Role role() {
            return master.isPresent() ? Role.REPLICA : Role.MASTER;
        }
    }

    /**
     * Rejects what would not start as this cluster: an id or address given twice, slots with two owners, masters with
     * equal epochs or epoch 0, replicas of a node that is not a master of the plan, a current epoch below the highest.
     */
    public NodesConfPlan {
        nodes = List.copyOf(nodes);
        Map<NodeId, Target> byId = new HashMap<>();
        Set<String> endpoints = new HashSet<>();
        for (Target node : nodes) {
            if (byId.put(node.id(), node) != null) {
                throw new IllegalArgumentException("node " + node.id() + " is planned twice");
            }
            if (!endpoints.add(node.host() + ":" + node.port()) || !endpoints.add(node.host() + ":" + node.busPort())) {
                throw new IllegalArgumentException("the address of node " + node.id() + ", " + node.host() + ":"
                        + node.port() + "@" + node.busPort() + ", is used twice");
            }
        }
        SlotSet owned = SlotSet.NONE;
        Map<Long, NodeId> epochs = new HashMap<>();
        for (Target node : nodes) {
            SlotSet twice = owned.intersection(node.slots());
            if (!twice.isEmpty()) {
                throw new IllegalArgumentException("slots " + twice + " of node " + node.id() + " have two owners");
            }
            owned = owned.union(node.slots());
            if (node.role() == Role.MASTER) {
                NodeId other = epochs.putIfAbsent(node.configEpoch(), node.id());
                if (other != null || node.configEpoch() < 1) {
                    throw new IllegalArgumentException(
                            "master " + node.id() + " needs an epoch of its own, not " + node.configEpoch());
                }
            } else {
                Target master = byId.get(node.master().orElseThrow());
                if (master == null || master.role() != Role.MASTER) {
                    throw new IllegalArgumentException(
                            "replica " + node.id() + " belongs to a master that is not planned");
                }
            }
            if (node.configEpoch() > currentEpoch) {
                throw new IllegalArgumentException("epoch " + node.configEpoch() + " of node " + node.id()
                        + " is above the current epoch " + currentEpoch);
            }
        }
        if (lastVoteEpoch < 0) {
            throw new IllegalArgumentException("the epoch of the last vote is negative");
        }
    }

    /** The plan of a new cluster: the current epoch is the highest of its masters, and nobody has voted. */
    public static NodesConfPlan of(List<Target> nodes) {
        long highest = nodes.stream().mapToLong(Target::configEpoch).max().orElse(0);
        return new NodesConfPlan(nodes, highest, 0);
    }

    /**
     * The {@code nodes.conf} of one of the nodes.
     *
     * @throws IllegalArgumentException where the plan has no such node
     */
    public NodesConf fileFor(NodeId myself) {
        return new NodesConf(
                nodes.stream().map(node -> line(node, node.id().equals(myself))).toList(), currentEpoch, lastVoteEpoch);
    }

    private static NodesConf.Line line(Target node, boolean myself) {
        Set<NodeFlag> flags = EnumSet.of(node.role() == Role.MASTER ? NodeFlag.MASTER : NodeFlag.SLAVE);
        if (myself) {
            flags.add(NodeFlag.MYSELF);
        }
        return NodesConf.Line.plain(
                node.id(),
                node.host(),
                node.port(),
                node.busPort(),
                flags,
                node.master(),
                node.configEpoch(),
                node.slots());
    }
}
