package io.ambrotype.status;

import io.ambrotype.topology.Problem;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** What is wrong with a deployment as it was seen, the worst first, and what each kind means. */
final class StatusProblems {
    /** A replica hears of its master every ten seconds at least ({@code repl-ping-replica-period}). */
    private static final long NOTABLE_LAG_SECONDS = 30;

    private static final String SAVE_FAILED = "save-failed";
    private static final String AOF_FAILED = "aof-failed";
    private static final String MEMORY_FULL = "memory-full";
    private static final String REPLICA_LAGS = "replica-lags";

    private final Topology topology;
    private final List<ShardStatus> shards;

    StatusProblems(Topology topology, List<ShardStatus> shards) {
        this.topology = topology;
        this.shards = shards;
    }

    List<StatusProblem> problems() {
        List<StatusProblem> problems = new ArrayList<>();
        for (Problem.Kind kind : Problem.Kind.values()) {
            for (Problem problem : topology.problems(kind)) {
                problems.add(
                        new StatusProblem(word(kind), List.copyOf(problem.nodes()), problem.sentence(), meaning(kind)));
            }
        }
        own(
                        SAVE_FAILED,
                        node -> node.save()
                                .filter(save -> !save.ok())
                                .map(_ -> "the last background save of " + node.name() + " failed"),
                        "what it has in memory is newer than its dump.rdb; its log says why: mostly no space, no permission,"
                                + " or no memory for the fork")
                .forEach(problems::add);
        own(
                        AOF_FAILED,
                        node -> node.appendOnly()
                                .filter(aof -> aof.enabled() && !aof.ok())
                                .map(_ -> "the last write or rewrite of the append-only file of " + node.name()
                                        + " failed"),
                        "what it acknowledges may not reach its disk; its log says why")
                .forEach(problems::add);
        own(MEMORY_FULL, StatusProblems::memory, "writes are refused, or keys evicted, when maxmemory is reached")
                .forEach(problems::add);
        own(REPLICA_LAGS, StatusProblems::lag, "a failover to it now would lose what it has not received")
                .forEach(problems::add);
        return problems;
    }

    private Stream<StatusProblem> own(String kind, Function<NodeStatus, Optional<String>> sentence, String meaning) {
        return shards.stream()
                .flatMap(shard -> shard.nodes().stream())
                .flatMap(node ->
                        sentence
                                .apply(node)
                                .map(said -> new StatusProblem(kind, List.of(node.id()), said, meaning))
                                .stream());
    }

    private static Optional<String> memory(NodeStatus node) {
        if (node.maxMemory().isEmpty() || node.usedMemory().isEmpty()) {
            return Optional.empty();
        }
        long percent =
                node.usedMemory().getAsLong() / Math.max(1, node.maxMemory().getAsLong() / 100);
        return percent >= 90 ? Optional.of(node.name() + " uses " + percent + " % of its maxmemory") : Optional.empty();
    }

    private static Optional<String> lag(NodeStatus node) {
        return node.link().filter(NodeStatus.Link::up).isPresent()
                        && node.lagSeconds().orElse(0) > NOTABLE_LAG_SECONDS
                ? Optional.of("replica " + node.name() + " has not heard of its master for "
                        + node.lagSeconds().getAsLong() + " s")
                : Optional.empty();
    }

    private static String word(Problem.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String meaning(Problem.Kind kind) {
        return switch (kind) {
            case UNCOVERED_SLOTS ->
                "keys in these slots can be neither read nor written; with cluster-require-full-coverage yes nothing"
                        + " can: start the node that had them, or have its replica take over";
            case OPEN_SLOTS ->
                "a move of slots is under way or was broken off; keys of these slots may be on either node: let it"
                        + " end, or mend it with redis-cli --cluster fix";
            case VIEWS_DISAGREE ->
                "clients are told different things by different nodes; a moment after a change that is usual, if it"
                        + " lasts, a node is cut off or has lost its nodes.conf";
            case EPOCH_COLLISION ->
                "if both ever claim the same slot, chance decides; the nodes settle it by themselves as soon as they"
                        + " reach each other";
            case CLUSTER_DOWN ->
                "these nodes refuse commands with CLUSTERDOWN until every slot is served and a majority"
                        + " of the masters is reached";
            case MASTER_FAILING -> "its slots are not served until it is back or a replica of it is promoted";
            case REPLICA_FAILING -> "its shard has one copy less; data are served as before";
            case BUS_LINK_DOWN ->
                "votes and failure reports between them are lost: look for a firewall on the bus port (port + 10000),"
                        + " or a node that has just started";
            case HANDSHAKE -> "a node is being introduced; if it lasts, nobody answers at that address";
            case ORPHAN_REPLICA -> "it belongs to no shard; its data are served by nobody";
            case NODE_UNREACHABLE -> "what is shown of it is what the others say; start it, or look at the way to it";
            case NODE_WITHOUT_ADDRESS ->
                "it lost its nodes.conf or was given another address: the others remember an id that is gone, and its slots"
                        + " are served by nobody even where the cluster state is ok; ambrotype doctor looks for its files,"
                        + " ambrotype heal mends it";
            case NODE_WITHOUT_VIEW -> "what it thinks of the cluster could not be compared with the others";
            case NODE_LOADING -> "it answers when it has read its data; a failover before that takes its slots away";
            case STRANGER_AT_ADDRESS ->
                "the member that was there came back without its nodes.conf, under a new id and mostly without data:"
                        + " nothing should be written to it; ambrotype heal mends that";
            case SAME_ID_TWICE -> "one of them was started from a copy of the other's files; stop the copy";
            case SEED_UNREACHABLE -> "the deployment was found by the other addresses; correct this one";
            case REPLICA_LINK_DOWN ->
                "its data grow old, and its master has one copy less; if it lasts, compare masterauth, the network and"
                        + " the logs of both";
            case REPLICATION_ID_DIFFERS -> "it is about to synchronize with its master, or follows another history";
            case WRITABLE_REPLICA -> "what is written there is nowhere else and gone after its next synchronization";
            case UNKNOWN_REPLICA -> "a tool that reads the replication stream, or a replica behind another address";
            case SENTINEL_UNREACHABLE -> "the fewer Sentinels answer, the sooner there is no majority for a failover";
            case SENTINEL_DISAGREES ->
                "clients that ask it are sent to the wrong server; it lasts a moment after a failover, if it stays:"
                        + " SENTINEL RESET, or start it again with the right master";
            case SENTINELS_WITHOUT_QUORUM -> "nobody is promoted when the master fails: start the missing Sentinels";
            case SENTINEL_FAILOVER -> "the master is about to change; wait until it has ended";
        };
    }
}
