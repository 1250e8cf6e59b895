package io.ambrotype.doctor;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.Secret;
import io.ambrotype.common.TaskGroup;
import io.ambrotype.common.Time;
import io.ambrotype.host.LocalHost;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import io.ambrotype.topology.TopologyReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** Gathers what the checks need, from all nodes side by side. */
final class Examiner {
    /** Long enough for a rate, short enough for people. */
    private static final Duration RATE_WINDOW = Duration.ofMillis(600);

    private final String deployment;
    private final List<HostAndPort> seeds;
    private final ConnectionSettings settings;
    private final HostExaminer host;
    private final Time time;

    Examiner(String deployment, List<HostAndPort> seeds, ConnectionSettings settings, LocalHost host, Time time) {
        this.deployment = deployment;
        this.seeds = seeds;
        this.settings = settings;
        this.host = new HostExaminer(host);
        this.time = time;
    }

    Examination examine() {
        Topology topology = new TopologyReader(settings).discover(seeds);
        Map<NodeId, NodeExamination> nodes = new ConcurrentHashMap<>();
        try (TaskGroup group = TaskGroup.ofWaiting()) {
            topology.nodes()
                    .forEach(node -> group.fork("examine " + node.name(), () -> nodes.put(node.id(), examine(node))));
            group.join("examining the nodes");
        }
        List<NodeExamination> inOrder = topology.nodes().stream()
                .map(node -> Objects.requireNonNull(nodes.get(node.id())))
                .toList();
        return new Examination(
                deployment,
                time.instant(),
                settings.credentials() != null,
                topology,
                inOrder,
                new StrayFiles(topology, inOrder).find());
    }

    private NodeExamination examine(Node node) throws InterruptedException {
        if (!node.isReached()) {
            return untold(node, "it did not answer", new HostView.Unseen("it did not answer"));
        }
        NodeState state = node.state().orElseThrow();
        try (RespConnection connection = RespConnection.open(node.connectAddress(), settings)) {
            boolean writes = node.role() == Role.MASTER;
            Instant began = time.instant();
            OptionalLong before = writes ? offset(connection) : OptionalLong.empty();
            NodeConfiguration configuration = NodeConfiguration.read(connection);
            Optional<Passwords> passwords = passwords(connection, configuration);
            Optional<SortedMap<Integer, Long>> foreignKeys =
                    writes && state.isCluster() ? foreignKeys(connection, node.slots()) : Optional.empty();
            HostView view = host.look(node, configuration);
            OptionalLong rate = before.isPresent() ? rate(connection, before.getAsLong(), began) : OptionalLong.empty();
            return new NodeExamination(node, configuration, passwords, rate, foreignKeys, view);
        } catch (RespErrorException e) {
            return untold(node, e.getMessage(), host.look(node, none(e.getMessage())));
        } catch (AmbrotypeException e) {
            if (e.code() == ErrorCode.INTERRUPTED) {
                throw e;
            }
            return untold(node, e.getMessage(), new HostView.Unseen(e.getMessage()));
        }
    }

    private static NodeExamination untold(Node node, String reason, HostView view) {
        return new NodeExamination(node, none(reason), Optional.empty(), OptionalLong.empty(), Optional.empty(), view);
    }

    private static NodeConfiguration none(String reason) {
        return new NodeConfiguration(new TreeMap<>(), new TreeSet<>(), Optional.empty(), Optional.of(reason));
    }

    private static OptionalLong offset(RespConnection connection) {
        return ServerInfo.read(connection, "replication").number("master_repl_offset");
    }

    private OptionalLong rate(RespConnection connection, long before, Instant began) throws InterruptedException {
        Duration left = RATE_WINDOW.minus(Duration.between(began, time.instant()));
        if (left.isPositive()) {
            time.sleep(left);
        }
        long millis = Math.max(1, Duration.between(began, time.instant()).toMillis());
        OptionalLong after = offset(connection);
        return after.isPresent()
                ? OptionalLong.of(Math.max(0, after.getAsLong() - before) * 1000 / millis)
                : OptionalLong.empty();
    }

    private static Optional<Passwords> passwords(RespConnection connection, NodeConfiguration configuration) {
        if (configuration.unavailable().isPresent()) {
            return Optional.empty();
        }
        return Optional.of(new Passwords(
                value(connection, "requirepass").map(Secret::of),
                value(connection, "masterauth").map(Secret::of),
                value(connection, "masteruser")));
    }

    private static Optional<String> value(RespConnection connection, String setting) {
        return Optional.ofNullable(connection.pairs("CONFIG", "GET", setting).get(setting))
                .filter(value -> !value.isEmpty());
    }

    /** Thousands of questions, in one pipeline: some ten milliseconds. */
    private static Optional<SortedMap<Integer, Long>> foreignKeys(RespConnection connection, SlotSet owned) {
        List<Integer> slots = SlotSet.ALL.minus(owned).stream().boxed().toList();
        List<byte[][]> commands = new ArrayList<>();
        slots.forEach(slot ->
                commands.add(new byte[][] {bytes("CLUSTER"), bytes("COUNTKEYSINSLOT"), bytes(Integer.toString(slot))}));
        List<RespReply> replies = connection.pipeline(commands);
        SortedMap<Integer, Long> counts = new TreeMap<>();
        for (int i = 0; i < replies.size(); i++) {
            if (!(replies.get(i) instanceof RespReply.IntegerReply)) {
                return Optional.empty();
            }
            if (replies.get(i).integer() > 0) {
                counts.put(slots.get(i), replies.get(i).integer());
            }
        }
        return Optional.of(counts);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
