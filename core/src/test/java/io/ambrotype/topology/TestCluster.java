package io.ambrotype.topology;

import static org.awaitility.Awaitility.await;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.servers.TestServer;
import io.ambrotype.servers.TestServer.Binary;
import io.ambrotype.topology.NodesConfPlan.Target;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/** A real cluster on loopback that was started from files of our own, never with MEET or ADDSLOTS. */
final class TestCluster implements AutoCloseable {
    static final int FIRST_PORT = TestServer.FIRST_PORT + 100;

    private final Binary binary;
    private final Path dir;
    private final String[] options;
    private final ConnectionSettings settings;
    final NodesConfPlan plan;
    private final Map<NodeId, TestServer> running = new LinkedHashMap<>();

    private TestCluster(Binary binary, Path dir, ConnectionSettings settings, NodesConfPlan plan, String... options) {
        this.binary = binary;
        this.dir = dir;
        this.settings = settings;
        this.plan = plan;
        this.options = options;
    }

    /** Masters on the first ports, then their first replicas in the same order, and so on; serving when it returns. */
    static TestCluster start(
            Binary binary, Path dir, ConnectionSettings settings, int masters, int replicas, String... options) {
        return startOn("127.0.0.1", binary, dir, settings, masters, replicas, options);
    }

    /** The same on another address of this machine. */
    static TestCluster startOn(
            String host,
            Binary binary,
            Path dir,
            ConnectionSettings settings,
            int masters,
            int replicas,
            String... options) {
        TestCluster cluster = new TestCluster(binary, dir, settings, plan(host, masters, replicas), options);
        try {
            cluster.plan
                    .nodes()
                    .forEach(node -> cluster.write(
                            node.id(), cluster.plan.fileFor(node.id()).toText()));
            cluster.plan.nodes().forEach(node -> cluster.start(node.id()));
            cluster.awaitWhole();
            return cluster;
        } catch (Throwable e) {
            cluster.close();
            throw e;
        }
    }

    private static NodesConfPlan plan(String host, int masters, int replicas) {
        SplittableRandom random = new SplittableRandom();
        List<SlotSet> slots = SlotSet.split(masters);
        List<Target> nodes = new ArrayList<>();
        for (int i = 0; i < masters * (1 + replicas); i++) {
            int port = FIRST_PORT + i;
            NodeId id = NodeId.random(random);
            nodes.add(
                    i < masters
                            ? Target.master(id, host, port, port + 10_000, slots.get(i), i + 1)
                            : Target.replica(id, host, port, port + 10_000, nodes.get(i % masters)));
        }
        return NodesConfPlan.of(nodes);
    }

    /** The id of the node that was planned at that place. */
    NodeId id(int index) {
        return plan.nodes().get(index).id();
    }

    HostAndPort address(int index) {
        Target node = plan.nodes().get(index);
        return new HostAndPort(node.host(), node.port());
    }

    List<HostAndPort> addresses() {
        return plan.nodes().stream()
                .map(node -> new HostAndPort(node.host(), node.port()))
                .toList();
    }

    void write(NodeId id, String nodesConf) {
        try {
            Files.writeString(Files.createDirectories(folder(id)).resolve("nodes.conf"), nodesConf);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    byte[] file(NodeId id) {
        try {
            return Files.readAllBytes(folder(id).resolve("nodes.conf"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path folder(NodeId id) {
        return dir.resolve(id.value());
    }

    void start(NodeId id) {
        Target target = plan.nodes().stream()
                .filter(node -> node.id().equals(id))
                .findFirst()
                .orElseThrow();
        List<String> all = new ArrayList<>(List.of(
                settings.tls() == null ? "--port" : "--tls-port",
                Integer.toString(target.port()),
                "--bind",
                target.host(),
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "2000",
                "--repl-diskless-sync-delay",
                "0"));
        all.addAll(List.of(options));
        running.put(id, TestServer.start(binary, folder(id), all.toArray(String[]::new)));
    }

    TestServer server(NodeId id) {
        return Objects.requireNonNull(running.get(id));
    }

    void kill(NodeId id) {
        server(id).close();
        running.remove(id);
    }

    RespConnection connect(int index) {
        return RespConnection.open(address(index), settings);
    }

    String call(int index, String... command) {
        try (RespConnection connection = connect(index)) {
            return connection.text(command);
        }
    }

    Topology discover(HostAndPort... seeds) {
        return new TopologyReader(settings).discover(List.of(seeds));
    }

    /** Looks again until what is seen satisfies the test; then that. */
    Topology discoverWhen(Predicate<Topology> test) {
        return await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> discover(firstRunning()), test);
    }

    private HostAndPort firstRunning() {
        return plan.nodes().stream()
                .filter(node -> running.containsKey(node.id()))
                .map(node -> new HostAndPort(node.host(), node.port()))
                .findFirst()
                .orElseThrow();
    }

    /** Until everybody agrees that all is well. */
    Topology awaitWhole() {
        return discoverWhen(topology -> topology.problems().isEmpty());
    }

    @Override
    public void close() {
        running.values().forEach(TestServer::close);
    }
}
