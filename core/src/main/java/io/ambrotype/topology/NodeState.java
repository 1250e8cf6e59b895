package io.ambrotype.topology;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.HostAndPort;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a node that was reached told about itself at that moment. Immutable.
 *
 * @param reachedAt the address at which it answered: where to connect to it again
 * @param version vendor and version
 * @param runId the name of its process; another one after every start
 * @param replication its role, history and links
 * @param info everything else that INFO says by default: memory, persistence, keyspace …
 * @param view the cluster as it sees it; empty for a standalone server, and where the node did not tell
 * @param withoutView why there is no view although it is a cluster node, such as that it is loading its data
 */
public record NodeState(
        HostAndPort reachedAt,
        ServerVersion version,
        String runId,
        ReplicationState replication,
        ServerInfo info,
        Optional<ClusterView> view,
        Optional<String> withoutView) {

    /** Whether it is a cluster node. */
    public boolean isCluster() {
        return info.is("cluster_enabled");
    }

    /** Whether it is still loading its data and answers little else than INFO. */
    public boolean isLoading() {
        return info.is("loading");
    }

    /** How many keys it holds, in all databases, by its own count. */
    public long keys() {
        return info.sections().getOrDefault("keyspace", Map.of()).values().stream()
                .mapToLong(database -> count(ServerInfo.parts(database).get("keys")))
                .sum();
    }

    /** How many bytes its data and buffers take ({@code used_memory}); 0 where it does not tell. */
    public long usedMemory() {
        return Math.max(0, info.number("used_memory").orElse(0));
    }

    /** Who answered where; without the rest, which is long. */
    @Override
    public String toString() {
        return version + " at " + reachedAt;
    }

    /**
     * Asks one server.
     *
     * @throws AmbrotypeException where it cannot be reached, does not answer INFO, or is a Sentinel
     */
    static NodeState read(HostAndPort address, ConnectionSettings settings) {
        try (RespConnection connection = RespConnection.open(address, settings)) {
            return read(connection);
        }
    }

    /**
     * Asks a server over a connection that stays open.
     *
     * @throws AmbrotypeException where the connection fails, INFO is not answered, or it is a Sentinel
     */
    public static NodeState read(RespConnection connection) {
        HostAndPort address = connection.address();
        ServerInfo info = ServerInfo.parse(connection.text("INFO"));
        if (SentinelReader.isSentinel(info)) {
            throw AmbrotypeException.of(ErrorCode.USAGE, address + " is a Sentinel, not a server with data")
                    .withHint("a server with data was expected at this address");
        }
        try {
            ServerVersion version = info.version();
            String runId = info.require("run_id");
            ReplicationState replication = ReplicationState.of(info);
            if (!info.is("cluster_enabled")) {
                return new NodeState(address, version, runId, replication, info, Optional.empty(), Optional.empty());
            }
            Optional<ClusterView> view = Optional.empty();
            Optional<String> withoutView = Optional.empty();
            try {
                view = Optional.of(view(connection));
            } catch (RespErrorException e) {
                withoutView = Optional.of(e.getMessage());
            }
            return new NodeState(address, version, runId, replication, info, view, withoutView);
        } catch (RespErrorException e) {
            throw e;
        } catch (AmbrotypeException e) {
            throw e.getMessage().contains(address.toString())
                    ? e
                    : AmbrotypeException.of(e.code(), address + ": " + e.getMessage())
                            .causedBy(e);
        }
    }

    private static ClusterView view(RespConnection connection) {
        byte[] nodes = connection.bytes("CLUSTER", "NODES");
        ServerInfo info = ServerInfo.parse(connection.text("CLUSTER", "INFO"));
        return new ClusterView(
                NodesConf.parseLines(nodes, "CLUSTER NODES of " + connection.address()),
                info.value("cluster_state").orElse("").equals("ok"),
                Math.max(0, info.number("cluster_current_epoch").orElse(0)));
    }

    private static long count(@Nullable String text) {
        return text != null && text.matches("[0-9]{1,18}") ? Long.parseLong(text) : 0;
    }
}
