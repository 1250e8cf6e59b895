package io.ambrotype.heal;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.control.MemberConnections;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Starts servers under another identity, where they run on a host that can be acted upon. */
public interface Reviver {
    /** Nowhere. */
    Reviver NONE = new Reviver() {
        @Override
        public Optional<Found> find(Survey.Outsider stranger, Set<NodeId> gone) {
            return Optional.empty();
        }

        @Override
        public Optional<Broken> findBroken(Node node, List<Node> others) {
            return Optional.empty();
        }

        @Override
        public List<HostAndPort> neighbours(Set<String> hosts) {
            return List.of();
        }

        @Override
        public Supplier<Optional<String>> revive(
                HealStep.Revive step, NodesConf conf, MemberConnections connections, HealListener listener) {
            throw new IllegalStateException("nothing was found to be revived");
        }
    };

    /**
     * What was found about a stranger.
     *
     * @param revival how it could be started as the node that it was
     * @param file the nodes.conf of one of the nodes that are gone, where it was found
     */
    record Found(Revival revival, Optional<EarlierLayout> file) {}

    /**
     * What was found about a member that is down.
     *
     * @param revival how it could be started
     * @param reason what is wrong with its nodes.conf: completes "the file …"
     */
    record Broken(Revival revival, String reason) {}

    /**
     * Looks whether a member that is down runs on this host otherwise, and has a nodes.conf with which it would not come up
     * as itself. Looks only.
     *
     * @param others members that run
     */
    Optional<Broken> findBroken(Node node, List<Node> others);

    /**
     * Where cluster nodes may listen on hosts that can be looked at, whether anybody named them or not. Looks only.
     *
     * @param hosts as the cluster calls its hosts
     */
    List<HostAndPort> neighbours(Set<String> hosts);

    /**
     * Looks how a stranger could be started as one of the nodes that are gone. Looks only.
     *
     * @param gone the ids that it may have had
     */
    Optional<Found> find(Survey.Outsider stranger, Set<NodeId> gone);

    /**
     * Stops the stranger, if there is one, puts the file in place and gives the command to start.
     *
     * @return why the process that was started has ended again, as soon as that is known
     */
    Supplier<Optional<String>> revive(
            HealStep.Revive step, NodesConf conf, MemberConnections connections, HealListener listener);
}
