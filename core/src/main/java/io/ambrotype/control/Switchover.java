package io.ambrotype.control;

import io.ambrotype.common.Time;
import io.ambrotype.topology.Topology;
import java.time.Duration;

/** Makes a replica the master of its shard without losing an acknowledged write. */
public interface Switchover {
    /** The way of the deployment's kind. */
    static Switchover of(
            Topology topology,
            MemberConnections connections,
            DeploymentGates gates,
            Elections elections,
            TemporarySettings settings,
            Duration limit,
            Time time,
            GateListener listener) {
        return switch (topology.kind()) {
            case CLUSTER -> new ClusterSwitchover(connections, gates, elections, limit, time, listener);
            case STANDALONE ->
                topology.sentinels().isPresent()
                        ? new SentinelSwitchover(connections, gates, settings, topology, limit, time, listener)
                        : new ReplicaSetSwitchover(connections, gates, settings, topology, limit, time, listener);
        };
    }

    /**
     * Has the replica take its master's place; returns when everybody knows and the old master has caught up with the new.
     *
     * <p>After a failure either of the two is master and the other its replica, or is about to be; no write is refused for
     * longer than the servers' own limit.
     *
     * @param now the layout as it is
     * @param from a master
     * @param to one of its replicas
     * @return the layout as it is then
     * @throws io.ambrotype.common.AmbrotypeException {@code UNSAFE} where a gate before, on the way or after did not
     *     open; {@code INTERRUPTED} where the thread is interrupted
     */
    Layout run(Layout now, Member from, Member to);

    /**
     * Points a replica to another one of its master, in a set that nobody watches.
     *
     * @return the layout as it is then
     */
    default Layout follow(Layout now, Member replica, Member master) {
        throw new IllegalStateException("whom " + replica + " follows is not for us to decide");
    }
}
