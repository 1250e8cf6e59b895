package io.ambrotype.status;

import io.ambrotype.topology.SlotSet;
import java.util.List;
import java.util.stream.Stream;

/**
 * A master and its replicas at one moment. Immutable.
 *
 * @param shard its place in the order of the slots, from 0
 * @param slots the slots that its master owns; all of them where there is no cluster
 * @param slotCount how many these are
 * @param master its master
 * @param replicas what follows it
 */
public record ShardStatus(int shard, SlotSet slots, int slotCount, NodeStatus master, List<NodeStatus> replicas) {
    /** Keeps its own list. */
    public ShardStatus {
        replicas = List.copyOf(replicas);
    }

    /** The master and then the replicas. */
    public List<NodeStatus> nodes() {
        return Stream.concat(Stream.of(master), replicas.stream()).toList();
    }
}
