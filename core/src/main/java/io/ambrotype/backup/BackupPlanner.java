package io.ambrotype.backup;

import io.ambrotype.backup.BackupPlan.Candidate;
import io.ambrotype.backup.BackupPlan.ShardPlan;
import io.ambrotype.common.AmbrotypeException;
import io.ambrotype.common.ErrorCode;
import io.ambrotype.common.ReplicationId;
import io.ambrotype.topology.Node;
import io.ambrotype.topology.NodeState;
import io.ambrotype.topology.Problem;
import io.ambrotype.topology.Role;
import io.ambrotype.topology.Shard;
import io.ambrotype.topology.Topology;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Decides from what was seen whether a whole snapshot can be taken, and where each shard is read from. A pure function.
 *
 * <p>The best source is a replica: the fork, its memory and the output buffer then stay off the master. It must be
 * read-only (a writable replica holds data that its master never had), follow its master directly or through others in the
 * master's own history, have its link up, and not be loading; of several, the one with the least lag. The master is the
 * last resort, and always possible.
 */
final class BackupPlanner {
    private BackupPlanner() {}

    /**
     * The plan.
     *
     * @throws AmbrotypeException {@link ErrorCode#UNSAFE} where a snapshot could not be whole, saying all reasons
     */
    static BackupPlan plan(String deployment, Topology seen) {
        List<String> reasons = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        Topology topology = capturable(seen);
        for (Problem problem : seen.problems()) {
            (preventsWholeSnapshot(problem, topology) ? reasons : warnings).add(problem.sentence());
        }
        seen.shards().stream()
                .filter(shard -> !isCapturable(shard))
                .forEach(shard -> warnings.add("master " + shard.master().name()
                        + " owns no slots and did not answer; it is not part of the snapshot"));
        if (topology.shards().isEmpty()) {
            reasons.add("it has no master");
        }
        for (Shard shard : topology.shards()) {
            if (!shard.master().isReached()
                    && reasons.stream()
                            .noneMatch(reason -> reason.contains(shard.master().name()))) {
                reasons.add("master " + shard.master().name() + " did not answer");
            }
        }
        if (!reasons.isEmpty()) {
            throw AmbrotypeException.of(
                            ErrorCode.UNSAFE,
                            "a snapshot of " + deployment + " would not be whole: " + String.join("; ", reasons))
                    .withHint(hint(topology));
        }
        List<ShardPlan> shards = new ArrayList<>();
        for (int index = 0; index < topology.shards().size(); index++) {
            ShardPlan shard = shard(index, topology.shards().get(index));
            shards.add(shard);
            if (!shard.master().slots().isEmpty() && shard.source().node().role() == Role.MASTER) {
                warnings.add("shard " + index + " is read from its master "
                        + shard.master().name() + ", which has to fork for it"
                        + (shard.passedOver().isEmpty() ? ": it has no replica" : ""));
            }
            warnings.addAll(shard.passedOver());
        }
        return new BackupPlan(deployment, topology, shards, warnings);
    }

    /** Without the masters that hold nothing and are dead, such as one whose replica took over: nothing is lost by it. */
    static Topology capturable(Topology seen) {
        return new Topology(
                seen.kind(),
                seen.shards().stream().filter(BackupPlanner::isCapturable).toList(),
                seen.currentEpoch(),
                seen.lastVoteEpoch(),
                seen.sentinels(),
                seen.problems());
    }

    private static boolean isCapturable(Shard shard) {
        return shard.master().isReached() || !shard.slots().isEmpty();
    }

    /** The problems for which a snapshot would be refused. */
    static List<Problem> whatPreventsWholeSnapshot(Topology topology) {
        return topology.problems().stream()
                .filter(problem -> preventsWholeSnapshot(problem, topology))
                .toList();
    }

    /** Whether the node that a shard was read from is still a member of that shard, and one that can be written down. */
    static boolean isSourceIn(ShardPlan captured, Candidate source, Topology now) {
        return now.shardOf(source.node().id())
                        .filter(shard ->
                                shard.master().id().equals(captured.master().id()))
                        .isPresent()
                && now.node(source.node().id()).flatMap(Node::address).isPresent();
    }

