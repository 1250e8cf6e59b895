package io.ambrotype.heal;

import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Topology;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Who took over from a master that has no slots any more. Before 7.2 servers do not remember it, so that it has to be told
 * by its traces.
 */
sealed interface Succession {
    /**
     * It is known.
     *
     * @param master who has its slots now
     * @param reason how that is known, as in "… because …"
     */
    record Known(Node master, String reason) implements Succession {}

    /** It never had slots. */
    record Never() implements Succession {}

    /**
     * It cannot be told.
     *
     * @param reason what speaks against each guess
     */
    record Unknown(String reason) implements Succession {}

    /**
     * Finds the successor.
     *
     * @param id a master without slots
     * @param epoch its configuration epoch, as others have it
     */
    static Succession of(Topology cluster, NodeId id, long epoch, ShardMates mates, Optional<EarlierLayout> earlier) {
        List<Node> masters = cluster.nodes().stream()
                .filter(other -> other.role() == Role.MASTER && !other.slots().isEmpty())
                .toList();
        Set<NodeId> shard = mates.of(id);
        List<Node> remembered =
                masters.stream().filter(other -> shard.contains(other.id())).toList();
        if (remembered.size() == 1) {
            return new Known(remembered.getFirst(), "the nodes remember that both are of one shard");
        }
        Optional<Node> heir = earlier.flatMap(layout -> layout.of(id).flatMap(place -> layout.heir(place, cluster)));
        if (heir.isPresent()) {
            return new Known(
                    heir.get(),
                    earlier.get().source() + " has it with the slots that "
                            + heir.get().name() + " owns now");
        }
        if (epoch == 0) {
            return new Never();
        }
        List<Node> later =
                masters.stream().filter(other -> other.configEpoch() > epoch).toList();
        int fewest =
                later.stream().mapToInt(other -> replicas(cluster, other)).min().orElse(0);
        List<Node> lacking = later.stream()
                .filter(other -> replicas(cluster, other) == fewest)
                .toList();
        if (lacking.size() == 1
                && masters.stream()
                        .filter(other -> !other.equals(lacking.getFirst()))
                        .allMatch(other -> replicas(cluster, other) > fewest)) {
            return new Known(lacking.getFirst(), "it was elected later and has fewer replicas than any other master");
        }
        return new Unknown(
                later.isEmpty()
                        ? "no master has a later epoch"
                        : "it may be " + later.stream().map(Node::name).collect(Collectors.joining(" or ")));
    }

    /** How many replicas a master has, those included that do not answer. */
    private static int replicas(Topology cluster, Node master) {
        return cluster.shardOf(master.id()).orElseThrow().replicas().size();
    }

    /** How many replicas of a master answer. */
    static int followers(Topology cluster, Node master) {
        return (int) cluster.shardOf(master.id()).orElseThrow().replicas().stream()
                .filter(Node::isReached)
                .count();
    }
}
