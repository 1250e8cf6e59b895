package io.ambrotype.topology;

import io.ambrotype.topology.Problem.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is wrong with a node by its own words, in a cluster or not. */
final class NodeProblems {
    private NodeProblems() {}

    /** For people: role and name; a master without slots is told apart, because nothing depends on it. */
    static String title(Node node) {
        return switch (node.role()) {
            case MASTER -> "master " + node.name() + (node.slots().isEmpty() ? " (without slots)" : "");
            case REPLICA -> "replica " + node.name();
        };
    }

    static List<Problem> ofState(NodeId id, String name, NodeState state) {
        List<Problem> problems = new ArrayList<>();
        ReplicationState replication = state.replication();
        if (state.isLoading()) {
            problems.add(Problem.of(Kind.NODE_LOADING, id, name + " is loading its data"));
        }
        if (replication.role() == Role.REPLICA && !replication.linkUp()) {
            problems.add(Problem.of(
                    Kind.REPLICA_LINK_DOWN,
                    id,
                    replication.syncInProgress()
                            ? "replica " + name + " is receiving its first data"
                            : "the link of replica " + name + " to its master is down"));
        }
        if (replication.role() == Role.REPLICA && !replication.readOnly()) {
            problems.add(Problem.of(
                    Kind.WRITABLE_REPLICA, id, "replica " + name + " takes writes of its own (replica-read-only no)"));
        }
        return problems;
    }

    /** Whether a replica that is in step has another history than its master. */
    static Optional<Problem> ofHistory(NodeId id, String name, NodeState state, Optional<NodeState> master) {
        return master.filter(_ -> state.replication().role() == Role.REPLICA
                        && state.replication().linkUp())
                .filter(other ->
                        !other.replication().id().equals(state.replication().id()))
                .map(other -> Problem.of(
                        Kind.REPLICATION_ID_DIFFERS,
                        id,
                        "replica " + name + " has the replication id "
                                + state.replication().id() + ", its master "
                                + other.replication().id()));
    }
}