    private static boolean preventsWholeSnapshot(Problem problem, Topology topology) {
        return switch (problem.kind()) {
            case UNCOVERED_SLOTS,
                    OPEN_SLOTS,
                    VIEWS_DISAGREE,
                    CLUSTER_DOWN,
                    MASTER_FAILING,
                    STRANGER_AT_ADDRESS,
                    SAME_ID_TWICE,
                    SENTINEL_FAILOVER -> true;
            case NODE_UNREACHABLE, NODE_WITHOUT_VIEW, NODE_LOADING, NODE_WITHOUT_ADDRESS ->
                problem.nodes().stream()
                        .map(topology::node)
                        .flatMap(Optional::stream)
                        .anyMatch(node -> node.role() == Role.MASTER);
            case EPOCH_COLLISION,
                    REPLICA_FAILING,
                    BUS_LINK_DOWN,
                    HANDSHAKE,
                    ORPHAN_REPLICA,
                    SEED_UNREACHABLE,
                    REPLICA_LINK_DOWN,
                    REPLICATION_ID_DIFFERS,
                    WRITABLE_REPLICA,
                    UNKNOWN_REPLICA,
                    SENTINEL_UNREACHABLE,
                    SENTINEL_DISAGREES,
                    SENTINELS_WITHOUT_QUORUM -> false;
        };
    }

    private static String hint(Topology topology) {
        if (!topology.problems(Problem.Kind.OPEN_SLOTS).isEmpty()) {
            return "let the slot migration finish, or close the slots with redis-cli --cluster fix";
        }
        return switch (topology.kind()) {
            case CLUSTER -> "bring the cluster back to cluster_state:ok with every master reachable, then try again";
            case STANDALONE -> "bring the master back, then try again";
        };
    }

    private static ShardPlan shard(int index, Shard shard) {
        NodeState masterState = shard.master().state().orElseThrow();
        List<Candidate> replicas = new ArrayList<>();
        List<String> passedOver = new ArrayList<>();
        for (Node replica : shard.replicas()) {
            Optional<String> objection = objection(replica, masterState);
            if (objection.isPresent()) {
                passedOver.add("replica " + replica.name() + " is no source: " + objection.get());
            } else {
                replicas.add(candidate(replica, masterState));
            }
        }
        replicas.sort(Comparator.comparingLong(Candidate::lag)
                .thenComparing(candidate -> candidate.address().toString()));
        replicas.add(candidate(shard.master(), masterState));
        return new ShardPlan(index, shard.master(), shard.slots(), replicas, passedOver);
    }

    private static Candidate candidate(Node node, NodeState masterState) {
        NodeState state = node.state().orElseThrow();
        long lag = node.role() == Role.MASTER
                ? 0
                : Math.max(
                        0,
                        masterState.replication().offset().value()
                                - state.replication().offset().value());
        return new Candidate(
                node,
                node.connectAddress(),
                state.version(),
                state.replication().id(),
                lag,
                state.keys(),
                state.usedMemory());
    }

    private static Optional<String> objection(Node replica, NodeState masterState) {
        Optional<NodeState> told = replica.state();
        if (told.isEmpty()) {
            return Optional.of("it did not answer");
        }
        NodeState state = told.get();
        if (state.replication().role() != Role.REPLICA) {
            return Optional.of("it says that it is a master");
        }
        if (state.isLoading()) {
            return Optional.of("it is loading its data");
        }
        if (!state.replication().linkUp()) {
            return Optional.of("its link to its master is down");
        }
        if (!state.replication().readOnly()) {
            return Optional.of("it takes writes of its own");
        }
        if (!state.replication().id().equals(masterState.replication().id())) {
            return Optional.of("its data belong to another replication history than its master's");
        }
        return Optional.empty();
    }

    /**
     * Why a shard that was captured is no longer what it was captured as; empty where it still is. Its master, slots and
     * epoch must be the same, and the dump's history must still be the master's.
     */
    static Optional<String> objection(ShardPlan captured, ReplicationId history, Topology now) {
        Optional<Shard> found = now.shards().stream()
                .filter(shard -> shard.master().id().equals(captured.master().id()))
                .findFirst();
        String name = "shard " + captured.index();
        if (found.isEmpty()) {
            return Optional.of(captured.master().name() + " is no longer the master of " + name);
        }
        Node master = found.get().master();
        if (master.state().isEmpty()) {
            return Optional.of("master " + master.name() + " does not answer any more");
        }
        if (!master.slots().equals(captured.slots())) {
            return Optional.of("the slots of " + master.name() + " changed");
        }
        if (master.configEpoch() != captured.master().configEpoch()) {
            return Optional.of("the epoch of " + master.name() + " changed from "
                    + captured.master().configEpoch() + " to " + master.configEpoch());
        }
        if (!master.state().get().replication().id().equals(history)) {
            return Optional.of("the replication history of " + master.name() + " changed");
        }
        return Optional.empty();
    }
}
