package io.ambrotype.status;

import io.ambrotype.resp.ServerInfo;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.status.NodeStatus.AppendOnly;
import io.ambrotype.status.NodeStatus.Link;
import io.ambrotype.status.NodeStatus.Save;
import io.ambrotype.status.NodeStatus.State;
import io.ambrotype.topology.ClusterView;
import io.ambrotype.topology.DeploymentKind;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeFlag;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.ReplicationState;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How a deployment is doing at one moment. Immutable.
 *
 * @param deployment the name it was asked for by
 * @param kind how its servers belong together
 * @param at when it was looked at
 * @param healthy whether nothing is wrong: there are no problems
 * @param coveredSlots slots that have an owner
 * @param currentEpoch the highest epoch that any node has seen
 * @param nodes how many nodes there are
 * @param reachedNodes how many of them answered
 * @param shards masters with their replicas, in the order of their slots
 * @param problems what is not as it should be, the worst first
 */
public record DeploymentStatus(
        String deployment,
        DeploymentKind kind,
        Instant at,
        boolean healthy,
        int coveredSlots,
        long currentEpoch,
        int nodes,
        int reachedNodes,
        List<ShardStatus> shards,
        List<StatusProblem> problems) {
    /** Servers count the age of their process in whole seconds, and note the start as the time of their last save. */
    private static final long START_TOLERANCE_SECONDS = 2;

    /** Keeps its own lists. */
    public DeploymentStatus {
        shards = List.copyOf(shards);
        problems = List.copyOf(problems);
    }

    /** All nodes, shard by shard, each master before its replicas. */
    public List<NodeStatus> allNodes() {
        return shards.stream().flatMap(shard -> shard.nodes().stream()).toList();
    }

    /** The versions that run, each once, oldest first. */
    public List<ServerVersion> versions() {
        return allNodes().stream()
                .flatMap(node -> node.version().stream())
                .distinct()
                .sorted()
                .toList();
    }

    /**
     * Makes it from what was seen.
     *
     * @param savePoints the setting {@code save} of those nodes that tell it
     * @param at when that was
     */
    static DeploymentStatus of(String deployment, Topology topology, Map<NodeId, String> savePoints, Instant at) {
        List<ShardStatus> shards = new ArrayList<>();
        for (Shard shard : topology.shards()) {
            shards.add(new ShardStatus(
                    shards.size(),
                    shard.slots(),
                    shard.slots().size(),
                    node(shard.master(), shard, savePoints, at),
                    shard.replicas().stream()
                            .map(replica -> node(replica, shard, savePoints, at))
                            .toList()));
        }
        List<StatusProblem> problems = new StatusProblems(topology, shards).problems();
        List<Node> nodes = topology.nodes();
        return new DeploymentStatus(
                deployment,
                topology.kind(),
                at,
                problems.isEmpty(),
                topology.coveredSlots().size(),
                topology.currentEpoch(),
                nodes.size(),
                Math.toIntExact(nodes.stream().filter(Node::isReached).count()),
                shards,
                problems);
    }

    private static NodeStatus node(Node node, Shard shard, Map<NodeId, String> savePoints, Instant at) {
        Optional<NodeState> state = node.state();
        Optional<ServerInfo> info = state.map(NodeState::info);
        OptionalLong uptime = number(info, "uptime_in_seconds");
        Optional<ReplicationState> replication = state.map(NodeState::replication);
        return new NodeStatus(
                node.id(),
                node.id().shortForm(),
                node.address(),
                node.hostname(),
                node.role(),
                node.master(),
                state.map(reached -> reached.isLoading() ? State.LOADING : State.UP)
                        .orElse(State.UNREACHABLE),
                state.map(NodeState::version),
                state.map(NodeState::runId),
                uptime.isPresent() ? Optional.of(now(info, at).minusSeconds(uptime.getAsLong())) : Optional.empty(),
                uptime,
                node.flags().stream().map(NodeFlag::text).toList(),
                node.configEpoch(),
                state.flatMap(NodeState::view).map(ClusterView::stateOk),
                state.flatMap(NodeState::view)
                        .map(view -> OptionalLong.of(view.currentEpoch()))
                        .orElse(OptionalLong.empty()),
                replication.filter(_ -> node.role() == Role.REPLICA).map(seen -> link(seen, info)),
                replication.map(seen -> OptionalLong.of(seen.offset().value())).orElse(OptionalLong.empty()),
                replication
                        .filter(_ -> node.role() == Role.REPLICA)
                        .flatMap(seen -> lagBytes(seen, shard.master()))
                        .map(OptionalLong::of)
                        .orElse(OptionalLong.empty()),
                replication.map(ReplicationState::lagSeconds).orElse(OptionalLong.empty()),
                state.filter(reached -> !reached.isLoading())
                        .map(reached -> OptionalLong.of(reached.keys()))
                        .orElse(OptionalLong.empty()),
                number(info, "used_memory"),
                positive(number(info, "maxmemory")),
                number(info, "connected_clients"),
                number(info, "instantaneous_ops_per_sec"),
                info.flatMap(told -> save(told, Optional.ofNullable(savePoints.get(node.id())), at)),
                info.filter(told -> told.value("aof_enabled").isPresent()).map(DeploymentStatus::appendOnly));
    }

    private static Link link(ReplicationState replication, Optional<ServerInfo> info) {
        return new Link(
                replication.linkUp(),
                replication.syncInProgress(),
                replication.syncInProgress() ? positive(number(info, "master_sync_left_bytes")) : OptionalLong.empty(),
                replication.linkUp() ? OptionalLong.empty() : positive(number(info, "master_link_down_since_seconds")));
    }

    /** Offsets of different histories cannot be compared. */
    private static Optional<Long> lagBytes(ReplicationState replica, Node master) {
        return master.state()
                .map(NodeState::replication)
                .filter(other -> other.id().equals(replica.id()))
                .map(other ->
                        Math.max(0, other.offset().value() - replica.offset().value()));
    }

    private static Optional<Save> save(ServerInfo info, Optional<String> points, Instant at) {
        OptionalLong last = info.number("rdb_last_save_time");
        if (last.isEmpty()) {
            return Optional.empty();
        }
        Instant saved = Instant.ofEpochSecond(Math.clamp(last.getAsLong(), 0, Integer.MAX_VALUE * 4L));
        Instant now = now(Optional.of(info), at);
        Instant started = now.minusSeconds(info.number("uptime_in_seconds").orElse(0));
        boolean sinceStart = info.number("rdb_last_bgsave_time_sec").orElse(-1) >= 0
                || saved.isAfter(started.plusSeconds(START_TOLERANCE_SECONDS));
        return Optional.of(new Save(
                saved,
                Math.max(0, now.getEpochSecond() - saved.getEpochSecond()),
                sinceStart,
                info.value("rdb_last_bgsave_status").orElse("ok").equals("ok"),
                info.is("rdb_bgsave_in_progress"),
                info.number("rdb_changes_since_last_save"),
                points));
    }

    private static AppendOnly appendOnly(ServerInfo info) {
        return new AppendOnly(
                info.is("aof_enabled"),
                info.value("aof_last_write_status").orElse("ok").equals("ok")
                        && info.value("aof_last_bgrewrite_status").orElse("ok").equals("ok"),
                info.is("aof_rewrite_in_progress") || info.is("aof_rewrite_scheduled"));
    }

    /** The server's own clock where it tells it (6.2+), because its times are by that. */
    private static Instant now(Optional<ServerInfo> info, Instant at) {
        OptionalLong micros = number(info, "server_time_usec");
        return micros.isPresent() ? Instant.ofEpochSecond(micros.getAsLong() / 1_000_000) : at;
    }

    private static OptionalLong number(Optional<ServerInfo> info, String field) {
        return info.map(told -> told.number(field)).orElse(OptionalLong.empty());
    }

    private static OptionalLong positive(OptionalLong number) {
        return number.orElse(0) > 0 ? number : OptionalLong.empty();
    }
}
