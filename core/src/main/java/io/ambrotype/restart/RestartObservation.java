package io.ambrotype.restart;

import io.ambrotype.control.Election;
import io.ambrotype.control.SettingChange;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Topology;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that a plan is made from, as it was seen at one moment. Immutable.
 *
 * @param topology the deployment
 * @param configurations the settings of every node that was reached
 * @param starts how every node that was reached would be started again
 * @param rewriting by node, why it must not write its configuration file anew, as fail-overs without the cluster bus have it
 *     do
 * @param refusals by node, which nodes of its shard would not let it follow them, and why
 * @param slotMigrations by node, the migration of slots that it says is under way
 * @param elections who has stood for election lately, in earlier runs
 * @param time when
 */
public record RestartObservation(
        Topology topology,
        Map<NodeId, NodeConfiguration> configurations,
        Map<NodeId, StartAgain> starts,
        Map<NodeId, List<String>> rewriting,
        Map<NodeId, Map<NodeId, String>> refusals,
        Map<NodeId, String> slotMigrations,
        List<Election> elections,
        Instant time) {
    /** Of a setting that is not told. */
    private static final Duration NODE_TIMEOUT = Duration.ofSeconds(15);

    /** Bytes of small values; while an old server frees its data it answers nobody. */
    private static final long FREED_IN_A_SECOND = 100L << 20;

    /** Keeps its own maps. */
    public RestartObservation {
        configurations = Map.copyOf(configurations);
        starts = Map.copyOf(starts);
        rewriting = Map.copyOf(rewriting);
        refusals = Map.copyOf(refusals);
        slotMigrations = Map.copyOf(slotMigrations);
        elections = List.copyOf(elections);
    }

    /** The same with the settings that a run had changed, and that still are as it left them, as they were before. */
    RestartObservation without(List<SettingChange> changes) {
        Map<NodeId, NodeConfiguration> before = new HashMap<>(configurations);
        for (SettingChange change : changes) {
            before.computeIfPresent(change.member().id(), (_, configuration) -> {
                SortedMap<String, String> values = new TreeMap<>(configuration.values());
                values.replace(change.name(), change.during(), change.before());
                return new NodeConfiguration(
                        values, configuration.withheld(), configuration.aclUsers(), configuration.unavailable());
            });
        }
        return new RestartObservation(topology, before, starts, rewriting, refusals, slotMigrations, elections, time);
    }

    /** A setting of a node; empty text where it is not known. */
    String setting(NodeId node, String name) {
        NodeConfiguration configuration = configurations.get(node);
        return configuration == null ? "" : configuration.value(name).orElse("");
    }

    /** A setting that is a number; the default where it is not known. */
    long number(NodeId node, String name, long byDefault) {
        String value = setting(node, name);
        return value.matches("[0-9]{1,18}") ? Long.parseLong(value) : byDefault;
    }

    /**
     * How long a gate may stay closed without any progress: at least what is given, and long enough for the cluster to
     * make up its mind and for the largest node to be rid of its old data.
     */
    Duration patience(Duration least) {
        Duration timeouts = nodeTimeout().multipliedBy(4);
        long memory = topology.nodes().stream()
                .flatMap(node -> node.state().stream())
                .mapToLong(NodeState::usedMemory)
                .max()
                .orElse(0);
        return (timeouts.compareTo(least) > 0 ? timeouts : least).plusSeconds(memory / FREED_IN_A_SECOND);
    }

    /** The longest {@code cluster-node-timeout} of all nodes. */
    Duration nodeTimeout() {
        return Duration.ofMillis(topology.nodes().stream()
                .mapToLong(node -> number(node.id(), "cluster-node-timeout", NODE_TIMEOUT.toMillis()))
                .max()
                .orElse(NODE_TIMEOUT.toMillis()));
    }
}
