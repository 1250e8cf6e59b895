package io.ambrotype.topology;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/**
 * Something that discovery saw and that an operation may have to refuse, wait for or tell. Immutable.
 *
 * @param kind what it is
 * @param nodes the nodes it is about, where it is about known ones
 * @param slots the slots it is about, where it is about slots
 * @param sentence for the user: one lower-case sentence that names nodes by address, without a final full stop
 */
public record Problem(Kind kind, Set<NodeId> nodes, SlotSet slots, String sentence) {
    /** What is wrong. */
    public enum Kind {
        /** Slots that no node owns. */
        UNCOVERED_SLOTS,
        /** Slots that are being moved from one master to another. */
        OPEN_SLOTS,
        /** Nodes differ in who owns which slot, who is master of whom, or who is a member. */
        VIEWS_DISAGREE,
        /** Masters with the same epoch: which of them owns a slot that both claim is left to chance. */
        EPOCH_COLLISION,
        /** A node says that the cluster is down ({@code cluster_state:fail}). */
        CLUSTER_DOWN,
        /** A master with slots that others cannot reach or have given up. */
        MASTER_FAILING,
        /** A replica, or a master without slots, that others cannot reach or have given up: no data depend on it. */
        REPLICA_FAILING,
        /** A node's own connection to another on the cluster bus is down. */
        BUS_LINK_DOWN,
        /** A node that is being met and is not a member yet. */
        HANDSHAKE,
        /** A replica whose master is not a member. */
        ORPHAN_REPLICA,
        /** A member that did not answer; the sentence says why. */
        NODE_UNREACHABLE,
        /** A member whose address nobody knows any more. */
        NODE_WITHOUT_ADDRESS,
        /** A member that answered but did not tell its view. */
        NODE_WITHOUT_VIEW,
        /** A member that is loading its data. */
        NODE_LOADING,
        /** At the address of a member another node answers. */
        STRANGER_AT_ADDRESS,
        /** Two servers have the same id: one was started from a copy of the other's files. */
        SAME_ID_TWICE,
        /** An address that was given did not answer, and no member is known by it. */
        SEED_UNREACHABLE,
        /** A replica whose link to its master is down or which is still receiving its first data. */
        REPLICA_LINK_DOWN,
        /** A replica whose data belong to another history than its master's. */
        REPLICATION_ID_DIFFERS,
        /** A replica that takes writes of its own. */
        WRITABLE_REPLICA,
        /** Something that is attached as a replica, or listed by a Sentinel, and cannot be reached; it may be no server at all. */
        UNKNOWN_REPLICA,
        /** A Sentinel of the deployment that did not answer, or Sentinels that are there but could not be found. */
        SENTINEL_UNREACHABLE,
        /** A Sentinel sees another master or another state of it, or lists a replica that is none. */
        SENTINEL_DISAGREES,
        /** Too few Sentinels answer for a failover to be agreed on and led. */
        SENTINELS_WITHOUT_QUORUM,
        /** The Sentinels are failing over. */
        SENTINEL_FAILOVER
    }

    /** Keeps its own set, in order. */
    public Problem {
        nodes = Collections.unmodifiableSet(new TreeSet<>(nodes));
    }

    static Problem of(Kind kind, NodeId node, String sentence) {
        return new Problem(kind, Set.of(node), SlotSet.NONE, sentence);
    }

    /** The sentence. */
    @Override
    public String toString() {
        return sentence;
    }
}
