package io.ambrotype.doctor;

import io.ambrotype.common.HostAndPort;
import io.ambrotype.common.ReplicationId;
import io.ambrotype.common.ReplicationOffset;
import io.ambrotype.common.Secret;
import io.ambrotype.doctor.HostView.KernelView;
import io.ambrotype.doctor.HostView.Seen;
import io.ambrotype.doctor.HostView.Stray;
import io.ambrotype.host.PersistentFiles;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.topology.ClusterView;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeConfiguration;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.ReplicationState;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.SlotSet;
import io.ambrotype.topology.Topology;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * A deployment to be examined without a server: three masters with a replica each on three hosts, in the best of health,
 * until a test changes something. Node 0 to 2 are masters; node 3 follows 0 and lives beside 1, and so on.
 */
final class Patient {
    static final Instant AT = Instant.parse("2026-11-22T15:53:28Z");
    private static final ReplicationId HISTORY = new ReplicationId("a".repeat(40));

    final List<Member> members = new ArrayList<>();
    final List<Problem> problems = new ArrayList<>();
    final List<Stray> strays = new ArrayList<>();
    boolean withPassword = true;

    Patient() {
        for (int i = 0; i < 6; i++) {
            members.add(new Member(i));
        }
    }

    Member member(int index) {
        return members.get(index);
    }

    Patient all(Consumer<Member> change) {
        members.forEach(change);
        return this;
    }

