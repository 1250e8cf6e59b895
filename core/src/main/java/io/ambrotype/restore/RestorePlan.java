package io.ambrotype.restore;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.repository.Manifest;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a restore into folders is going to write, complete: executing it needs no further decision. Immutable.
 *
 * @param manifest the snapshot to restore
 * @param folder where the node folders go
 * @param identity whose ids the nodes get
 * @param nodes masters in the order of their slots, then replicas
 * @param target the servers that it is written for; empty for those of the snapshot
 * @param warnings what the operator should know before
 * @param appendOnly names of folders whose node had {@code appendonly yes}, which can be switched on again once it runs
 */
public record RestorePlan(
        Manifest manifest,
        Path folder,
        Identity identity,
        List<Node> nodes,
        Optional<RestoreTarget> target,
        List<String> warnings,
        List<String> appendOnly) {
    /** Copies the lists. */
    public RestorePlan {
        nodes = List.copyOf(nodes);
        warnings = List.copyOf(warnings);
        appendOnly = List.copyOf(appendOnly);
    }

    /** Whose ids the nodes get. */
    public enum Identity {
        /** New ids: the restored nodes can never be mistaken for the old ones. */
        NEW,
        /** All nodes get the ids they had: no old node may be alive. */
        SAME,
        /** One node comes back as itself, into a cluster that is still there. */
        ONE_NODE
    }

    /**
     * One node folder.
     *
     * @param name the folder's name
     * @param id the node's id
     * @param address where it shall run
     * @param busPort port of its cluster bus; 0 where it is no cluster node
     * @param role what it starts as
     * @param master a replica's master
     * @param slots a master's slots; all for a standalone master, none for replicas
     * @param data where its dump comes from
     * @param nodesConf its nodes.conf; empty for standalone
     * @param configuration text of its ambrotype.conf
     * @param withheld names of parameters that it had and that are not in the configuration because they are secrets
     */
    public record Node(
            String name,
            NodeId id,
            HostAndPort address,
            int busPort,
            Role role,
            Optional<NodeId> master,
            SlotSet slots,
            Data data,
            Optional<ClusterFile> nodesConf,
            String configuration,
            List<String> withheld) {
        /** Copies the list. */
        public Node {
            withheld = List.copyOf(withheld);
        }

        private Node with(Data other) {
            return new Node(name, id, address, busPort, role, master, slots, other, nodesConf, configuration, withheld);
        }
    }

    /**
     * A nodes.conf to write.
     *
     * @param name its file name
     * @param text its content
     */
    public record ClusterFile(String name, String text) {}

    /** Where the dump of a node folder comes from. */
    public sealed interface Data {
        /**
         * The dump of a shard, byte for byte.
         *
         * @param shard index of the shard
         */
        record Verbatim(int shard) implements Data {}

        /**
         * The entries of these slots out of all dumps, each from the shard that owned its slot.
         *
         * @param slots what the folder's dump shall hold
         */
        record Routed(SlotSet slots) implements Data {}

        /**
         * The same dump as in another folder, linked where the file system can.
         *
         * @param folder name of that folder
         */
        record SameAs(String folder) implements Data {}
    }

    /** The same layout with the data of these slots only. */
    public RestorePlan ofSlots(SlotSet some) {
        return new RestorePlan(
                manifest,
                folder,
                identity,
                nodes.stream()
                        .map(node -> node.data() instanceof Data.SameAs
                                ? node
                                : node.with(new Data.Routed(node.slots().intersection(some))))
                        .toList(),
                target,
                warnings,
                appendOnly);
    }

    /** Whether any folder's dump is put together from entries instead of being handed back as it was captured. */
    public boolean routes() {
        return nodes.stream().anyMatch(node -> node.data() instanceof Data.Routed);
    }

    /** Slots of each folder whose dump is put together, in the order of the folders. */
    List<SlotSet> routedSlots() {
        return nodes.stream()
                .map(Node::data)
                .filter(Data.Routed.class::isInstance)
                .map(data -> ((Data.Routed) data).slots())
                .toList();
    }

    /** Masters, in the order in which they should be started. */
    public List<Node> masters() {
        return nodes.stream().filter(node -> node.role() == Role.MASTER).toList();
    }

    /** Replicas, to be started when the masters serve. */
    public List<Node> replicas() {
        return nodes.stream().filter(node -> node.role() == Role.REPLICA).toList();
    }

    /** Shards whose dump is handed back as it is. */
    Set<Integer> verbatimShards() {
        return nodes.stream()
                .map(Node::data)
                .filter(Data.Verbatim.class::isInstance)
                .map(data -> ((Data.Verbatim) data).shard())
                .collect(Collectors.toUnmodifiableSet());
    }
}
