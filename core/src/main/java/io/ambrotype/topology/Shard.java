package io.ambrotype.topology;

import java.util.List;
import java.util.stream.Stream;

/**
 * A master and its replicas: the unit of capture. Immutable.
 *
 * @param master whose data the shard is
 * @param replicas what follows it, also by way of other replicas; in order of their names
 */
public record Shard(Node master, List<Node> replicas) {
    /** Rejects members whose role is not the one that they have here. */
    public Shard {
        replicas = List.copyOf(replicas);
        if (master.role() != Role.MASTER || !replicas.stream().allMatch(replica -> replica.role() == Role.REPLICA)) {
            throw new IllegalArgumentException("a shard is one master and replicas");
        }
    }

    /** The slots that its master owns. */
    public SlotSet slots() {
        return master.slots();
    }

    /** The master and then the replicas. */
    public List<Node> nodes() {
        return Stream.concat(Stream.of(master), replicas.stream()).toList();
    }
}
