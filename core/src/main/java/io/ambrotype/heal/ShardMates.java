package io.ambrotype.heal;

import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.resp.ConnectionSettings;
import io.ambrotype.resp.RespConnection;
import io.ambrotype.resp.RespErrorException;
import io.ambrotype.resp.RespReply;
import io.ambrotype.resp.ServerVersion;
import io.ambrotype.resp.ServerVersion.Vendor;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeId;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which nodes were told to be one shard, whoever of them is master now. From 7.2 on every node remembers for every other to
 * which shard it belongs, also for one that has failed and lost its slots ({@code CLUSTER SHARDS}); before, a failed master
 * is not remembered to have had anything to do with its successor. Immutable.
 *
 * @param groups the nodes of each shard
 */
public record ShardMates(List<Set<NodeId>> groups) {
    /** Where nobody remembers. */
    public static final ShardMates UNKNOWN = new ShardMates(List.of());

    /** Keeps its own sets. */
    public ShardMates {
        groups = groups.stream().map(Set::copyOf).toList();
    }

    /** The shard of the node, itself included; empty where nothing is known. */
    Set<NodeId> of(NodeId id) {
        return groups.stream().filter(group -> group.contains(id)).findFirst().orElse(Set.of());
    }

    /** Asks the first master that can tell. */
    static ShardMates read(Topology cluster, ConnectionSettings settings) {
        for (Node node : cluster.nodes()) {
            Optional<NodeState> state = node.state()
                    .filter(told -> remembers(told.version()))
                    .filter(told -> told.view().isPresent());
            if (state.isPresent()) {
                try (RespConnection connection = RespConnection.open(state.get().reachedAt(), settings)) {
                    return of(connection.array("CLUSTER", "SHARDS"));
                } catch (RespErrorException _) {
                    return UNKNOWN;
                } catch (AmbrotypeException _) {
                    // The next one knows as much.
                }
            }
        }
        return UNKNOWN;
    }

    private static boolean remembers(ServerVersion version) {
        return version.isAtLeast(Vendor.REDIS, 7, 2) || version.vendor() == Vendor.VALKEY;
    }

    private static ShardMates of(List<RespReply> shards) {
        List<Set<NodeId>> groups = new ArrayList<>();
        for (RespReply shard : shards) {
            Set<NodeId> group = new HashSet<>();
            for (RespReply node : field(shard, "nodes").map(RespReply::array).orElse(List.of())) {
                field(node, "id")
                        .map(RespReply::text)
                        .filter(NodeId::isValid)
                        .ifPresent(id -> group.add(new NodeId(id)));
            }
            groups.add(group);
        }
        return new ShardMates(groups);
    }

    private static Optional<RespReply> field(RespReply pairs, String name) {
        List<RespReply> elements = pairs.array();
        for (int i = 0; i + 1 < elements.size(); i += 2) {
            if (elements.get(i).text().equals(name)) {
                return Optional.of(elements.get(i + 1));
            }
        }
        return Optional.empty();
    }
}
