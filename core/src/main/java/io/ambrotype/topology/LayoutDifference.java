package io.ambrotype.topology;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/**
 * One way in which a deployment's layout is not what it was. Immutable.
 *
 * @param kind what changed
 * @param nodes the nodes concerned
 * @param slots the slots concerned, if any
 * @param sentence for the user: one lower-case sentence without a final full stop
 */
public record LayoutDifference(Kind kind, Set<NodeId> nodes, SlotSet slots, String sentence) {
    /** What changed. */
    public enum Kind {
        /** It is a cluster and was none, or the other way round. */
        KIND_CHANGED,
        /** A replica took over its shard. */
        MASTER_CHANGED,
        /** Slots went to another shard, or lost or found an owner. */
        SLOTS_MOVED,
        /** A node without slots is a replica now and was a master, or the other way round. */
        ROLE_CHANGED,
        /** A replica follows another shard. */
        REPLICA_MOVED,
        /** A node is new. */
        NODE_ADDED,
        /** A node is no member any more. */
        NODE_GONE
    }

    /** Keeps its own set, in order. */
    public LayoutDifference {
        nodes = Collections.unmodifiableSet(new TreeSet<>(nodes));
    }

    /** The sentence. */
    @Override
    public String toString() {
        return sentence;
    }
}
