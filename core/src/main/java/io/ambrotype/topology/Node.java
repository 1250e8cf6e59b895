package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * One server of a deployment. Immutable.
 *
 * <p>In a cluster a node that was reached is described as it sees itself, another one as the node with the highest epoch
 * sees it. Where views disagree, the topology says so in its problems.
 *
 * @param id its own in a cluster; of a standalone server {@link NodeId#ofAddress} of its address
 * @param address where clients find it: as announced, else as known to others, else where it was reached; empty only for
 *     a node whose address nobody knows any more
 * @param busPort the port of the cluster bus; 0 for a standalone server
 * @param hostname the announced host name (7.0+)
 * @param tlsPort the port with TLS, where it is known
 * @param role what it is to its shard
 * @param master whom it follows; of a chained replica that is another replica
 * @param slots the slots it owns; of a standalone master all of them
 * @param configEpoch the epoch of its slots, 0 for a standalone server
 * @param flags what any view holds against it or says of it beyond its role
 * @param openSlots slots on their way to or from it, as it says itself
 * @param state what it told; empty where it was not reached
 */
public record Node(
        NodeId id,
        Optional<HostAndPort> address,
        int busPort,
        Optional<String> hostname,
        OptionalInt tlsPort,
        Role role,
        Optional<NodeId> master,
        SlotSet slots,
        long configEpoch,
        Set<NodeFlag> flags,
        List<OpenSlot> openSlots,
        Optional<NodeState> state) {
    /** Rejects a replica with slots. */
    public Node {
        flags = Collections.unmodifiableSet(flags.isEmpty() ? EnumSet.noneOf(NodeFlag.class) : EnumSet.copyOf(flags));
        openSlots = List.copyOf(openSlots);
        if (role == Role.REPLICA && !slots.isEmpty()) {
            throw new IllegalArgumentException("replica " + id + " cannot own slots");
        }
    }

    /** Whether it answered. */
    public boolean isReached() {
        return state.isPresent();
    }

    /** For people: its address, or its id where it has none. */
    public String name() {
        return address.map(HostAndPort::toString).orElse("node " + id.shortForm());
    }

    /**
     * Where to connect to it: where it answered, else its address.
     *
     * @throws AmbrotypeException where nobody knows its address
     */
    public HostAndPort connectAddress() {
        return state.map(NodeState::reachedAt)
                .or(() -> address)
                .orElseThrow(() -> AmbrotypeException.of(ErrorCode.UNSAFE, "nobody knows the address of node " + id));
    }
}
