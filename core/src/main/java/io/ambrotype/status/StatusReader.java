package io.ambrotype.status;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.TaskGroup;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Looks at a deployment: INFO and the view of every node, and CONFIG GET save where a node allows it. Changes nothing. May
 * be used again and again, by one thread at a time.
 */
public final class StatusReader {
    private final String deployment;
    private final List<HostAndPort> seeds;
    private final ConnectionSettings settings;
    private final InstantSource clock;

    /**
     * A reader.
     *
     * @param deployment what to call it
     * @param seeds addresses of any of its nodes
     * @param settings how to connect
     */
    public StatusReader(String deployment, List<HostAndPort> seeds, ConnectionSettings settings, InstantSource clock) {
        this.deployment = deployment;
        this.seeds = List.copyOf(seeds);
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Looks now.
     *
     * @throws AmbrotypeException where no seed answers or what answers is no deployment; {@code INTERRUPTED} where this
     *     thread is
     */
    public DeploymentStatus read() {
        Topology topology = new TopologyReader(settings).discover(seeds);
        Map<NodeId, String> savePoints = savePoints(topology);
        return DeploymentStatus.of(deployment, topology, savePoints, clock.instant());
    }

    private Map<NodeId, String> savePoints(Topology topology) {
        Map<NodeId, String> points = new ConcurrentHashMap<>();
        try (TaskGroup group = TaskGroup.ofWaiting()) {
            topology.nodes().stream()
                    .filter(Node::isReached)
                    .forEach(node -> group.fork(
                            "save points of " + node.name(),
                            () -> savePoints(node).ifPresent(value -> points.put(node.id(), value))));
            group.join("reading the settings of the nodes");
            return points;
        }
    }

    /** A node that is gone since, or refuses CONFIG, tells none. */
    private Optional<String> savePoints(Node node) {
        try (RespConnection connection = RespConnection.open(node.connectAddress(), settings)) {
            return Optional.ofNullable(connection.pairs("CONFIG", "GET", "save").get("save"));
        } catch (AmbrotypeException _) {
            return Optional.empty();
        }
    }
}
