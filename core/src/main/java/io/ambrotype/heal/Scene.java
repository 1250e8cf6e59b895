package io.ambrotype.heal;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.topology.SlotSet;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that was seen and that is known before, on which a plan is made. Immutable.
 *
 * @param survey the cluster and what stands beside it
 * @param mates which nodes are one shard, as far as servers remember
 * @param earlier who had which place before, as far as something tells
 * @param holdings of outsiders with data, the slots that their keys are in
 * @param revivals of servers on this host, by their addresses, how each could be started as the node that it was
 * @param broken of members on this host that are down, by their addresses, what is wrong with their nodes.conf
 */
public record Scene(
        Survey survey,
        ShardMates mates,
        Optional<EarlierLayout> earlier,
        Map<HostAndPort, SlotSet> holdings,
        Map<HostAndPort, Revival> revivals,
        Map<HostAndPort, String> broken) {
    /** Keeps its own maps. */
    public Scene {
        holdings = Map.copyOf(holdings);
        revivals = Map.copyOf(revivals);
        broken = Map.copyOf(broken);
    }
}
