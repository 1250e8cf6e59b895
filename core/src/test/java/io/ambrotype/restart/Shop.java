package io.ambrotype.restart;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.ReplicationId;
import io.ambrotype.common.ReplicationOffset;
import io.ambrotype.control.Election;
import io.ambrotype.control.Member;
import io.ambrotype.host.Launch;
import io.ambrotype.host.PersistentFiles;
import io.ambrotype.host.Relocation;
import io.ambrotype.host.ServerProcess;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.ReplicationState;
import io.ambrotype.topology.ReplicationState.Attached;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What is seen of a cluster, made up: its nodes are known by their ports, and any of them can be made to differ. */
final class Shop {
    static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");

    private final Map<Integer, Seen> nodes = new LinkedHashMap<>();
    private final List<Problem> problems = new ArrayList<>();
    private final List<Election> elections = new ArrayList<>();
    private final Map<NodeId, String> migrations = new TreeMap<>();

    /** One node; fields as they are wished. */
    static final class Seen {
        final int port;
        int master;
        String slots;
        String host;
        String version = "7.0.15";
        String runId;
        String history;
        long offset = 1000;
        boolean linkUp = true;
        boolean reached = true;
        boolean startable = true;

        @Nullable
        Path movedTo;

        /** What its program is going to be. */
        @Nullable
        String upgradedTo;

        final Map<String, String> settings = new TreeMap<>(Map.of("save", "3600 1", "appendonly", "no"));
        String info = "";

        private Seen(int port, int master, String slots) {
            this.port = port;
            this.master = master;
            this.slots = slots;
            this.host = "10.0.0." + (port % 10);
            this.runId = "run-" + port;
            this.history = "a".repeat(40);
        }
    }

    /** Masters 7000 to 7002 and their replicas 7003 to 7005. */
    static Shop cluster() {
        Shop shop = new Shop();
        shop.add(7000, 0, "0-5460");
        shop.add(7001, 0, "5461-10922");
        shop.add(7002, 0, "10923-16383");
        shop.add(7003, 7000, "");
        shop.add(7004, 7001, "");
        shop.add(7005, 7002, "");
        return shop;
    }

    Shop add(int port, int master, String slots) {
        nodes.put(port, new Seen(port, master, slots));
        return this;
    }

    Seen node(int port) {
        return Objects.requireNonNull(nodes.get(port));
    }

    Shop remove(int port) {
        nodes.remove(port);
        return this;
    }

    Shop problem(Problem.Kind kind, String sentence) {
        problems.add(new Problem(kind, Set.of(), SlotSet.NONE, sentence));
        return this;
    }

    Shop elected(int port, Instant begun) {
        elections.add(
                new Election(new Member(id(port), new HostAndPort(node(port).host, port)), node(port).runId, begun));
        return this;
    }

    Shop migrating(int port, String phase) {
        migrations.put(id(port), phase);
        return this;
    }

    /** The replica is master now, and its master and that one's other replicas follow it. */
    Shop failedOver(int from, int to) {
        Seen old = node(from);
        nodes.values().stream().filter(seen -> seen.master == from).forEach(seen -> seen.master = to);
        node(to).master = 0;
        node(to).slots = old.slots;
        old.master = to;
        old.slots = "";
        return this;
    }

    static NodeId id(int port) {
        return new NodeId(String.format("%04d%036x", port, port));
    }

    RestartObservation seen() {
        Map<NodeId, NodeConfiguration> configurations = new TreeMap<>();
        Map<NodeId, StartAgain> starts = new TreeMap<>();
        List<Shard> shards = new ArrayList<>();
        for (Seen master : nodes.values()) {
            if (master.master == 0) {
                shards.add(new Shard(
                        describe(master),
                        nodes.values().stream()
                                .filter(seen -> seen.master == master.port)
                                .map(this::describe)
                                .toList()));
            }
        }
        for (Seen seen : nodes.values()) {
            if (seen.reached) {
                configurations.put(
                        id(seen.port),
                        new NodeConfiguration(
                                new TreeMap<>(seen.settings), new TreeSet<>(), Optional.empty(), Optional.empty()));
                starts.put(
                        id(seen.port),
                        seen.startable
                                ? new StartAgain.Possible(
                                        launch(seen),
                                        new Launch.Target(
                                                new HostAndPort(seen.host, seen.port),
                                                id(seen.port).value(),
                                                Optional.empty(),
                                                Optional.empty()),
                                        List.of(),
                                        Optional.ofNullable(seen.movedTo).map(folder -> move(seen, folder)))
                                : new StartAgain.Impossible(
                                        seen.host + ":" + seen.port + " cannot be started again", "say how"));
            }
        }
        return new RestartObservation(
                new Topology(DeploymentKind.CLUSTER, shards, 10, 10, problems),
                configurations,
                starts,
                Map.of(),
                Map.of(),
                migrations,
                elections,
                NOW);
    }

    private static Launch launch(Seen seen) {
        return seen.upgradedTo == null
                ? new Launch.Manual()
                : new Launch.Exec(
                        List.of("/usr/bin/redis-server", "redis.conf"),
                        ServerVersion.parse(ServerVersion.Vendor.REDIS, seen.upgradedTo),
                        Path.of("/old"),
                        Optional.empty(),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty(),
                        true);
    }

    private static Relocation move(Seen seen, Path folder) {
        Path old = Path.of("/old");
        ServerProcess process = new ServerProcess(
                seen.port,
                1,
                Path.of("/usr/bin/redis-server"),
                false,
                old,
                false,
                new ServerProcess.Account(0, 0, List.of(), Optional.empty()),
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                new ServerProcess.Parent(1, "init", List.of(), false));
        return new Relocation(
                new HostAndPort(seen.host, seen.port),
                id(seen.port),
                process,
                old,
                folder,
                PersistentFiles.DEFAULT,
                old.resolve("redis.conf"),
                old,
                Map.of());
    }

    private Node describe(Seen seen) {
        return new Node(
                id(seen.port),
                Optional.of(new HostAndPort(seen.host, seen.port)),
                seen.port + 10_000,
                Optional.empty(),
                OptionalInt.empty(),
                seen.master == 0 ? Role.MASTER : Role.REPLICA,
                seen.master == 0 ? Optional.empty() : Optional.of(id(seen.master)),
                SlotSet.parse(seen.slots),
                seen.master == 0 ? seen.port : 0,
                Set.of(),
                List.of(),
                seen.reached ? Optional.of(state(seen)) : Optional.empty());
    }

    private NodeState state(Seen seen) {
        ServerInfo info = ServerInfo.parse(
                "# Server\r\nredis_version:" + seen.version + "\r\ncluster_enabled:1\r\nloading:0\r\n" + seen.info);
        List<Attached> attached = nodes.values().stream()
                .filter(other -> other.master == seen.port && other.linkUp && other.reached)
                .map(other -> new Attached(Optional.of(new HostAndPort(other.host, other.port)), true, other.offset, 0))
                .toList();
        return new NodeState(
                new HostAndPort(seen.host, seen.port),
                info.version(),
                seen.runId,
                new ReplicationState(
                        seen.master == 0 ? Role.MASTER : Role.REPLICA,
                        new ReplicationId(seen.history),
                        new ReplicationOffset(seen.offset),
                        Optional.empty(),
                        seen.linkUp,
                        false,
                        OptionalLong.empty(),
                        seen.master != 0,
                        attached),
                info,
                Optional.empty(),
                Optional.empty());
    }
}
