package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.topology.NodeFlag;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodesConf;
import io.ambrotype.topology.NodesConfPlan;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.SlotSet;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * A lab: real servers on loopback that make up a cluster or a standalone set, with all that is theirs in one folder.
 *
 * <p>The servers outlive this JVM; the file {@code lab.json} in the folder tells later commands what was started. It is
 * there before the first server runs, so that {@link LabStop} can end whatever a start that was killed has left.
 *
 * <p>A new cluster is complete at its first moment, because every node finds a {@code nodes.conf} that names all nodes and
 * all slots; it serves about two seconds later, when its nodes have seen each other.
 *
 * <p>{@link #close} is for tests: it kills the servers and leaves the folder. Not safe for use by several threads, except
 * through the servers themselves.
 */
public final class LabCluster implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    /** For what takes as long as there are data; a server that ends meanwhile is noticed at once. */
    private static final Duration LOAD_LIMIT = Duration.ofHours(2);

    private static final Duration ROLE_LIMIT = Duration.ofSeconds(3);

    private final Path dir;
    private final ServerBinary binary;
    private final boolean cluster;
    private final LabLayout layout;
    private final List<RedisServer> servers;
    private final List<RedisServer> sentinels;

    private LabCluster(Path dir, ServerBinary binary, boolean cluster, LabLayout layout, List<RedisServer> servers) {
        this.dir = dir;
        this.binary = binary;
        this.cluster = cluster;
        this.layout = layout;
        this.servers = servers.stream().filter(server -> !server.isSentinel()).toList();
        this.sentinels = servers.stream().filter(RedisServer::isSentinel).toList();
    }

    /**
     * Makes a new lab and starts it; returns when it serves, every replica in sync.
     *
     * @throws AmbrotypeException where the folder has something in it, a port is in use (it is named), or a server does not
     *     come up; no server is left running then
     */
    public static LabCluster create(LabSpec spec) {
        return create(spec, new SecureRandom());
    }

    /** The same with node ids out of the given source. */
    public static LabCluster create(LabSpec spec, RandomGenerator ids) {
        Path dir = spec.dir();
        try {
            requireEmpty(dir);
            Files.createDirectories(
                    dir, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            try (LabLock _ = LabLock.of(dir)) {
                requireEmpty(dir);
                Ports.requireFree(spec.ports(), !spec.standalone());
                Ports.requireFree(spec.sentinelPorts(), false);
                List<RedisServer> servers = new ArrayList<>();
                for (int port : spec.ports()) {
                    Path folder = dir.resolve(Integer.toString(port));
                    servers.add(RedisServer.inFolder(spec.server(), spec.layout(), folder, port, null));
                }
                servers.addAll(LabSentinels.of(spec));
                LabCluster lab = new LabCluster(dir, spec.server(), !spec.standalone(), spec.layout(), servers);
                lab.writeState();
                lab.writeFolders(spec, ids);
                LabSentinels.write(spec, lab.sentinels, lab.addresses().getFirst());
                return attached(lab.dir, lab.binary).startStopped(StartOrder.ALL_AT_ONCE);
            }
        } catch (IOException e) {
            throw cannotWrite(dir, e);
        }
    }

    /**
     * Starts the servers of a lab that was stopped, with the data and the roles that they had.
     *
     * @param server the program to run from now on; empty for the same as before
     * @param configuration lines that are added to every node's configuration for good
     * @throws AmbrotypeException where it runs, a port is in use by somebody else, or a server does not come up; no server
     *     that this call started is left running then
     */
    public static LabCluster resume(
            Path dir, Optional<ServerBinary> server, List<String> configuration, StartOrder order) {
        Path place = dir.toAbsolutePath().normalize();
        LabState.read(place);
        try (LabLock _ = LabLock.of(place)) {
            ServerBinary binary = server.orElseGet(
                    () -> ServerBinary.detect(LabState.read(place).binary().launcher()));
            LabCluster lab = attached(place, binary);
            for (RedisServer each : lab.servers) {
                each.running().ifPresent(process -> {
                    throw lab.isRunning(each, process);
                });
            }
            lab.requireFolders();
            Ports.requireFree(ports(lab.servers), lab.cluster);
            if (!configuration.isEmpty()) {
                for (RedisServer each : lab.servers) {
                    LabConfiguration.append(each.configurationFile(), configuration);
                }
            }
            return attached(place, binary).startStopped(order);
        } catch (IOException e) {
            throw cannotWrite(place, e);
        }
    }

    /**
     * Starts those servers of a lab that do not run, masters first; returns when the lab is whole.
     *
     * @param changed whether the caller asks for other servers or another configuration than before, which is for labs
     *     that are stopped
     * @throws AmbrotypeException {@code LOCKED} where all run, or some do and {@code changed}; else as for {@link #resume}
     */
    static LabCluster complete(Path dir, boolean changed) {
        LabCluster lab = attach(dir);
        try (LabLock _ = LabLock.of(lab.dir)) {
            Optional<RedisServer> running =
                    lab.servers.stream().filter(RedisServer::isRunning).findFirst();
            List<RedisServer> stopped =
                    lab.servers.stream().filter(server -> !server.isRunning()).toList();
            if (running.isPresent() && (changed || stopped.isEmpty())) {
                throw lab.isRunning(running.get(), running.get().running().orElseThrow());
            }
            lab.requireFolders();
            Ports.requireFree(ports(stopped), lab.cluster);
            return lab.startStopped(StartOrder.MASTERS_FIRST);
        } catch (IOException e) {
            throw cannotWrite(lab.dir, e);
        }
    }

    /**
     * Makes a lab out of folders that a restore wrote, one per node with {@code ambrotype.conf} in it, and starts it.
     * The servers are held to loopback; everything else is as the restore has written it.
     *
     * @param dir the folder of these folders; files in it that are not theirs do no harm
     * @param configuration lines for every node's configuration, behind those of the restore
     * @throws AmbrotypeException where a node would listen or talk outside loopback, and as for {@link #create}
     */
    public static LabCluster adopt(Path dir, ServerBinary server, List<String> configuration, StartOrder order) {
        Path place = dir.toAbsolutePath().normalize();
        try {
            List<Path> folders = restoredFolders(place);
            if (folders.isEmpty()) {
                throw AmbrotypeException.of(
                        ErrorCode.USAGE,
                        "there are no restored nodes in " + place + ": no folder in it has a "
                                + LabConfiguration.RESTORED_FILE);
            }
            try (LabLock _ = LabLock.of(place)) {
                if (LabState.existsIn(place)) {
                    throw AmbrotypeException.of(ErrorCode.LOCKED, "there is a lab in " + place + " already");
                }
                List<RedisServer> servers = new ArrayList<>();
                boolean cluster = false;
                for (Path folder : folders) {
                    ServerConfiguration restored =
                            ServerConfiguration.read(folder.resolve(LabConfiguration.RESTORED_FILE));
                    cluster |= restored.isCluster();
                    LabConfiguration.writeAround(server, folder, configuration);
                    servers.add(RedisServer.inFolder(server, LabLayout.ABSOLUTE, folder, port(folder), null));
                }
                LabCluster lab = new LabCluster(place, server, cluster, LabLayout.ABSOLUTE, servers);
                lab.requireLoopback();
                Ports.requireFree(ports(servers), cluster);
                lab.writeState();
                return lab.startStopped(order);
            }
        } catch (IOException e) {
            throw cannotWrite(place, e);
        }
    }

    /**
     * The lab of a folder as it is, running or not; nothing is started.
     *
     * @throws AmbrotypeException where there is none, or its state cannot be read
     */
    public static LabCluster attach(Path dir) {
        Path place = dir.toAbsolutePath().normalize();
        return attached(place, LabState.read(place).binary());
    }

    private static LabCluster attached(Path dir, ServerBinary binary) {
        LabState state = LabState.read(dir);
        List<RedisServer> servers = state.nodes().stream()
                .map(node -> RedisServer.inFolder(
                        binary,
                        LabSentinels.isFolder(node.folder()) ? LabLayout.ABSOLUTE : state.startedAt(),
                        dir.resolve(node.folder()),
                        node.port(),
                        node.process()))
                .toList();
        return new LabCluster(dir, binary, state.cluster(), state.startedAt(), servers);
    }

    /** Whether the folder has nodes in it that a restore wrote and no lab yet. */
    static boolean canAdopt(Path dir) throws IOException {
        return !LabState.existsIn(dir) && !restoredFolders(dir).isEmpty();
    }

    /** The lab's folder, absolute. */
    public Path dir() {
        return dir;
    }

    /** The program that the servers run. */
    public ServerBinary binary() {
        return binary;
    }

    /** Whether the servers are a cluster. */
    public boolean isCluster() {
        return cluster;
    }

    /** All servers, in the order of the lab: of a lab that was made here the masters come first. */
    public List<RedisServer> servers() {
        return servers;
    }

    /** The server at an address. @throws java.util.NoSuchElementException where none of its servers has it */
    public RedisServer server(HostAndPort address) {
        return servers().stream()
                .filter(server -> server.address().equals(address))
                .findFirst()
                .orElseThrow();
    }

    /** The Sentinels, in the order of the lab; of most labs there are none. */
    public List<RedisServer> sentinels() {
        return sentinels;
    }

    /** The servers that say now that they are masters; those that do not answer are left out. */
    public List<RedisServer> masters() {
        return withRole(Role.MASTER);
    }

    /** The servers that say now that they are replicas. */
    public List<RedisServer> replicas() {
        return withRole(Role.REPLICA);
    }

    /** Where the servers listen, in their order; each will do as a seed. */
    public List<HostAndPort> addresses() {
        return servers.stream().map(RedisServer::address).toList();
    }

    /**
     * Waits until all servers answer and have loaded, every replica is in sync, and in a cluster every node sees it as
     * whole and has a link to every other node.
     *
     * @throws AmbrotypeException naming the server and what it lacks
     */
    public void awaitWhole(Duration limit) {
        for (RedisServer server : servers) {
            server.awaitReady(limit);
        }
        for (RedisServer server : servers) {
            if (cluster) {
                awaitCluster(server, limit, true);
            }
            server.awaitSynced(limit);
        }
    }

    /** Kills all servers of the lab that run, as {@code kill -9} does; the folder stays as it is. */
    @Override
    public void close() {
        sentinels.forEach(RedisServer::kill);
        servers.forEach(RedisServer::kill);
    }

    /** Kind, folder and version. */
    @Override
    public String toString() {
        return binary + (cluster ? " cluster" : " standalone") + " lab in " + dir;
    }

    private LabCluster startStopped(StartOrder order) throws IOException {
        List<RedisServer> stopped =
                servers.stream().filter(server -> !server.isRunning()).toList();
        try {
            switch (order) {
                case ALL_AT_ONCE -> start(stopped);
                case MASTERS_FIRST -> {
                    List<RedisServer> masters = planned(stopped, Role.MASTER);
                    start(masters);
                    for (RedisServer master : masters) {
                        master.awaitReady(LOAD_LIMIT);
                    }
                    for (RedisServer master : cluster ? masters : List.<RedisServer>of()) {
                        awaitCluster(master, START_LIMIT, false);
                    }
                    start(planned(stopped, Role.REPLICA));
                }
            }
            awaitWhole(START_LIMIT);
            start(sentinels.stream().filter(server -> !server.isRunning()).toList());
            LabSentinels.awaitWatching(sentinels, servers.size() - 1, START_LIMIT);
            return this;
        } catch (RuntimeException | IOException e) {
            sentinels.forEach(RedisServer::kill);
            stopped.forEach(RedisServer::kill);
            throw e;
        }
    }

    private void start(List<RedisServer> some) throws IOException {
        for (RedisServer server : some) {
            server.start();
        }
        writeState();
    }

    private void writeState() throws IOException {
        List<LabState.Node> nodes = Stream.concat(servers.stream(), sentinels.stream())
                .map(server -> new LabState.Node(
                        dir.relativize(server.folder()).toString(),
                        server.address().port(),
                        server.process()))
                .toList();
        LabState.of(binary, cluster, nodes, layout).write(dir);
    }

    private void writeFolders(LabSpec spec, RandomGenerator ids) throws IOException {
        List<HostAndPort> addresses = addresses();
        List<SlotSet> slots = SlotSet.split(spec.masters());
        List<NodesConfPlan.Target> targets = new ArrayList<>();
        for (int i = 0; cluster && i < addresses.size(); i++) {
            HostAndPort address = addresses.get(i);
            int busPort = address.port() + LabSpec.BUS_PORT_DISTANCE;
            NodeId id = NodeId.random(ids);
            targets.add(
                    i < spec.masters()
                            ? NodesConfPlan.Target.master(
                                    id, address.host(), address.port(), busPort, slots.get(i), i + 1)
                            : NodesConfPlan.Target.replica(
                                    id, address.host(), address.port(), busPort, targets.get(spec.masterOf(i))));
        }
        NodesConfPlan plan = NodesConfPlan.of(targets);
        for (int i = 0; i < servers.size(); i++) {
            RedisServer server = servers.get(i);
            Files.createDirectories(server.folder());
            List<String> part = List.of();
            if (cluster) {
                String nodesFile =
                        LabConfiguration.nodesFile(layout, server.address().port());
                part = LabConfiguration.clusterPart(nodesFile);
                Files.writeString(
                        server.startFolder().resolve(nodesFile),
                        plan.fileFor(targets.get(i).id()).toText());
            } else if (i > 0) {
                part = LabConfiguration.replicaPart(addresses.getFirst());
            }
            LabConfiguration.write(
                    spec.server(),
                    layout,
                    server.folder(),
                    server.address().port(),
                    spec.tls(),
                    part,
                    spec.configuration());
        }
    }

    private void awaitCluster(RedisServer server, Duration limit, boolean allLinks) {
        Gate.await(
                limit,
                () -> missingForCluster(server, allLinks),
                missing -> server.failure("has no whole cluster after " + limit.toSeconds() + " s: " + missing));
    }

    private static Optional<String> missingForCluster(RedisServer server, boolean allLinks) {
        if (!server.isRunning()) {
            throw server.failure("ended while its cluster came up");
        }
        try (RespConnection connection = server.connect()) {
            ServerInfo info = ServerInfo.parse(connection.text("CLUSTER", "INFO"));
            if (!info.require("cluster_state").equals("ok")) {
                return Optional.of("cluster_state is " + info.require("cluster_state"));
            }
            if (!allLinks) {
                return Optional.empty();
            }
            return NodesConf.parseLines(connection.bytes("CLUSTER", "NODES"), server.address() + ": CLUSTER NODES")
                    .stream()
                    .filter(line -> !line.connected()
                            || line.flags().contains(NodeFlag.FAIL)
                            || line.flags().contains(NodeFlag.PFAIL))
                    .map(line -> "it has no link to node " + line.id())
                    .findFirst();
        } catch (RespConnectionException | RespErrorException e) {
            return Optional.of(e.getMessage());
        }
    }

    private static List<RedisServer> planned(List<RedisServer> some, Role role) {
        return some.stream().filter(server -> server.plannedRole() == role).toList();
    }

    private List<RedisServer> withRole(Role role) {
        String name = role == Role.MASTER ? "master" : "slave";
        return servers.stream()
                .filter(server -> {
                    try (RespConnection connection = RespConnection.open(
                            server.address(), server.settings().withReplyTimeout(ROLE_LIMIT))) {
                        return connection.array("ROLE").getFirst().text().equals(name);
                    } catch (RespConnectionException | RespErrorException e) {
                        return false;
                    }
                })
                .toList();
    }

    private static List<Integer> ports(List<RedisServer> some) {
        return some.stream().map(server -> server.address().port()).toList();
    }

    private AmbrotypeException isRunning(RedisServer server, ServerProcess process) {
        return AmbrotypeException.of(
                        ErrorCode.LOCKED,
                        "the lab in " + dir + " is running: " + server.address() + " is process " + process.pid())
                .withHint("stop it first: ambrotype lab stop --dir " + dir);
    }

    private void requireFolders() {
        for (RedisServer each : servers) {
            if (!Files.exists(each.configurationFile())) {
                throw AmbrotypeException.of(
                                ErrorCode.CORRUPT, "the lab in " + dir + " has lost the folder " + each.folder())
                        .withHint("remove " + dir + " and start a new lab");
            }
        }
    }

    /** A drill must not meet the deployment that it was taken from. */
    private void requireLoopback() {
        Set<HostAndPort> own = new HashSet<>(addresses());
        if (own.size() < servers.size()) {
            throw AmbrotypeException.of(ErrorCode.UNSAFE, "two of the nodes in " + dir + " have the same port")
                    .withHint("restore to addresses with different ports: --nodes 127.0.0.1:7100,127.0.0.1:7101,…");
        }
        for (RedisServer server : servers) {
            List<String> hosts = new ArrayList<>();
            server.nodesConf().ifPresent(conf -> conf.lines().forEach(line -> hosts.add(line.host())));
            server.configuration().value("replicaof").ifPresent(master -> hosts.add(master.split(" ")[0]));
            hosts.stream()
                    .filter(host -> !host.isEmpty() && !isLoopback(host))
                    .findFirst()
                    .ifPresent(host -> {
                        throw AmbrotypeException.of(
                                        ErrorCode.UNSAFE,
                                        "the node in " + server.folder() + " would talk to " + host
                                                + ", which is not this machine")
                                .withHint("restore to loopback addresses: --nodes 127.0.0.1:7100,127.0.0.1:7101,…");
                    });
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return host.equals("localhost") || InetAddress.ofLiteral(host).isLoopbackAddress();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static int port(Path folder) {
        String port = ServerConfiguration.read(folder.resolve(LabConfiguration.FILE))
                .value("port")
                .orElse("6379");
        try {
            return new HostAndPort(LabConfiguration.LOOPBACK, Integer.parseInt(port)).port();
        } catch (IllegalArgumentException e) {
            throw AmbrotypeException.of(
                            ErrorCode.CORRUPT, "the configuration in " + folder + " has no valid port: " + port)
                    .causedBy(e);
        }
    }

    private static List<Path> restoredFolders(Path dir) throws IOException {
        if (!Files.isDirectory(dir)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(dir)) {
            return children.filter(child -> Files.exists(child.resolve(LabConfiguration.RESTORED_FILE)))
                    .sorted()
                    .toList();
        }
    }

    private static void requireEmpty(Path dir) throws IOException {
        if (!Files.exists(dir)) {
            return;
        }
        if (LabState.existsIn(dir)) {
            throw AmbrotypeException.of(ErrorCode.LOCKED, "there is a lab in " + dir + " already");
        }
        try (Stream<Path> children = Files.list(dir)) {
            if (children.anyMatch(child -> !child.endsWith(LabLock.FILE))) {
                throw AmbrotypeException.of(ErrorCode.USAGE, dir + " is not empty and has no lab in it")
                        .withHint("name a folder that is empty or does not exist yet: --dir DIR");
            }
        }
    }

    private static AmbrotypeException cannotWrite(Path dir, IOException e) {
        return AmbrotypeException.of(ErrorCode.FAILED, "the lab's folder " + dir + " cannot be written: " + e)
                .causedBy(e);
    }
}