    Examination examination() {
        List<SlotSet> slots = SlotSet.split(3);
        List<Shard> shards = new ArrayList<>();
        Map<NodeId, Member> byId = new HashMap<>();
        List<Node> masters = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            masters.add(members.get(i).node(Optional.empty(), slots.get(i)));
        }
        for (int i = 0; i < 3; i++) {
            List<Node> replicas = new ArrayList<>();
            for (Member member : members) {
                if (member.index >= 3 && member.masterIndex == i) {
                    replicas.add(member.node(Optional.of(masters.get(i).id()), SlotSet.NONE));
                }
            }
            shards.add(new Shard(masters.get(i), replicas));
        }
        Topology topology = new Topology(DeploymentKind.CLUSTER, shards, 3, 3, problems);
        members.forEach(member -> byId.put(member.id(), member));
        return new Examination(
                "shop",
                AT,
                withPassword,
                topology,
                topology.nodes().stream()
                        .map(node -> Objects.requireNonNull(byId.get(node.id())).examination(node))
                        .toList(),
                strays);
    }

    Diagnosis diagnosis() {
        return Doctor.diagnose(examination());
    }

    /** One node, to be changed at will before it is examined. */
    static final class Member {
        final int index;
        int masterIndex;
        String host;
        int port;
        boolean reached = true;
        boolean linkUp = true;
        ServerVersion version = ServerVersion.parse(Vendor.REDIS, "7.0.15");
        final Map<String, String> info = new HashMap<>();
        final Map<String, String> keyspace = new HashMap<>();
        final SortedMap<String, String> settings = new TreeMap<>();
        Optional<String> unavailable = Optional.empty();
        Optional<Passwords> passwords = Optional.of(new Passwords(
                Optional.of(Secret.of("s3cret-one")), Optional.of(Secret.of("s3cret-one")), Optional.empty()));
        OptionalLong writeRate = OptionalLong.of(1000);
        final SortedMap<Integer, Long> foreignKeys = new TreeMap<>();
        Optional<String> unseen = Optional.empty();
        boolean container;
        boolean folderRemoved;
        Optional<String> fileFault = Optional.empty();
        boolean absoluteDir = true;
        String savePoints = "900 1";
        final Map<String, String> fileSettings = new HashMap<>();
        final Set<String> fileSecrets = new TreeSet<>(Set.of("requirepass", "masterauth"));
        Optional<String> nodesConfFault = Optional.empty();
        Optional<PersistentFiles> files = Optional.empty();
        Path folder;
        Path configuration;
        final List<Path> startFolders = new ArrayList<>();
        Optional<ClusterView> view = Optional.empty();
        final List<Path> appendOnlyFiles = new ArrayList<>();
        OptionalLong freeBytes = OptionalLong.of(100L << 30);
        Optional<KernelView> kernel = Optional.of(new KernelView(OptionalLong.of(1), Optional.of("madvise")));

        Member(int index) {
            this.index = index;
            this.masterIndex = index % 3;
            this.host = "10.0.0." + (index < 3 ? index : (index + 1) % 3);
            this.port = 7000 + index;
            this.folder = Path.of("/var/lib/redis/" + port);
            this.configuration = Path.of("/etc/redis/" + port + ".conf");
            info.put("config_file", "/etc/redis/" + port + ".conf");
            info.put("uptime_in_seconds", "1000");
            info.put("master_repl_offset", "100000");
            info.put("used_memory", Long.toString(1L << 30));
            info.put("total_system_memory", Long.toString(16L << 30));
            info.put("aof_enabled", "0");
            info.put("rdb_last_bgsave_status", "ok");
            info.put("aof_last_write_status", "ok");
            info.put("aof_last_bgrewrite_status", "ok");
            settings.putAll(Map.of(
                    "save", "900 1",
                    "appendonly", "no",
                    "dir", "/var/lib/redis/" + port,
                    "dbfilename", "dump.rdb",
                    "maxmemory", Long.toString(2L << 30),
                    "stop-writes-on-bgsave-error", "yes",
                    "cluster-node-timeout", "15000",
                    "cluster-require-full-coverage", "no",
                    "repl-backlog-size", Long.toString(64L << 20)));
            settings.put("cluster-allow-replica-migration", "yes");
            settings.put("cluster-migration-barrier", "1");
            fileSettings.put("maxmemory", "2gb");
        }

        NodeId id() {
            return NodeId.ofAddress(address());
        }

        String name() {
            return address().toString();
        }

        private HostAndPort address() {
            return new HostAndPort("node" + index, port);
        }

        private Node node(Optional<NodeId> master, SlotSet slots) {
            Role role = master.isPresent() ? Role.REPLICA : Role.MASTER;
            return new Node(
                    id(),
                    Optional.of(new HostAndPort(host, port)),
                    port + 10_000,
                    Optional.empty(),
                    OptionalInt.empty(),
                    role,
                    master,
                    slots,
                    index + 1,
                    Set.of(),
                    List.of(),
                    reached ? Optional.of(state(role)) : Optional.empty());
        }

        private NodeState state(Role role) {
            ReplicationState replication = new ReplicationState(
                    role,
                    HISTORY,
                    new ReplicationOffset(100_000),
                    Optional.empty(),
                    linkUp,
                    false,
                    OptionalLong.empty(),
                    role == Role.REPLICA,
                    List.of());
            return new NodeState(
                    new HostAndPort(host, port),
                    version,
                    "run" + index,
                    replication,
                    new ServerInfo(Map.of("all", info, "keyspace", keyspace)),
                    view,
                    Optional.empty());
        }

        private NodeExamination examination(Node node) {
            return new NodeExamination(
                    node,
                    new NodeConfiguration(
                            unavailable.isPresent() ? new TreeMap<>() : settings,
                            new TreeSet<>(passwords.isPresent() ? Set.of("requirepass", "masterauth") : Set.of()),
                            Optional.empty(),
                            unavailable),
                    passwords,
                    writeRate,
                    Optional.of(foreignKeys),
                    unseen.<HostView>map(HostView.Unseen::new).orElseGet(this::seen));
        }

        private Seen seen() {
            return new Seen(
                    "process " + index,
                    container,
                    folder,
                    folderRemoved,
                    Optional.of(
                            fileFault.isPresent()
                                    ? FileView.faulty(configuration, fileFault.get())
                                    : new FileView(
                                            configuration,
                                            Optional.empty(),
                                            Optional.of(absoluteDir ? folder.toString() : "./"),
                                            absoluteDir,
                                            savePoints,
                                            fileSettings,
                                            fileSecrets)),
                    files,
                    nodesConfFault,
                    appendOnlyFiles,
                    startFolders,
                    freeBytes,
                    kernel);
        }
    }
}
