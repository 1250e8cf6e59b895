package io.ambrotype.lab;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespConnectionException;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The operation {@code lab status}.
 *
 * @param dir the lab's folder
 */
public record LabStatus(Path dir) {
    /** What is known of one server. */
    public enum State {
        /** It answers. */
        RUNNING,
        /** It answers that it is loading its data. */
        LOADING,
        /** Its process is there, but does not answer. */
        NOT_ANSWERING,
        /** There is no process of it. */
        STOPPED
    }

    /**
     * One server.
     *
     * @param address where it listens
     * @param folder its folder
     * @param state whether it runs; unless it is {@code RUNNING} or {@code LOADING}, role and id are those of its files
     * @param role what it is now; empty for a Sentinel
     * @param id its id in the cluster
     * @param pid its process
     * @param version what it runs
     * @param memoryBytes {@code used_memory}
     * @param keys keys of all its databases
     * @param clusterState {@code ok} or {@code fail}, as it sees its cluster
     * @param master whom it replicates
     * @param elsewhere the folder that it was started from, where that is not the one that the lab starts it from; seen
     *     on Linux only
     * @param sentinel whether it is a Sentinel
     */
    public record Node(
            HostAndPort address,
            Path folder,
            State state,
            Optional<Role> role,
            Optional<NodeId> id,
            OptionalLong pid,
            Optional<ServerVersion> version,
            OptionalLong memoryBytes,
            OptionalLong keys,
            Optional<String> clusterState,
            Optional<HostAndPort> master,
            Optional<Path> elsewhere,
            boolean sentinel) {}

    /**
     * The lab as it is.
     *
     * @param dir its folder
     * @param server the program that its servers run
     * @param cluster whether it is a cluster
     * @param nodes its servers, in the lab's order
     */
    public record Report(Path dir, ServerBinary server, boolean cluster, List<Node> nodes) {
        /** Keeps its own unmodifiable list. */
        public Report {
            nodes = List.copyOf(nodes);
        }

        /** How many servers run. */
        public long running() {
            return nodes.stream().filter(node -> node.state() != State.STOPPED).count();
        }

        /** Whether at least one server runs. */
        public boolean isRunning() {
            return running() > 0;
        }
    }

    /**
     * Looks at every server.
     *
     * @throws AmbrotypeException where there is no lab in the folder, or its state cannot be read
     */
    public Report run() {
        return of(LabCluster.attach(dir));
    }

    static Report of(LabCluster lab) {
        return new Report(
                lab.dir(),
                lab.binary(),
                lab.isCluster(),
                Stream.concat(lab.servers().stream(), lab.sentinels().stream())
                        .map(LabStatus::node)
                        .toList());
    }

    private static Node node(RedisServer server) {
        OptionalLong pid = server.pid();
        if (pid.isEmpty()) {
            return silent(server, State.STOPPED, pid);
        }
        try (RespConnection connection = server.connect()) {
            ServerInfo info = ServerInfo.read(connection, "default");
            if (server.isSentinel()) {
                return sentinel(server, State.RUNNING, pid, Optional.of(info.version()));
            }
            boolean replica = info.require("role").equals("slave");
            boolean cluster = info.is("cluster_enabled");
            return new Node(
                    server.address(),
                    server.folder(),
                    info.is("loading") ? State.LOADING : State.RUNNING,
                    Optional.of(replica ? Role.REPLICA : Role.MASTER),
                    cluster ? Optional.of(new NodeId(connection.text("CLUSTER", "MYID"))) : Optional.empty(),
                    pid,
                    Optional.of(info.version()),
                    info.number("used_memory"),
                    OptionalLong.of(keys(info)),
                    cluster
                            ? ServerInfo.parse(connection.text("CLUSTER", "INFO"))
                                    .value("cluster_state")
                            : Optional.empty(),
                    replica
                            ? Optional.of(new HostAndPort(
                                    info.require("master_host"),
                                    Math.toIntExact(info.number("master_port").orElseThrow())))
                            : Optional.empty(),
                    elsewhere(server, pid.getAsLong()),
                    false);
        } catch (RespConnectionException | RespErrorException e) {
            return silent(server, State.NOT_ANSWERING, pid);
        }
    }

    private static Node sentinel(RedisServer server, State state, OptionalLong pid, Optional<ServerVersion> version) {
        return new Node(
                server.address(),
                server.folder(),
                state,
                Optional.empty(),
                Optional.empty(),
                pid,
                version,
                OptionalLong.empty(),
                OptionalLong.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                true);
    }

    private static Node silent(RedisServer server, State state, OptionalLong pid) {
        if (server.isSentinel()) {
            return sentinel(server, state, pid, Optional.empty());
        }
        Optional<Role> role = Optional.empty();
        Optional<NodeId> id = Optional.empty();
        try {
            role = Optional.of(server.plannedRole());
            id = server.nodesConf().map(conf -> conf.myself().id());
        } catch (AmbrotypeException e) {
            // A folder that was lost or damaged shows as a server of which nothing is known.
        }
        return new Node(
                server.address(),
                server.folder(),
                state,
                role,
                id,
                pid,
                Optional.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                Optional.empty(),
                Optional.empty(),
                pid.isPresent() ? elsewhere(server, pid.getAsLong()) : Optional.empty(),
                false);
    }

    private static Optional<Path> elsewhere(RedisServer server, long pid) {
        try {
            Path folder = Files.readSymbolicLink(Path.of("/proc/" + pid + "/cwd"));
            return folder.equals(server.startFolder().toRealPath()) ? Optional.empty() : Optional.of(folder);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static long keys(ServerInfo info) {
        Map<String, String> databases = info.sections().getOrDefault("keyspace", Map.of());
        return databases.values().stream()
                .map(ServerInfo::parts)
                .mapToLong(parts -> Long.parseLong(parts.getOrDefault("keys", "0")))
                .sum();
    }
}
